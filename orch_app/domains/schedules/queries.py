"""Reading schedules, their firings and the blackouts."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, and_, col, func, or_, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.schedules import cron
from orch_app.domains.schedules.models import Blackout, Firing, Schedule
from orch_app.domains.schedules.wire import BlackoutsQuery, SchedulesQuery, ScheduleStatus
from orch_app.kit.errors import NotFound
from orch_app.kit.pages import Page, PageQuery, contains, read_page

SCHEDULE_SORT = {
    "name": Schedule.name,
    "environment": Schedule.environment,
    "runbook": Schedule.runbook_name,
    "createdAt": Schedule.created_at,
    "updatedAt": Schedule.updated_at,
    "id": Schedule.id,
}
FIRING_SORT = {"-id": Firing.id, "id": Firing.id}  # ids sort by age
BLACKOUT_SORT = {"name": Blackout.name, "environment": Blackout.environment, "id": Blackout.id}
NEXT_RUNS = 5


@dataclass(frozen=True)
class NextRun:
    """A moment to come in milliseconds, and the name of the blackout that will hold it, if one will."""

    at_ms: int
    blackout: str


def get_schedule(session: Session, actor: Actor, schedule_id: str, *, for_change: bool = False) -> Schedule:
    """One schedule; `for_change` keeps others from changing or firing it until the transaction ends.

    Raises:
        NotFound: there is none with this id.
    """
    require(actor, Permission.SCHEDULES_READ)
    query = select(Schedule).where(Schedule.id == schedule_id)
    found = session.exec(query.with_for_update() if for_change else query).one_or_none()
    if found is None:
        raise NotFound("There is no such schedule.", "schedule_not_found")
    return found


def list_schedules(session: Session, actor: Actor, wanted: SchedulesQuery) -> Page[Schedule]:
    """A page of schedules by name, or in the order asked for.

    Raises:
        BadRequest: an unknown sort key or a foreign cursor.
    """
    require(actor, Permission.SCHEDULES_READ)
    query = select(Schedule)
    if environments := [value for value in wanted.environment if value]:
        query = query.where(col(Schedule.environment).in_(environments))
    if wanted.runbook:
        query = query.where(Schedule.runbook_name == wanted.runbook)
    if wanted.owner:
        query = query.where(Schedule.owner_id == wanted.owner)
    if wanted.status == "paused":
        query = query.where(col(Schedule.is_paused).is_(True))
    elif wanted.status:
        is_due = col(Schedule.next_fire_at)
        matches = is_due.is_not(None) if wanted.status == "active" else is_due.is_(None)
        query = query.where(col(Schedule.is_paused).is_(False), matches)
    if wanted.q:
        query = query.where(or_(contains(Schedule.name, wanted.q), contains(Schedule.runbook_name, wanted.q)))
    return read_page(session, query, SCHEDULE_SORT, wanted)


def next_up(session: Session, actor: Actor, environment: str = "", count: int = NEXT_RUNS) -> Sequence[Schedule]:
    """The schedules that are due soonest, in one environment or in all."""
    require(actor, Permission.SCHEDULES_READ)
    due = col(Schedule.next_fire_at)
    query = select(Schedule).where(col(Schedule.is_paused).is_(False), due.is_not(None)).order_by(due, col(Schedule.id))
    return session.exec((query.where(Schedule.environment == environment) if environment else query).limit(count)).all()


def list_firings(session: Session, actor: Actor, schedule_id: str, wanted: PageQuery) -> Page[Firing]:
    """What came of a schedule's moments, the newest first.

    Raises:
        NotFound: there is no such schedule.
    """
    get_schedule(session, actor, schedule_id)
    return read_page(session, select(Firing).where(Firing.schedule_id == schedule_id), FIRING_SORT, wanted)


def last_firings(session: Session, actor: Actor, schedule_ids: Sequence[str]) -> dict[str, Firing]:
    """The newest firing of each of these schedules that has one."""
    require(actor, Permission.SCHEDULES_READ)
    newest = (
        select(Firing.schedule_id, func.max(Firing.id).label("id"))
        .where(col(Firing.schedule_id).in_(schedule_ids))
        .group_by(col(Firing.schedule_id))
        .subquery()
    )
    found = session.exec(select(Firing).join(newest, and_(col(Firing.id) == newest.c.id))).all()
    return {firing.schedule_id: firing for firing in found}


def status_of(row: Schedule) -> ScheduleStatus:
    """`active`, `paused`, or `ended` when no moment is left."""
    if row.is_paused:
        return "paused"
    return "active" if row.next_fire_at is not None else "ended"


def next_runs(schedule: Schedule, known: Sequence[Blackout], count: int = NEXT_RUNS) -> list[NextRun]:
    """The next moments of a schedule; none while it is paused or after its end."""
    if schedule.is_paused or schedule.next_fire_at is None:
        return []
    holding = [] if schedule.override_reason else [row for row in known if row.environment == schedule.environment]
    ends = cron.to_ms(schedule.ends_at) if schedule.ends_at else None
    return preview(schedule.cron, schedule.timezone, schedule.next_fire_at - 1, holding, count=count, ends_ms=ends)


def preview(
    expression: str, timezone: str, after_ms: int, known: Sequence[Blackout], *, count: int, ends_ms: int | None = None
) -> list[NextRun]:
    """The next moments of an expression.

    Raises:
        ValueError: the expression or the zone cannot be read.
    """
    found: list[NextRun] = []
    for at in cron.moments(expression, timezone, after_ms):
        if len(found) == count or (ends_ms is not None and at >= ends_ms):
            break
        found.append(NextRun(at, next((row.name for row in known if covers(row, at)), "")))
    return found


def covers(row: Blackout, at_ms: int) -> bool:
    """Whether a blackout holds a moment; its beginning belongs to it, its end does not."""
    if row.starts_at and row.ends_at:
        return cron.to_ms(row.starts_at) <= at_ms < cron.to_ms(row.ends_at)
    begun = cron.next_after(row.cron, row.timezone, at_ms - row.duration_min * 60_000)
    return begun is not None and begun <= at_ms


def get_blackout(session: Session, actor: Actor, blackout_id: str, *, for_change: bool = False) -> Blackout:
    """One blackout.

    Raises:
        NotFound: there is none with this id.
    """
    require(actor, Permission.SCHEDULES_READ)
    query = select(Blackout).where(Blackout.id == blackout_id)
    found = session.exec(query.with_for_update() if for_change else query).one_or_none()
    if found is None:
        raise NotFound("There is no such blackout.", "blackout_not_found")
    return found


def list_blackouts(session: Session, actor: Actor, wanted: BlackoutsQuery) -> Page[Blackout]:
    """A page of blackouts by name, or in the order asked for.

    Raises:
        BadRequest: an unknown sort key or a foreign cursor.
    """
    require(actor, Permission.SCHEDULES_READ)
    query = select(Blackout)
    if environments := [value for value in wanted.environment if value]:
        query = query.where(col(Blackout.environment).in_(environments))
    return read_page(session, query, BLACKOUT_SORT, wanted)


def blackouts_of(session: Session, environment: str) -> Sequence[Blackout]:
    """Every blackout of an environment, for whoever is about to start something there."""
    return session.exec(select(Blackout).where(Blackout.environment == environment)).all()


def all_blackouts(session: Session) -> Sequence[Blackout]:
    """Every blackout there is."""
    return session.exec(select(Blackout)).all()
