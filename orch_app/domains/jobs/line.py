"""The line of waiting jobs: its order, who in it could start now, and what the others are shown to wait for."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Executable, Update, bindparam, case, exists, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import Session, and_, col, func, or_, select, update

from orch_app.domains.jobs.models import Job, JobLock, JobNeed
from orch_app.domains.jobs.states import CLAIMABLE, Need, Phase, Status
from orch_app.kit.db import carry_out, now_ms
from orch_app.kit.wakeups import announce

PAGE = 20
IN_ORDER = (col(Job.rank), col(Job.turn), col(Job.id))


class Place(NamedTuple):
    """Where a job stands."""

    id: str
    rank: int
    turn: int
    has_needs: bool


def waits(job: type[Job] = Job) -> ColumnElement[bool]:
    """Whether a job waits for a worker, whatever else it waits for."""
    return and_(col(job.status) == Status.PENDING, col(job.phase).in_(CLAIMABLE))


def is_due(job: type[Job] = Job) -> ColumnElement[bool]:
    """Whether its time has come."""
    return or_(col(job.not_before).is_(None), col(job.not_before) <= now_ms())


def is_full() -> ColumnElement[bool]:
    """Whether a need's lock or limit has no room left."""
    same = and_(col(JobLock.kind) == col(JobNeed.kind), col(JobLock.name) == col(JobNeed.name))
    taken = select(func.count()).select_from(JobLock).where(same).correlate(JobNeed).scalar_subquery()
    return and_(col(JobNeed.kind) != Need.RATE, taken >= col(JobNeed.capacity))


def ready(session: Session) -> list[Place]:
    """The first of the waiting jobs whose time has come and whose locks and limit have room, in order."""
    return places(session, _FIRST)


def ready_one(session: Session, job_id: str) -> Place | None:
    """Where this job stands, if it could start now."""
    return next(iter(places(session, _THIS, of_job=job_id)), None)


def ready_rivals(session: Session, job_id: str, most: int) -> list[Place]:
    """The first that could start now of those who need what this job needs."""
    return places(session, _RIVALS, of_job=job_id, most=most)


def places(session: Session, query: Executable, **values: Any) -> list[Place]:
    """Where the jobs stand that a query made from `READY` finds."""
    return [Place(*row) for row in carry_out(session, query, **values)]


def in_order(session: Session) -> Iterator[Place]:
    """Those jobs one by one, looked up a few at a time: mostly the first is the one."""
    page = ready(session)
    while page:
        yield from page
        last = page[-1]
        page = places(session, _NEXT, rank=last.rank, turn=last.turn, id=last.id)


def stands_behind(session: Session, place: Place) -> bool:
    """Whether somebody ahead waits for a lock that this job needs, too: a free lock goes to the first in the line."""
    return carry_out(session, _AHEAD, rank=place.rank, turn=place.turn, id=place.id).first() is not None


def mark(session: Session, job_ids: Sequence[str]) -> None:
    """Give these waiting jobs the phase that says what they wait for; who looks at them is told."""
    _tell(session, carry_out(session, _MARK_THESE, job_ids=job_ids).scalars().all())


def mark_rivals(session: Session, job_id: str) -> None:
    """The same for all who could have started and need what this job has just taken."""
    _tell(session, carry_out(session, _MARK_RIVALS, of_job=job_id).scalars().all())


def _tell(session: Session, changed: Sequence[str]) -> None:
    for job_id in changed:
        announce(session, f"job:{job_id}")
    if changed:
        announce(session, "jobs")


def _lacks(kind: Need | None = None) -> ColumnElement[bool]:
    query = exists().where(col(JobNeed.job_id) == col(Job.id), is_full())
    return (query.where(col(JobNeed.kind) == kind) if kind else query).correlate(Job)


def _is_rival() -> ColumnElement[bool]:
    """Whether a job needs some lock or limit which the job `of_job` needs."""
    mine, theirs = aliased(JobNeed), aliased(JobNeed)
    same = and_(col(theirs.kind) == col(mine.kind), col(theirs.name) == col(mine.name))
    of_job = bindparam("of_job")
    query = select(col(theirs.job_id)).join(mine, same)
    return col(Job.id).in_(
        query.where(col(mine.job_id) == of_job, col(mine.kind) != Need.RATE, col(theirs.job_id) != of_job)
    )


def _ahead() -> Executable:
    mine, theirs, ahead = aliased(JobNeed), aliased(JobNeed), aliased(Job)
    query = (
        select(col(mine.name))
        .join(theirs, and_(col(theirs.kind) == col(mine.kind), col(theirs.name) == col(mine.name)))
        .join(ahead, col(ahead.id) == col(theirs.job_id))
        .where(col(mine.job_id) == bindparam("id"), col(mine.kind) == Need.LOCK, waits(ahead), is_due(ahead))
    )
    return query.where(tuple_(ahead.rank, ahead.turn, ahead.id) < _GIVEN_PLACE).limit(1)


def _marking(which: ColumnElement[bool]) -> Update:
    phase = case((_lacks(Need.LOCK), Phase.WAITING_LOCK), (_lacks(Need.LIMIT), Phase.WAITING_LIMIT), else_=Phase.QUEUED)
    statement: Any = update(Job).where(which, waits(), is_due(), col(Job.phase) != phase).values(phase=phase)
    return statement.returning(col(Job.id))


# Written once: every claim asks these things, and to write them takes longer than to answer them.
_GIVEN_PLACE = tuple_(bindparam("rank"), bindparam("turn"), bindparam("id"))
_NEEDS = exists().where(col(JobNeed.job_id) == col(Job.id)).correlate(Job)
READY = select(Job.id, Job.rank, Job.turn, _NEEDS).where(waits(), is_due(), ~_lacks()).order_by(*IN_ORDER)
_FIRST = READY.limit(PAGE)
_NEXT = READY.where(tuple_(*IN_ORDER) > _GIVEN_PLACE).limit(PAGE)
_THIS = READY.where(col(Job.id) == bindparam("of_job"))
_RIVALS = READY.where(_is_rival()).limit(bindparam("most"))
_AHEAD = _ahead()
_MARK_THESE = _marking(col(Job.id).in_(bindparam("job_ids", expanding=True)))
_MARK_RIVALS = _marking(and_(_is_rival(), col(Job.phase) == Phase.QUEUED))
