"""What is ahead of a job: its place in the line, what it waits for, who holds its locks, and when it will be done."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import tuple_
from sqlalchemy.orm import aliased
from sqlmodel import Session, and_, col, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.jobs import line
from orch_app.domains.jobs.models import Job, JobAttempt, JobLock, JobNeed
from orch_app.domains.jobs.queries import live_workers, queue_position, typical_duration_s
from orch_app.domains.jobs.states import Need, Phase, Status, is_terminal
from orch_app.kit.clock import now
from orch_app.kit.db import now_ms

SHOWN_OBSTACLES = 20
_BY_PHASE = {Phase.AWAITING_APPROVAL: "approval", Phase.WAITING_RETRY: "retry", Phase.WAITING_LIMIT: "rate"}


@dataclass(frozen=True)
class Obstacle:
    """A lock or limit that a job waits for, and a job that holds it or stands ahead in the line for it."""

    lock: str
    kind: str
    job_id: str
    number: int
    is_held: bool


@dataclass(frozen=True)
class Waiting:
    """Why a job has not begun.

    `reason` is `approval`, `retry`, `rate`, `lock`, `limit`, `behind` (a free lock for which others come first),
    `no_worker`, `busy` or `next`.
    """

    position: int
    reason: str
    waits_for: list[Obstacle] = field(default_factory=list)
    not_before: datetime | None = None


@dataclass(frozen=True)
class HeldLock:
    """A lock that the job needs or needed, and the job that has it now."""

    name: str
    job_id: str | None = None
    number: int | None = None


@dataclass(frozen=True)
class Outlook:
    """Everything about a job that is not in its own row. `waiting` is None once it has begun."""

    waiting: Waiting | None
    locks: list[HeldLock]
    attempts: Sequence[JobAttempt]
    expected_end: datetime | None


def look_ahead(session: Session, actor: Actor, job: Job) -> Outlook:
    """What is ahead of this job at the moment."""
    require(actor, Permission.JOBS_READ)
    waiting = _waiting(session, job) if job.status == Status.PENDING else None
    attempts = session.exec(
        select(JobAttempt).where(JobAttempt.job_id == job.id).order_by(col(JobAttempt.attempt))
    ).all()
    return Outlook(waiting, _locks(session, job), attempts, _expected_end(session, job, waiting))


def _waiting(session: Session, job: Job) -> Waiting:
    position = queue_position(session, job)
    is_later = session.exec(select(col(Job.not_before) > now_ms()).where(Job.id == job.id)).one()
    if job.phase == Phase.AWAITING_APPROVAL or is_later:
        return Waiting(position, _BY_PHASE.get(Phase(job.phase), "rate"), not_before=_moment(job.not_before))
    held = _holders(session, job)
    if held:
        return Waiting(position, held[0].kind, held)
    ahead = _ahead(session, job)
    return Waiting(position, "behind", ahead) if ahead else Waiting(position, _for_a_worker(session))


def _for_a_worker(session: Session) -> str:
    workers = live_workers(session)
    is_free = any(worker.busy < worker.slots and worker.state == "running" for worker in workers)
    return "next" if is_free else "busy" if workers else "no_worker"


def _holders(session: Session, job: Job) -> list[Obstacle]:
    """Who holds the locks and the places within the limit that the job lacks; locks come first."""
    same = and_(col(JobLock.kind) == col(JobNeed.kind), col(JobLock.name) == col(JobNeed.name))
    full = select(JobNeed.kind, JobNeed.name).where(JobNeed.job_id == job.id, line.is_full())
    lacking = session.exec(full.order_by(col(JobNeed.kind).desc(), col(JobNeed.name)).limit(SHOWN_OBSTACLES)).all()
    query = (
        select(JobNeed.kind, JobNeed.name, Job.id, Job.number)
        .join(JobLock, same)
        .join(Job, col(Job.id) == col(JobLock.job_id))
        .where(JobNeed.job_id == job.id, tuple_(JobNeed.kind, JobNeed.name).in_(lacking))
        .order_by(col(JobNeed.kind).desc(), col(JobNeed.name), col(JobLock.slot))
    )
    found = session.exec(query.limit(SHOWN_OBSTACLES)) if lacking else ()
    return [Obstacle(name, kind, job_id, number, is_held=True) for kind, name, job_id, number in found]


def _ahead(session: Session, job: Job) -> list[Obstacle]:
    """Of each lock that is free but not for this job, the first who stands ahead in the line for it."""
    mine, theirs, other = aliased(JobNeed), aliased(JobNeed), aliased(Job)
    query = (
        select(mine.name, other.id, other.number)
        .join(theirs, and_(col(theirs.kind) == col(mine.kind), col(theirs.name) == col(mine.name)))
        .join(other, col(other.id) == col(theirs.job_id))
        .where(mine.job_id == job.id, mine.kind == Need.LOCK, line.waits(other), line.is_due(other))
        .where(tuple_(other.rank, other.turn, other.id) < tuple_(job.rank, job.turn, job.id))
        .order_by(col(other.rank), col(other.turn), col(other.id))
        .limit(SHOWN_OBSTACLES)
    )
    first: dict[str, Obstacle] = {}
    for name, job_id, number in session.exec(query):
        first.setdefault(name, Obstacle(name, Need.LOCK, job_id, number, is_held=False))
    return list(first.values())


def _locks(session: Session, job: Job) -> list[HeldLock]:
    if is_terminal(job.status):
        return [HeldLock(name) for name in job.lock_names]
    mine = and_(col(JobNeed.kind) == col(JobLock.kind), col(JobNeed.name) == col(JobLock.name))
    query = (
        select(JobLock.name, Job.id, Job.number)
        .join(JobNeed, mine)
        .join(Job, col(Job.id) == col(JobLock.job_id))
        .where(JobNeed.job_id == job.id, JobNeed.kind == Need.LOCK)
    )
    holders = {name: (job_id, number) for name, job_id, number in session.exec(query)}
    return [HeldLock(name, *holders.get(name, (None, None))) for name in job.lock_names]


def _expected_end(session: Session, job: Job, waiting: Waiting | None) -> datetime | None:
    """From how long the runbook usually takes; None where it never succeeded, or nobody knows when the job begins."""
    usual = typical_duration_s(session, job.runbook_name)
    if usual is None or is_terminal(job.status):
        return None
    if waiting is None:
        return (job.started_at if job.started else now()) + timedelta(seconds=usual)  # pyright: ignore[reportOptionalOperand]
    begin = _expected_begin(session, waiting)
    return begin + timedelta(seconds=usual) if begin else None


def _expected_begin(session: Session, waiting: Waiting) -> datetime | None:
    """When the last of those that are waited for should be done; several that wait themselves cannot be foreseen."""
    if waiting.reason in {"approval", "no_worker", "busy", "behind"}:
        return None
    holders = session.exec(select(Job).where(col(Job.id).in_([one.job_id for one in waiting.waits_for]))).all()
    ends = [_expected_end(session, holder, None) for holder in holders]
    if None in ends:
        return None
    return max([now(), *(end for end in ends if end), *([waiting.not_before] if waiting.not_before else [])])


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)
