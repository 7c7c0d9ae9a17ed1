"""`./orch worker drain` and `resume`: which workers are told, and what is answered."""

import json

import pytest
from sqlmodel import select
from typer.testing import CliRunner, Result

from orch_app.cli import app
from orch_app.domains.jobs.models import Worker
from orch_app.kit.db import now_ms, reading, unit_of_work
from tests.domains.jobs.rows import add_worker
from tests.systems.people import audited


@pytest.fixture(autouse=True)
def _two_workers(database: str) -> None:
    with unit_of_work() as session:
        for name in ("one", "two"):
            add_worker(session, name, heartbeat=now_ms(), state="drained")
        add_worker(session, "gone", heartbeat=0)


def orch(*words: str) -> Result:
    return CliRunner().invoke(app, ["worker", *words])


def wanted() -> dict[str, str]:
    with reading() as session:
        return dict(session.exec(select(Worker.name, Worker.wanted)).all())


def test_one_is_drained_by_its_name_and_resumed_by_its_id() -> None:
    drained = orch("drain", "one", "--json")
    (facts,) = json.loads(drained.stdout)
    assert (drained.exit_code, facts["name"], facts["wanted"], facts["jobs"]) == (0, "one", "drain", [])
    assert wanted() == {"one": "drain", "two": "run", "gone": "run"}
    assert orch("resume", facts["id"]).exit_code == 0
    assert wanted()["one"] == "run"
    assert [entry.actor_name for entry in audited("worker.drained")] == ["command line"]


def test_all_that_live_are_drained_and_waited_for() -> None:
    done = orch("drain", "--all", "--wait", "30")
    assert done.exit_code == 0
    assert [line.split()[:3] for line in done.stdout.splitlines()] == [
        ["one", "wanted", "drain"],
        ["two", "wanted", "drain"],
    ]
    assert wanted() == {"one": "drain", "two": "drain", "gone": "run"}


def test_a_worker_that_does_not_finish_in_time_is_exit_code_1() -> None:
    with unit_of_work() as session:
        add_worker(session, "busy", heartbeat=now_ms(), state="draining")
    assert orch("drain", "busy", "--wait", "0.3").exit_code == 1
    assert orch("drain", "busy").exit_code == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["drain"], "Name one worker, or say --all"),
        (["drain", "one", "--all"], "Name one worker, or say --all"),
        (["drain", "gone"], "no living worker gone; there are: one, two."),
        (["resume", "nobody"], "no living worker nobody"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(words: list[str], sentence: str) -> None:
    refused = orch(*words)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert sentence in refused.stderr
    assert set(wanted().values()) == {"run"}
