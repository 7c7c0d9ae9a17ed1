"""Attempts: retries with growing pauses where the runbook wants them, and the end of jobs that never start."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select

from orch_app.domains.access.actor import Actor
from orch_app.domains.audit.models import AuditEntry
from orch_app.domains.jobs import attempts, claims, queries, service
from orch_app.domains.jobs.held import Claim
from orch_app.domains.jobs.models import Job, JobArtifact, JobAttempt, JobStep
from orch_app.domains.jobs.queries import JobFilter, Page
from orch_app.domains.jobs.states import MAX_ATTEMPTS, Status
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.ids import new_id
from tests.domains.jobs.rules import (
    asked,
    declare,
    due,
    finish,
    fresh,
    held_names,
    let_time_pass,
    listen,
    lose,
    next_one,
    start,
    taken,
)

RETRIES: dict[str, Any] = {
    "max": 2,
    "backoff": "exponential",
    "base_s": 10,
    "cap_s": 300,
    "codes": ["rate_limited", "unreachable"],
}
on_each_back_end = pytest.mark.usefixtures("catalogue")


def fail(held: Claim, reason: str = "rate_limited") -> None:
    start(held)
    finish(held, Status.ERROR, reason=reason, reason_detail=f"because of {reason}")


@on_each_back_end
def test_files_of_an_earlier_attempt_are_listed_no_more_when_the_next_one_begins(operator: Actor) -> None:
    declare(retries=RETRIES)
    job = asked(operator)
    first = taken()
    with unit_of_work() as session:
        session.add(JobArtifact(job_id=job.id, name="output.json", size=2, sha256="0" * 64, created_at=now()))
    fail(first)
    assert files(operator, job) == ["output.json"]
    let_time_pass(600_000)
    assert due() == 1
    taken()
    assert files(operator, job) == []


def files(actor: Actor, job: Job) -> list[str]:
    with reading() as session:
        return [row.name for row in queries.list_artifacts(session, actor, job.id)]


def rows(job: Job) -> list[tuple[int, str, str, str]]:
    with reading() as session:
        found = session.exec(select(JobAttempt).where(JobAttempt.job_id == job.id).order_by(col(JobAttempt.attempt)))
        return [(row.attempt, row.outcome, row.status, row.reason) for row in found]


def acts_on(job: Job) -> list[str]:
    with reading() as session:
        return list(
            session.exec(select(AuditEntry.action).where(AuditEntry.target_id == job.id).order_by(col(AuditEntry.id)))
        )


@on_each_back_end
def test_a_failure_that_the_runbook_names_is_tried_again_later(operator: Actor) -> None:
    declare(retries=RETRIES, locks=["host:{{targets.host}}"])
    job = asked(operator)
    fail(taken())
    waiting = fresh(job)
    assert (waiting.status, waiting.phase, waiting.owner, waiting.finished_at) == (
        "PENDING",
        "waiting_retry",
        None,
        None,
    )
    assert held_names() == [], "others may use what it does not use now"
    assert next_one() is None, "not before its time"
    rung = listen()
    let_time_pass(10_001)
    assert due() == 1
    assert rung == [job.id]
    assert fresh(job).phase == "queued"
    finish(taken())
    ended = fresh(job)
    assert (ended.status, ended.attempt) == ("SUCCESS", 2)
    assert rows(job) == [(1, "failed", "ERROR", "rate_limited"), (2, "ended", "SUCCESS", "")]
    assert acts_on(job) == ["job.executed", "job.attempt_failed", "job.finished"]


@on_each_back_end
def test_it_starts_at_its_time_even_when_nobody_rings(operator: Actor) -> None:
    declare(retries=RETRIES)
    job = asked(operator)
    fail(taken())
    let_time_pass(10_001)
    assert taken().job_id == job.id


@on_each_back_end
def test_after_the_last_attempt_the_failure_is_the_end(operator: Actor) -> None:
    declare(retries=RETRIES)
    job = asked(operator)
    for _ in range(3):
        fail(taken())
        let_time_pass(600_000)
    ended = fresh(job)
    assert (ended.status, ended.reason, ended.reason_detail) == ("ERROR", "rate_limited", "because of rate_limited")
    assert [row[1] for row in rows(job)] == ["failed", "failed", "ended"]
    assert next_one() is None


@on_each_back_end
@pytest.mark.parametrize("reason", ["task_failed", "too_many_attempts", ""])
def test_any_other_failure_is_the_end_at_once(operator: Actor, reason: str) -> None:
    declare(retries=RETRIES)
    job = asked(operator)
    fail(taken(), reason)
    assert fresh(job).status == "ERROR"


@on_each_back_end
def test_a_runbook_that_declares_nothing_is_never_tried_again(operator: Actor) -> None:
    declare()
    job = asked(operator)
    assert job.retry_json == {}
    fail(taken())
    assert fresh(job).status == "ERROR"


@on_each_back_end
def test_what_was_cancelled_is_not_tried_again(operator: Actor) -> None:
    declare(retries=RETRIES)
    job = asked(operator)
    held = taken()
    start(held)
    with unit_of_work() as session:
        service.cancel(session, operator, job.id)
    finish(held, Status.ERROR, reason="rate_limited")
    assert fresh(job).status == "ERROR"


@on_each_back_end
def test_a_job_that_waits_for_its_next_attempt_can_be_cancelled(operator: Actor) -> None:
    declare(retries=RETRIES)
    job = asked(operator)
    fail(taken())
    with unit_of_work() as session:
        assert service.cancel(session, operator, job.id).status == Status.CANCELED
    let_time_pass(600_000)
    assert due() == 0
    assert next_one() is None


@on_each_back_end
def test_the_rules_are_those_of_the_launch(operator: Actor) -> None:
    declare(retries=RETRIES)
    job = asked(operator)
    declare()
    fail(taken())
    assert fresh(job).phase == "waiting_retry"


@given(st.integers(0, 12), st.floats(0, 3600), st.floats(0, 86400), st.sampled_from(["exponential", "fixed"]))
def test_a_pause_doubles_up_to_the_cap_and_half_of_it_is_chance(
    failed: int, base_s: float, cap_s: float, backoff: str
) -> None:
    whole = min(cap_s, base_s * (2**failed if backoff == "exponential" else 1)) * 1000
    found = attempts.delay_ms({"base_s": base_s, "cap_s": cap_s, "backoff": backoff}, failed)
    assert whole / 2 - 1 <= found <= whole + 1


@on_each_back_end
def test_a_job_that_fails_to_start_three_times_goes_to_the_dead_letters(admin: Actor) -> None:
    declare(on_worker_loss="retry", retries={**RETRIES, "codes": ["start_failed"]})
    job, other = asked(admin), asked(admin)
    for attempt in range(MAX_ATTEMPTS):
        assert fresh(job).attempt == attempt
        with unit_of_work() as session:
            held = claims.claim(session, job.id, "w", "w")
        assert held
        lose(held)
    ended = fresh(job)
    assert (ended.status, ended.reason) == ("ERROR", "start_failed")
    assert "before its play began" in ended.reason_detail
    assert [row[1] for row in rows(job)] == ["not_started", "not_started", "ended"]
    with reading() as session:
        found = queries.list_jobs(session, admin, JobFilter(dead_letter=True), Page())
        assert [one.id for one in found] == [job.id]
        assert queries.count_jobs(session, admin, JobFilter(dead_letter=True)) == 1
    with unit_of_work() as session:
        again = service.retry(session, admin, job.id)
    assert (again.status, again.retry_of) == ("PENDING", job.id)
    assert fresh(other).status == "PENDING"


@on_each_back_end
def test_failures_and_lost_workers_are_counted_apart(operator: Actor) -> None:
    declare(on_worker_loss="retry", retries=RETRIES)
    job = asked(operator)
    for _ in range(2):
        fail(taken())
        let_time_pass(600_000)
    for _ in range(2):
        held = taken()
        start(held)
        lose(held)
    assert (fresh(job).status, fresh(job).attempt) == ("PENDING", 4)
    lose(taken())
    finish(taken())
    assert fresh(job).status == "SUCCESS"


@on_each_back_end
def test_the_steps_of_the_last_attempt_are_the_ones_shown(operator: Actor) -> None:
    job = asked(operator)
    with unit_of_work() as session:
        for position, (attempt, name) in enumerate([(1, "old"), (2, "new")], 1):
            session.add(
                JobStep(
                    id=new_id("stp"), job_id=job.id, position=position, attempt=attempt, name=name, started_at=now()
                )
            )
    with reading() as session:
        assert [step.name for step in queries.get_detail(session, operator, job.id).steps] == ["new"]
