"""Claim, lease and fence: who runs a job, for how long, and how a late message comes to nothing.

Every statement compares with the database's clock, and every change by a worker names owner and fence. A worker that
was thought dead and comes back finds that its statements touch no row, and learns it by `LostClaimError`. A claim
takes the job's locks with it, all or none, and whatever ends the claim frees them, in one transaction each.
"""

import contextlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, delete, or_, select, update

from orch_app.domains.access.actor import worker_actor
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.jobs import attempts, line, locks, needs, turns
from orch_app.domains.jobs.errors import CanceledInTimeError, LostClaimError
from orch_app.domains.jobs.gate import pass_gate
from orch_app.domains.jobs.held import LEASE, Claim, lease_ms, write
from orch_app.domains.jobs.line import Place
from orch_app.domains.jobs.models import Job, JobArtifact, JobNeed
from orch_app.domains.jobs.observers import tell_of_end
from orch_app.domains.jobs.retention import purge_moment
from orch_app.domains.jobs.states import MAX_ATTEMPTS, Outcome, Phase, Reason, Status
from orch_app.kit.clock import now
from orch_app.kit.db import carry_out, now_ms
from orch_app.kit.queue import enqueue
from orch_app.kit.wakeups import announce

_GAVE_UP = {
    Outcome.NOT_STARTED: f"{MAX_ATTEMPTS} workers claimed it and went away before its play began.",
    Outcome.WORKER_LOST: f"{MAX_ATTEMPTS} workers went away while its play ran.",
}

# Written once each: a worker asks and says these things all the time, and to write them takes longer than an answer.
_IMPATIENT = (
    select(Job.id, JobNeed.on_full)
    .join(JobNeed, col(JobNeed.job_id) == col(Job.id))
    .where(col(JobNeed.on_full) != "queue", line.is_full(), line.waits(), line.is_due())
    .limit(100)
)
_TAKE = (
    update(Job)
    .where(col(Job.id) == bindparam("job_id"), line.waits(), line.is_due())
    .values(
        status=Status.RUNNING,
        phase=Phase.PREPARING,
        owner=bindparam("to_owner"),
        worker=bindparam("to_worker"),
        fence=Job.fence + 1,
        attempt=Job.attempt + 1,
        lease_until=LEASE,
        not_before=None,
        started=False,
    )
    .returning(col(Job.fence), col(Job.attempt))
)
# Files belong to one claim; those of an earlier attempt can no longer be had.
_FORGET_FILES = delete(JobArtifact).where(col(JobArtifact.job_id) == bindparam("job_id"))
_JOB = select(Job).where(Job.id == bindparam("job_id"))
_EXPIRED = select(Job.id).where(col(Job.status) == Status.RUNNING, col(Job.lease_until) < now_ms()).limit(200)
# A moment still to come was written by a clock that has been set right since: it says nothing about the wait.
_WAITS_LONG = line.READY.where(
    or_(col(Job.queued_at) <= bindparam("before"), col(Job.queued_at) > bindparam("moment"))
).limit(500)


def claim_next(session: Session, owner: str, worker: str) -> Claim | None:
    """Take the first waiting job that nothing stands in the way of; None when there is none."""
    pass_gate(session)
    _end_impatient(session)
    return next((held for place in line.in_order(session) if (held := _take(session, place, owner, worker))), None)


def claim(session: Session, job_id: str, owner: str, worker: str) -> Claim | None:
    """Take this very job out of its turn; None when there is nothing to take, whatever the reason."""
    pass_gate(session)
    _end_impatient(session)
    place = line.ready_one(session, job_id)
    return _take(session, place, owner, worker) if place else None


def _take(session: Session, place: Place, owner: str, worker: str) -> Claim | None:
    wanted = needs.of_job(session, place.id) if place.has_needs else []
    if wanted and (line.stands_behind(session, place) or locks.is_too_fast(session, wanted)):
        return None
    values = {"job_id": place.id, "to_owner": owner, "to_worker": worker, "lease_ms": lease_ms()}
    found = carry_out(session, _TAKE, **values).first()
    if found is None:
        return None
    held = Claim(place.id, owner, found.fence, worker, found.attempt)
    attempts.begin(session, held.job_id, held.attempt, worker)
    if held.attempt > 1:
        carry_out(session, _FORGET_FILES, job_id=held.job_id)
    turns.note_served(session, place.rank, place.turn)
    if wanted:
        locks.take(session, wanted, held.job_id, owner, held.fence)
    _announce(session, held.job_id)
    return held


def mark_started(session: Session, held: Claim, isolation: str, engine: str) -> None:
    """Say that from now on the play may have effects: a lost worker means `interrupted`, not a second run.

    Raises:
        LostClaimError: the job is no longer this worker's.
        CanceledInTimeError: it was cancelled meanwhile; the transaction is to be rolled back.
    """
    was_told_to_stop = _change(
        session,
        held,
        renews=True,
        started=True,
        phase=Phase.RUNNING,
        isolation=isolation,
        engine=engine,
        started_at=now(),
    )
    if was_told_to_stop:
        raise CanceledInTimeError(held.job_id)
    attempts.note_start(session, held.job_id)


def set_phase(session: Session, held: Claim, phase: Phase, detail: str = "") -> None:
    """Move to another phase of RUNNING; `detail` says why it lasts.

    Raises:
        LostClaimError: the job is no longer this worker's.
    """
    _change(session, held, phase=phase, reason_detail=detail)


def extend(session: Session, held: Sequence[Claim]) -> dict[str, bool]:
    """Renew the leases that are still ours. Returns job id -> "was told to stop"; a missing id is lost."""
    renewed = [row for one in held if (row := write(session, one, renews=True))]
    return {row.id: row.cancel_requested_at is not None for row in renewed}


def give_back(session: Session, held: Claim, outcome: Outcome = Outcome.NOT_STARTED) -> None:
    """Return a job that is to be claimed anew, for example because its worker is gone; others may use its locks now."""
    pass_gate(session)
    _requeue(session, held)
    attempts.end(session, held.job_id, outcome, Status.ERROR, "", "")
    locks.let_go(session, held.job_id)
    line.mark(session, [held.job_id])
    enqueue(session, "jobs.run", job_id=held.job_id)


def finish(session: Session, held: Claim, status: Status, **facts: Any) -> None:
    """Write the end of a job, exactly once; or, where its runbook wants another attempt after this end, plan that.

    What left a snapshot had begun to change something: another attempt would lose the state before the first.

    Raises:
        LostClaimError: the job is no longer this worker's, so its end is not this worker's to write.
    """
    pass_gate(session)
    job = _job(session, held.job_id)
    reason, detail = str(facts.get("reason", "")), str(facts.get("reason_detail", ""))
    may_repeat = status is Status.ERROR and not facts.get("snapshot_ref")
    delay_ms = attempts.next_delay_ms(session, job, reason) if may_repeat else None
    if delay_ms is not None:
        _requeue(session, held, phase=Phase.WAITING_RETRY, not_before=now_ms() + delay_ms)
        attempts.end(session, held.job_id, Outcome.FAILED, status, reason, detail)
        locks.let_go(session, held.job_id)
        _record(session, job, held.worker, Action.JOB_ATTEMPT_FAILED, status, reason)
        return
    _change(session, held, lease_until=None, **_ending(session, job, status), **facts)
    attempts.end(session, held.job_id, Outcome.ENDED, status, reason, detail)
    locks.leave(session, held.job_id)
    tell_of_end(session, job)
    _record(session, job, held.worker, Action.JOB_FINISHED, status, reason)


def _requeue(session: Session, held: Claim, **facts: Any) -> None:
    job = _job(session, held.job_id)
    values: dict[str, Any] = {
        "phase": Phase.QUEUED,
        "owner": None,
        "lease_until": None,
        "started": False,
        "queued_at": now(),
        "reason_detail": "",
    }
    values |= {"turn": turns.place_again(session, job)} | facts
    _change(session, held, status=Status.PENDING, **values)


def _ending(session: Session, job: Job, status: Status) -> dict[str, Any]:
    moment = now()
    kept_until = purge_moment(session, job.runbook_name, status, moment)
    return {"status": status, "phase": Phase.DONE, "finished_at": moment, "purge_after": kept_until}


def _record(session: Session, job: Job, worker: str, action: Action, status: Status, reason: str) -> None:
    record(
        session,
        worker_actor(worker),
        action,
        ("job", job.id),
        result="ok" if status is Status.SUCCESS else "failed",
        environment=job.environment,
        metadata={"runbook": job.runbook_name, "status": status.value, "reason": reason},
    )


def end_those_that_do_not_wait(session: Session) -> None:
    """End every job that finds its limit reached and was told not to wait; it must not wait for a free slot either."""
    pass_gate(session)
    _end_impatient(session)


def _end_impatient(session: Session) -> None:
    for found in carry_out(session, _IMPATIENT).all():
        job = _job(session, found.id)
        status = Status.CANCELED if found.on_full == "cancel" else Status.ERROR
        detail = "As many jobs of this kind as its runbook allows at once were running."
        facts = _ending(session, job, status) | {"reason": Reason.LIMIT_REACHED, "reason_detail": detail}
        session.exec(update(Job).where(col(Job.id) == job.id, line.waits()).values(**facts))
        locks.leave(session, job.id)
        tell_of_end(session, job)
        _record(session, job, "queue", Action.JOB_FINISHED, status, Reason.LIMIT_REACHED)
        _announce(session, job.id)


def settle_expired(session: Session) -> list[str]:
    """Settle jobs whose worker stopped renewing its lease; returns their ids.

    Not started: queued again, unless it failed to start too often. Started: ERROR `interrupted`, unless its runbook
    said that it may run twice.
    """
    pass_gate(session)
    settled: list[str] = []
    for job_id in carry_out(session, _EXPIRED).scalars().all():
        job = _job(session, job_id)
        with contextlib.suppress(LostClaimError):  # another worker's sweep was first
            _settle(session, job, Claim(job.id, job.owner or "", job.fence, job.worker))
            settled.append(job.id)
    return settled


def settle_own(session: Session, held: Claim) -> None:
    """The same for a job whose worker is leaving and cannot wait for its end; nothing when the claim is gone."""
    job = _job(session, held.job_id)
    with contextlib.suppress(LostClaimError):
        _settle(session, job, held)


def _settle(session: Session, job: Job, held: Claim) -> None:
    if job.cancel_requested_at:
        finish(session, held, Status.CANCELED, reason=Reason.CANCELED)
    elif not job.started:
        _again_or_give_up(session, held, Outcome.NOT_STARTED, Reason.START_FAILED)
    elif job.on_worker_loss == "retry":
        _again_or_give_up(session, held, Outcome.WORKER_LOST, Reason.TOO_MANY_ATTEMPTS)
    else:
        interrupt(session, job, held)


def _again_or_give_up(session: Session, held: Claim, outcome: Outcome, reason: Reason) -> None:
    """Queue the job again; the third time that the same befalls it, it goes to the dead letters."""
    if attempts.count(session, held.job_id, outcome) + 1 < MAX_ATTEMPTS:
        give_back(session, held, outcome)
    else:
        finish(session, held, Status.ERROR, reason=reason, reason_detail=_GAVE_UP[outcome])


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
    """Ring again, in order, for jobs that could start and have waited so long that their message may be lost."""
    moment = now()
    due = line.places(session, _WAITS_LONG, before=moment - timedelta(seconds=older_than_s), moment=moment)
    for place in due:
        enqueue(session, "jobs.run", job_id=place.id)
    return len(due)


def _change(session: Session, held: Claim, *, renews: bool = False, **values: Any) -> bool:
    """Change the held job; says whether somebody told it to stop."""
    changed = write(session, held, renews=renews, **values)
    if changed is None:
        raise LostClaimError(held.job_id)
    _announce(session, held.job_id)
    return changed.cancel_requested_at is not None


def _job(session: Session, job_id: str) -> Job:
    return session.exec(_JOB, params={"job_id": job_id}).one()


def _announce(session: Session, job_id: str) -> None:
    announce(session, f"job:{job_id}")
    announce(session, "jobs")
