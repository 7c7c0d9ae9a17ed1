"""Why a job waits, who holds what it needs, and when it will be done: told truly at every moment."""

from datetime import timedelta
from typing import Any

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.outlook import Obstacle, Outlook, Waiting, look_ahead
from orch_app.domains.jobs.states import Status
from orch_app.kit.clock import now
from orch_app.kit.db import now_ms, reading, unit_of_work
from tests.domains.jobs.rows import add_job, add_worker
from tests.domains.jobs.rules import CHECKS, asked, declare, finish, fresh, start, taken

pytestmark = pytest.mark.usefixtures("catalogue")
LOCKS = ["host:{{targets.host}}"]
TEN = timedelta(minutes=10)


def outlook(actor: Actor, job: Job) -> Outlook:
    with reading() as session:
        return look_ahead(session, actor, fresh(job))


def waiting(actor: Actor, job: Job) -> Waiting:
    found = outlook(actor, job).waiting
    assert found is not None
    return found


def earlier_run_of_ten_minutes() -> None:
    begin = now() - timedelta(days=1)
    add_job(900, runbook_name=CHECKS, status="SUCCESS", started_at=begin, finished_at=begin + TEN)


def test_a_job_that_could_start_waits_for_a_worker(operator: Actor) -> None:
    declare()
    job = asked(operator)
    assert waiting(operator, job) == Waiting(1, "no_worker")
    with unit_of_work() as session:
        worker = add_worker(session, "w1", slots=1, heartbeat=now_ms())
    assert waiting(operator, job).reason == "next"
    with unit_of_work() as session:
        worker.busy = 1
        session.merge(worker)
    assert waiting(operator, job).reason == "busy"


def test_it_is_told_who_holds_the_lock(operator: Actor) -> None:
    declare(locks=LOCKS)
    holder = asked(operator, "a")
    held = taken()
    job = asked(operator, "a", "b")
    found = outlook(operator, job)
    assert found.waiting == Waiting(1, "lock", [Obstacle("host:a", "lock", holder.id, holder.number, is_held=True)])
    assert [(lock.name, lock.number) for lock in found.locks] == [("host:a", holder.number), ("host:b", None)]
    finish(held)
    assert waiting(operator, job).reason == "no_worker"
    assert [lock.number for lock in outlook(operator, holder).locks] == [None]


def test_it_is_told_who_comes_first_for_a_free_lock(operator: Actor) -> None:
    declare(locks=LOCKS)
    asked(operator, "a")
    taken()
    ahead, job = asked(operator, "a", "b"), asked(operator, "b")
    found = waiting(operator, job)
    assert found == Waiting(2, "behind", [Obstacle("host:b", "lock", ahead.id, ahead.number, is_held=False)])


def test_it_is_told_who_fills_the_limit(operator: Actor) -> None:
    declare(concurrency={"limit": 2, "key": "", "on_full": "queue"})
    running = [asked(operator), asked(operator)]
    taken()
    taken()
    found = waiting(operator, asked(operator))
    assert (found.reason, [one.number for one in found.waits_for]) == ("limit", [job.number for job in running])
    assert {(one.kind, one.lock) for one in found.waits_for} == {("limit", CHECKS)}


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ({"rate": {"limit": 1, "per_s": 60, "key": ""}}, "rate"),
        ({"retries": {"max": 1, "base_s": 60, "cap_s": 60, "codes": ["boom"]}}, "retry"),
    ],
)
def test_it_is_told_when_the_time_comes(operator: Actor, rules: dict[str, Any], reason: str) -> None:
    declare(**rules)
    first = asked(operator)
    held = taken()
    job = asked(operator) if reason == "rate" else first
    finish(held, Status.ERROR, reason="boom") if reason == "retry" else taken_is_none()
    found = waiting(operator, job)
    assert found.reason == reason
    assert found.not_before is not None
    assert found.not_before > now() - TEN


def taken_is_none() -> None:
    with pytest.raises(AssertionError):
        taken()


def test_a_job_that_has_begun_waits_for_nothing_and_shows_its_attempt(operator: Actor) -> None:
    declare(locks=LOCKS)
    job = asked(operator, "a")
    held = taken()
    start(held)
    found = outlook(operator, job)
    assert found.waiting is None
    assert [(lock.name, lock.job_id) for lock in found.locks] == [("host:a", job.id)]
    assert [(one.attempt, one.worker, one.outcome) for one in found.attempts] == [(1, "w1", "")]


def test_the_expected_end_comes_from_earlier_runs(operator: Actor) -> None:
    declare(locks=LOCKS)
    job = asked(operator, "a")
    assert outlook(operator, job).expected_end is None, "it never ran before"
    earlier_run_of_ten_minutes()
    held = taken()
    start(held)
    later = asked(operator, "a")
    begun = fresh(job).started_at
    assert begun is not None
    assert outlook(operator, job).expected_end == begun + TEN
    assert outlook(operator, later).expected_end == begun + TEN + TEN
    assert outlook(operator, asked(operator, "a", "b")).expected_end is not None
    finish(held)
    assert outlook(operator, job).expected_end is None
