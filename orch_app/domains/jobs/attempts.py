"""The attempts at a job, one per claim: how each went, and whether and when there is another."""

from secrets import SystemRandom
from typing import Any

from sqlalchemy import bindparam, insert
from sqlmodel import Session, col, func, select, update

from orch_app.domains.jobs.models import Job, JobAttempt
from orch_app.domains.jobs.states import DEAD_LETTER, Outcome, Status
from orch_app.kit.clock import now
from orch_app.kit.db import carry_out

DETAIL_CHARS = 1_000
_random = SystemRandom()
_INSERT = insert(JobAttempt)
_OPEN = update(JobAttempt).where(
    col(JobAttempt.job_id) == bindparam("of_job"), col(JobAttempt.outcome) == Outcome.OPEN
)  # fmt: skip
_NOTE_START = _OPEN.values(started_at=bindparam("to_started_at"))
_END = _OPEN.values(
    {name: bindparam(f"to_{name}") for name in ("outcome", "status", "reason", "finished_at", "reason_detail")}
)
_COUNT = (
    select(func.count())
    .select_from(JobAttempt)
    .where(col(JobAttempt.job_id) == bindparam("of_job"), col(JobAttempt.outcome) == bindparam("of_outcome"))
)


def begin(session: Session, job_id: str, attempt: int, worker: str) -> None:
    """Note that a worker has claimed the job."""
    row = JobAttempt(job_id=job_id, attempt=attempt, worker=worker, claimed_at=now())
    carry_out(session, _INSERT, **row.model_dump())


def note_start(session: Session, job_id: str) -> None:
    """Note that the play of the open attempt begins."""
    carry_out(session, _NOTE_START, of_job=job_id, to_started_at=now())


def end(session: Session, job_id: str, outcome: Outcome, status: Status, reason: str, detail: str) -> None:
    """Note how the open attempt went."""
    facts = {"outcome": outcome, "status": status, "reason": reason, "finished_at": now()}
    values = facts | {"reason_detail": detail[:DETAIL_CHARS]}
    carry_out(session, _END, of_job=job_id, **{f"to_{name}": value for name, value in values.items()})


def count(session: Session, job_id: str, outcome: Outcome) -> int:
    """How many attempts went so."""
    return carry_out(session, _COUNT, of_job=job_id, of_outcome=outcome).scalar_one()


def next_delay_ms(session: Session, job: Job, reason: str) -> int | None:
    """How long to wait before the job is tried again after this end; None where its runbook wants no other attempt."""
    policy = job.retry_json
    if job.cancel_requested_at or reason in DEAD_LETTER or reason not in policy.get("codes", ()):
        return None
    failed = count(session, job.id, Outcome.FAILED)
    return None if failed >= policy["max"] else delay_ms(policy, failed)


def delay_ms(policy: dict[str, Any], failed: int) -> int:
    """The pause after so many failures before: it doubles up to the cap, and half of it is chance.

    Chance keeps jobs that failed together from coming back together.
    """
    growth = 2**failed if policy.get("backoff", "exponential") == "exponential" else 1
    whole = min(policy["cap_s"], policy["base_s"] * growth)
    return round(_random.uniform(whole / 2, whole) * 1000)


def policy_of(meta: dict[str, Any]) -> dict[str, Any]:
    """What a job keeps of its runbook's `retries`; nothing where nothing would ever be tried again."""
    policy = meta.get("retries", {})
    return dict(policy) if policy.get("max") and policy.get("codes") else {}
