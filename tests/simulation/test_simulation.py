"""Thousands of stories of claim, lease, fence, sweep, locks, schedules and approval: no invariant is ever broken."""

import json

import pytest

from tests.simulation.__main__ import main
from tests.simulation.runner import run_many, run_one, simulated

SEEDS = 20_000
PARTS = 40
RARE = (61, 234, 573)  # a worker leaves what will not end; a yes comes too late; a yes of whoever asked


@pytest.mark.parametrize("part", range(PARTS))
def test_no_interleaving_breaks_an_invariant(part: int) -> None:
    each = SEEDS // PARTS
    tally = run_many(1 + part * each, each)
    assert [(failure.seed, failure.sentence) for failure in tally.failures] == []
    assert tally.runs == each


def test_a_seed_is_the_same_story_every_time_whatever_ran_before_it() -> None:
    with simulated() as store:
        store.forget_templates()
        first = {seed: run_one(store, seed)[0].trace for seed in range(1, 41)}
        second = {seed: run_one(store, seed)[0].trace for seed in range(40, 0, -1)}
    assert first == second


def test_the_stories_hold_what_they_are_for() -> None:
    with simulated() as store:
        told = "\n".join(line for seed in (*range(1, 201), *RARE) for line in run_one(store, seed)[0].trace)
    for fault in (
        "killed before the commit",
        "killed right after the commit",
        "the connection breaks before the commit is acknowledged",
        "is lost",
        "rings twice",
        "comes late",
        "stands still",
        "the database's clock jumps",
        "is wrong by",
        "the database is away",
        "is told to stop",
        "cancels",
        ": approve job_",
        ": deny job_",
        "refused: Whoever asked for it cannot approve it",
        "refused: The time for this decision is over",
        "cannot be approved any more. The runbook changed",
        "job.claim_lost",
        "job.left_running",
        "sweep.settled",
    ):
        assert fault in told


def test_the_command_replays_a_seed_and_says_that_it_held(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "11"]) == 0
    assert "seed 11: every invariant held" in capsys.readouterr().out
    assert main(["--seed", "11", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["seed"], answer["failure"], bool(answer["story"])) == (11, None, True)


def test_the_command_counts_what_it_ran(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "20", "--seed", "7", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["runs"], answer["failed"]) == (20, 0)
