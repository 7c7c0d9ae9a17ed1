"""Locks and limits in the hands of running jobs, and the starts that rates count. Called behind the gate.

A lock is taken in the transaction that claims its job and goes in the one that ends the claim, so it lives exactly as
long as the lease. Should one be left all the same, the sweep removes it.
"""

from datetime import timedelta

from sqlalchemy import bindparam, exists, insert
from sqlmodel import Session, col, delete, or_, select, update

from orch_app.domains.jobs import line, needs
from orch_app.domains.jobs.gate import pass_gate
from orch_app.domains.jobs.models import Job, JobLock, JobNeed, JobStart
from orch_app.domains.jobs.needs import Wanted
from orch_app.domains.jobs.states import Need, Phase, Status
from orch_app.kit.db import carry_out, moment_ms, now_ms
from orch_app.kit.queue import enqueue

RUNG_AT_ONCE = 50
DUE_AT_ONCE = 200
LONGEST_WAIT_MS = STARTS_KEPT_MS = int(timedelta(days=1).total_seconds() * 1000)
"""No rate and no retry of a runbook is longer than a day. What lies further ahead was written by a clock that was."""
_KINDS = select(JobNeed.kind).where(JobNeed.job_id == bindparam("of_job"))
_FREE = delete(JobLock).where(col(JobLock.job_id) == bindparam("of_job"))
_TAKEN = select(JobLock.slot).where(
    col(JobLock.kind) == bindparam("of_kind"), col(JobLock.name) == bindparam("of_name")
)
_HOLD = insert(JobLock)
_NOTE_START = insert(JobStart)
_HOLDS = exists().where(
    col(Job.id) == col(JobLock.job_id), col(Job.fence) == col(JobLock.fence), col(Job.status) == Status.RUNNING
)
_HEAL = delete(JobLock).where(~_HOLDS).returning(col(JobLock.job_id))
_FORGET_STARTS = delete(JobStart).where(
    or_(col(JobStart.at_ms) < now_ms() - STARTS_KEPT_MS, col(JobStart.at_ms) > now_ms() + LONGEST_WAIT_MS)
)
_WAKE = update(Job).where(line.waits(), col(Job.not_before) > now_ms() + LONGEST_WAIT_MS).values(not_before=now_ms())
_IS_ANY_DUE = select(Job.id).where(line.waits(), col(Job.not_before) <= now_ms()).limit(1)


def take(session: Session, wanted: list[Wanted], job_id: str, owner: str, fence: int) -> None:
    """Take every lock, a place within the limit, and note the start for the rates."""
    moment = moment_ms(session)
    for one in wanted:
        if one.kind is Need.RATE:
            carry_out(session, _NOTE_START, name=one.name, job_id=job_id, fence=fence, at_ms=moment)
        else:
            place = {"kind": one.kind, "name": one.name, "slot": _free_slot(session, one)}
            carry_out(session, _HOLD, **place, job_id=job_id, owner=owner, fence=fence, taken_at=moment)
    line.mark_rivals(session, job_id)


def let_go(session: Session, job_id: str) -> bool:
    """Free what the job holds and ring for those who can start now because of it; says whether it needs anything."""
    kinds = carry_out(session, _KINDS, of_job=job_id).scalars().all()
    freed = sum(kind != Need.RATE for kind in kinds)
    if not freed:
        return bool(kinds)
    carry_out(session, _FREE, of_job=job_id)
    first = line.ready_rivals(session, job_id, min(freed, RUNG_AT_ONCE))
    if first:
        line.mark(session, [place.id for place in first])
    for place in first:
        enqueue(session, "jobs.run", job_id=place.id)
    return True


def leave(session: Session, job_id: str) -> None:
    """The same for a job that is over and will need nothing again."""
    if let_go(session, job_id):
        needs.forget(session, job_id)


def is_too_fast(session: Session, wanted: list[Wanted]) -> bool:
    """Whether a rate forbids a start now; then all who wait for that rate get the time at which it allows the next."""
    for one in wanted:
        if one.kind is Need.RATE and (until := _busy_until(session, one)):
            _put_off(session, one.name, until)
            return True
    return False


def is_any_due(session: Session) -> bool:
    """Whether some job waits whose time has come."""
    return carry_out(session, _IS_ANY_DUE).first() is not None


def ring_due(session: Session) -> int:
    """Ring for the jobs whose time has come; says how many. Each is rung for once, whoever asks."""
    pass_gate(session)
    is_past = col(Job.not_before) <= now_ms()
    due = session.exec(select(Job.id).where(line.waits(), is_past).order_by(*line.IN_ORDER).limit(DUE_AT_ONCE)).all()
    if not due:
        return 0
    statement = update(Job).where(col(Job.id).in_(due)).values(not_before=None)
    session.exec(statement.execution_options(synchronize_session=False))
    line.mark(session, due)
    for job_id in due:
        enqueue(session, "jobs.run", job_id=job_id)
    return len(due)


def heal(session: Session) -> int:
    """Remove locks whose claim is gone, and starts that no rate counts any more; says how many locks it were.

    What a clock that ran far ahead has put off is woken once it is right again.
    """
    left = carry_out(session, _HEAL).all()
    carry_out(session, _FORGET_STARTS)
    carry_out(session, _WAKE)
    return len(left)


def _free_slot(session: Session, one: Wanted) -> int:
    """The first place that nobody holds; the key of the table refuses a mistake."""
    if one.kind is not Need.LIMIT:
        return 0
    taken = set(carry_out(session, _TAKEN, of_kind=one.kind, of_name=one.name).scalars())
    return next(slot for slot in range(one.capacity) if slot not in taken)


def _busy_until(session: Session, rate: Wanted) -> int | None:
    """When the oldest of the counted starts leaves the window; None while there is room."""
    begin = now_ms() - rate.window_ms
    counted = col(JobStart.at_ms).between(begin + 1, now_ms())  # what is still to come was noted by a wrong clock
    starts = select(JobStart.at_ms).where(JobStart.name == rate.name, counted)
    last = session.exec(starts.order_by(col(JobStart.at_ms).desc()).offset(rate.capacity - 1).limit(1)).first()
    return None if last is None else last + rate.window_ms


def _put_off(session: Session, name: str, until: int) -> None:
    alike = select(JobNeed.job_id).where(JobNeed.kind == Need.RATE, JobNeed.name == name)
    statement = update(Job).where(col(Job.id).in_(alike), line.waits(), line.is_due())
    values = {"not_before": until, "phase": Phase.WAITING_LIMIT}
    session.exec(statement.values(**values).execution_options(synchronize_session=False))
