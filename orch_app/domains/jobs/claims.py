"""Claim, lease and fence: who runs a job, for how long, and how a late message comes to nothing.

Every statement compares with the database's clock, and every change by a worker names owner and fence. A worker that
was thought dead and comes back finds that its statements touch no row, and learns it by `LostClaimError`.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Update
from sqlmodel import Session, and_, col, or_, select, update

from orch_app.domains.access.actor import worker_actor
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.jobs.errors import CanceledInTimeError, LostClaimError
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.observers import tell_of_end
from orch_app.domains.jobs.retention import purge_moment
from orch_app.domains.jobs.states import CLAIMABLE, MAX_ATTEMPTS, Phase, Reason, Status
from orch_app.kit.clock import now
from orch_app.kit.db import now_ms
from orch_app.kit.queue import enqueue
from orch_app.kit.settings import settings
from orch_app.kit.wakeups import announce


@dataclass(frozen=True)
class Claim:
    """The right of one worker to run one job, as long as its lease lives."""

    job_id: str
    owner: str
    fence: int
    worker: str = ""

    @property
    def name(self) -> str:
        """Names this very run of the job: its private folder is called so."""
        return f"{self.job_id}.{self.fence}"


def claim(session: Session, job_id: str, owner: str, worker: str) -> Claim | None:
    """Take a waiting job in one statement; None when there is nothing to take, whatever the reason."""
    statement = (
        update(Job)
        .where(col(Job.id) == job_id, col(Job.status) == Status.PENDING, col(Job.phase).in_(CLAIMABLE))
        .values(
            status=Status.RUNNING,
            phase=Phase.PREPARING,
            owner=owner,
            worker=worker,
            fence=Job.fence + 1,
            attempt=Job.attempt + 1,
            lease_until=_lease(),
            started=False,
        )
        .returning(col(Job.fence))
    )
    fence = session.exec(statement.execution_options(synchronize_session=False)).scalar_one_or_none()
    if fence is None:
        return None
    _announce(session, job_id)
    return Claim(job_id, owner, fence, worker)


def mark_started(session: Session, held: Claim, isolation: str, engine: str) -> None:
    """Say that from now on the play may have effects: a lost worker means `interrupted`, not a second run.

    Raises:
        LostClaimError: the job is no longer this worker's.
        CanceledInTimeError: it was cancelled meanwhile; the transaction is to be rolled back.
    """
    was_told_to_stop = _change(
        session,
        held,
        started=True,
        phase=Phase.RUNNING,
        isolation=isolation,
        engine=engine,
        started_at=now(),
        lease_until=_lease(),
    )
    if was_told_to_stop:
        raise CanceledInTimeError(held.job_id)


def set_phase(session: Session, held: Claim, phase: Phase, detail: str = "") -> None:
    """Move to another phase of RUNNING; `detail` says why it lasts.

    Raises:
        LostClaimError: the job is no longer this worker's.
    """
    _change(session, held, phase=phase, reason_detail=detail)


def extend(session: Session, held: Sequence[Claim]) -> dict[str, bool]:
    """Renew the leases that are still ours. Returns job id -> "was told to stop"; a missing id is lost."""
    if not held:
        return {}
    statement = (
        update(Job)
        .where(or_(*(_is_held(one) for one in held)))
        .values(lease_until=_lease())
        .returning(col(Job.id), col(Job.cancel_requested_at))
    )
    renewed = session.exec(statement.execution_options(synchronize_session=False))
    return {job_id: asked is not None for job_id, asked in renewed}


def give_back(session: Session, held: Claim) -> None:
    """Return a job that was claimed and not started, for example because the worker is stopping."""
    _change(session, held, status=Status.PENDING, phase=Phase.QUEUED, owner=None, lease_until=None, queued_at=now())
    enqueue(session, "jobs.run", job_id=held.job_id)


def finish(session: Session, held: Claim, status: Status, **facts: Any) -> None:
    """Write the end of a job, exactly once.

    Raises:
        LostClaimError: the job is no longer this worker's, so its end is not this worker's to write.
    """
    job = session.exec(select(Job).where(Job.id == held.job_id)).one()
    moment = now()
    _change(
        session,
        held,
        status=status,
        phase=Phase.DONE,
        lease_until=None,
        finished_at=moment,
        purge_after=purge_moment(session, job.runbook_name, status, moment),
        **facts,
    )
    tell_of_end(session, job)
    record(
        session,
        worker_actor(held.worker),
        Action.JOB_FINISHED,
        ("job", held.job_id),
        result="ok" if status is Status.SUCCESS else "failed",
        environment=job.environment,
        metadata={"runbook": job.runbook_name, "status": status.value, "reason": facts.get("reason", "")},
    )


def settle_expired(session: Session) -> list[str]:
    """Settle jobs whose worker stopped renewing its lease; returns their ids.

    Not started: queued again. Started: ERROR `interrupted`, unless its runbook said that it may run twice.
    """
    expired = session.exec(
        select(Job).where(col(Job.status) == Status.RUNNING, col(Job.lease_until) < now_ms()).limit(200)
    ).all()
    settled: list[str] = []
    for job in expired:
        with contextlib.suppress(LostClaimError):  # another worker's sweep was first
            _settle(session, job, Claim(job.id, job.owner or "", job.fence, job.worker))
            settled.append(job.id)
    return settled


def settle_own(session: Session, held: Claim) -> None:
    """The same for a job whose worker is leaving and cannot wait for its end; nothing when the claim is gone."""
    job = session.exec(select(Job).where(Job.id == held.job_id)).one()
    with contextlib.suppress(LostClaimError):
        _settle(session, job, held)


def _settle(session: Session, job: Job, held: Claim) -> None:
    may_run_again = not job.started or job.on_worker_loss == "retry"
    if job.cancel_requested_at:
        finish(session, held, Status.CANCELED, reason=Reason.CANCELED)
    elif may_run_again and job.attempt < MAX_ATTEMPTS:
        give_back(session, held)
    elif may_run_again:
        finish(session, held, Status.ERROR, reason=Reason.TOO_MANY_ATTEMPTS)
    else:
        interrupt(session, job, held)


def interrupt(session: Session, job: Job, held: Claim) -> None:
    """End a job whose worker went away in the middle of the play."""
    detail = f"The worker {job.worker} went away while the play ran. What had been done stays done."
    finish(session, held, Status.ERROR, reason=Reason.INTERRUPTED, reason_detail=detail)
    record(
        session,
        worker_actor(job.worker),
        Action.JOB_INTERRUPTED,
        ("job", job.id),
        result="failed",
        environment=job.environment,
    )


def ring(session: Session, job_id: str) -> None:
    """Ring for a job that may wait."""
    enqueue(session, "jobs.run", job_id=job_id)


def ring_waiting(session: Session, older_than_s: float) -> int:
    """Ring again, first come first, for jobs that have waited so long that their message may be lost; says how many."""
    waits = (col(Job.status) == Status.PENDING, col(Job.phase).in_(CLAIMABLE))
    # A moment still to come was written by a clock that has been set right since: it says nothing about the wait.
    long_enough = or_(col(Job.queued_at) <= now() - timedelta(seconds=older_than_s), col(Job.queued_at) > now())
    first_come = (col(Job.queued_at), col(Job.id))
    due = session.exec(select(Job.id).where(*waits, long_enough).order_by(*first_come).limit(500)).all()
    for job_id in due:
        enqueue(session, "jobs.run", job_id=job_id)
    return len(due)


def _lease() -> ColumnElement[int]:
    return now_ms() + int(settings().lease_s * 1000)


def _is_held(held: Claim) -> ColumnElement[bool]:
    return and_(
        col(Job.id) == held.job_id,
        col(Job.owner) == held.owner,
        col(Job.fence) == held.fence,
        col(Job.status) == Status.RUNNING,
    )


def change_held(held: Claim) -> Update:
    """An UPDATE of the job that touches nothing unless the claim still holds."""
    return update(Job).where(_is_held(held))


def _change(session: Session, held: Claim, **values: Any) -> bool:
    """Change the held job; says whether somebody told it to stop."""
    statement = change_held(held).values(**values).returning(col(Job.cancel_requested_at))
    changed = session.exec(statement.execution_options(synchronize_session=False)).first()
    if changed is None:
        raise LostClaimError(held.job_id)
    _announce(session, held.job_id)
    return changed[0] is not None


def _announce(session: Session, job_id: str) -> None:
    announce(session, f"job:{job_id}")
    announce(session, "jobs")
