"""The line of waiting jobs: its order, who in it could start now, and what the others are shown to wait for."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Executable, Subquery, case, exists, tuple_
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


def ready(session: Session, *which: ColumnElement[bool], limit: int = PAGE) -> list[Place]:
    """The first of the waiting jobs whose time has come and whose locks and limit have room, in order."""
    return places(session, READY.where(*which).limit(limit) if which or limit != PAGE else _FIRST)


def places(session: Session, query: Executable, **values: Any) -> list[Place]:
    """Where the jobs stand that a query made from `READY` finds."""
    return [Place(*row) for row in carry_out(session, query, **values)]


def in_order(session: Session) -> Iterator[Place]:
    """Those jobs one by one, looked up a few at a time: mostly the first is the one."""
    page = ready(session)
    while page:
        yield from page
        last = page[-1]
        page = ready(session, tuple_(*IN_ORDER) > tuple_(last.rank, last.turn, last.id))


def stands_behind(session: Session, place: Place) -> bool:
    """Whether somebody ahead waits for a lock that this job needs, too: a free lock goes to the first in the line."""
    mine, theirs, ahead = aliased(JobNeed), aliased(JobNeed), aliased(Job)
    query = (
        select(col(mine.name))
        .join(theirs, and_(col(theirs.kind) == col(mine.kind), col(theirs.name) == col(mine.name)))
        .join(ahead, col(ahead.id) == col(theirs.job_id))
        .where(col(mine.job_id) == place.id, col(mine.kind) == Need.LOCK, waits(ahead), is_due(ahead))
        .where(tuple_(ahead.rank, ahead.turn, ahead.id) < tuple_(place.rank, place.turn, place.id))
    )
    return session.exec(query.limit(1)).first() is not None


def rivals_of(job_id: str) -> Subquery:
    """Ids of the other jobs that need some lock or limit which this job needs."""
    mine, theirs = aliased(JobNeed), aliased(JobNeed)
    same = and_(col(theirs.kind) == col(mine.kind), col(theirs.name) == col(mine.name))
    query = select(col(theirs.job_id)).join(mine, same)
    return query.where(col(mine.job_id) == job_id, col(mine.kind) != Need.RATE, col(theirs.job_id) != job_id).subquery()


def mark(session: Session, which: ColumnElement[bool]) -> None:
    """Give these waiting jobs the phase that says what they wait for; who looks at them is told."""
    phase = case((_lacks(Need.LOCK), Phase.WAITING_LOCK), (_lacks(Need.LIMIT), Phase.WAITING_LIMIT), else_=Phase.QUEUED)
    statement = update(Job).where(which, waits(), is_due(), col(Job.phase) != phase).values(phase=phase)
    changed = session.exec(statement.returning(col(Job.id)).execution_options(synchronize_session=False)).all()
    for (job_id,) in changed:
        announce(session, f"job:{job_id}")
    if changed:
        announce(session, "jobs")


def _lacks(kind: Need | None = None) -> ColumnElement[bool]:
    query = exists().where(col(JobNeed.job_id) == col(Job.id), is_full())
    return (query.where(col(JobNeed.kind) == kind) if kind else query).correlate(Job)


# Written once: every claim asks for it, and writing it takes longer than answering it.
_NEEDS = exists().where(col(JobNeed.job_id) == col(Job.id)).correlate(Job)
READY = select(Job.id, Job.rank, Job.turn, _NEEDS).where(waits(), is_due(), ~_lacks()).order_by(*IN_ORDER)
_FIRST = READY.limit(PAGE)
