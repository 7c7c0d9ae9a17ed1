"""A pipeline of a real small runbook, run by the worker's own functions as they are wired together."""

import pytest

from orch_app import wiring
from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs.observers import observe_ends
from orch_app.domains.jobs.run import run_job
from orch_app.domains.pipelines.advance import ADVANCE_TASK, ring
from orch_app.kit.queue import install_bell
from tasks.pipelines import advance
from tests.domains.jobs.trials import Trials
from tests.domains.pipelines.chains import asked_for, defined, jobs_of, rows, statuses, step, write_say

pytestmark = pytest.mark.integration
FAIL = """
    - name: Refuse
      ansible.builtin.fail:
        msg: "not today"
"""


@pytest.fixture
def queue() -> list[str]:
    """The ids of jobs that wait for a worker; runs go on as soon as they are rung for."""
    waiting: list[str] = []

    def bell(name: str, payload: dict[str, str]) -> None:
        if name == ADVANCE_TASK:
            advance(payload["run_id"])
        else:
            waiting.append(payload["job_id"])

    install_bell(bell, lambda: True)
    observe_ends(ring)
    return waiting


def work(queue: list[str]) -> None:
    """Run what waits, in order, until nothing does."""
    while queue:
        run_job(queue.pop(0))


def test_a_value_goes_through_three_real_plays_and_a_failure_is_caught(
    owner: Actor, trials: Trials, queue: list[str]
) -> None:
    write_say(trials, "fail", FAIL)
    pipeline = defined(
        step("first", inputs={"text": "${inputs.who}"}),
        step("second", "first", inputs={"text": "<${steps.first.output.names.0.name}>"}),
        step("broken", "first", runbook="fail"),
        step("rescue", "broken:failure", "second", inputs={"text": "after ${steps.second.output.said}"}),
        step("never", "broken"),
        inputs={"who": {"type": "string"}},
    )
    run_id = asked_for(owner, pipeline, {"who": "Ann ${x} {{ 7 * 7 }}"})
    work(queue)
    assert statuses(run_id) == {
        "run": "SUCCESS",
        "first": "SUCCESS",
        "second": "SUCCESS",
        "broken": "ERROR",
        "rescue": "SUCCESS",
        "never": "SKIPPED",
    }
    found = rows(run_id)
    assert (found["rescue"].output or {})["said"] == "after <Ann ${x} {{ 7 * 7 }}-0>"
    assert found["broken"].reason == "task_failed"
    assert len(jobs_of(run_id)) == 4


def test_both_processes_ring_for_runs_and_watch_the_ends_of_jobs() -> None:
    assert wiring.TASKS[ADVANCE_TASK] is advance


def test_an_advance_that_fails_does_not_harm_whoever_rang(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("orch_app.domains.pipelines.advance.unit_of_work", broken)
    advance("plr_1")
