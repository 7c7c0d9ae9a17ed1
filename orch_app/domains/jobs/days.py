"""How many jobs began on each day of a reader's calendar; the database counts, one row comes back for each day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from sqlalchemy import CTE, String, column, values
from sqlalchemy import select as select_columns
from sqlmodel import Session, and_, col, func

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.states import Status
from orch_app.kit.clock import now
from orch_app.kit.db import UtcDateTime


@dataclass(frozen=True)
class DayCount:
    """How many jobs began on one day and how many of them failed."""

    day: str
    total: int
    failed: int


def jobs_per_day(
    session: Session, actor: Actor, days: int, environment: str = "", *, zone: tzinfo = UTC
) -> list[DayCount]:
    """One entry for each of the last `days` days of the zone's calendar, the empty ones too, oldest first."""
    require(actor, Permission.JOBS_READ)
    calendar = _calendar(days, zone)
    began = and_(col(Job.created_at) >= calendar.c.since, col(Job.created_at) < calendar.c.until)
    # The environment is looked at while counting: in the join, SQLite would take its index and read all of it each day.
    here = col(Job.environment) == environment if environment else col(Job.id).is_not(None)
    failed = and_(here, col(Job.status) == Status.ERROR)
    query = (
        select_columns(calendar.c.day, *(func.count(col(Job.id)).filter(chosen) for chosen in (here, failed)))
        .select_from(calendar)
        .join(Job, began, isouter=True)
        .group_by(calendar.c.day)
        .order_by(calendar.c.day)
    )
    return [DayCount(*row) for row in session.connection().execute(query)]


def _calendar(days: int, zone: tzinfo) -> CTE:
    """The days as a table of moments: SQLite knows no zones, and a day may have 23 or 25 hours."""
    table = values(column("day", String), column("since", UtcDateTime), column("until", UtcDateTime), name="days")
    return table.data(list(_days(days, zone))).cte("days")


def _days(days: int, zone: tzinfo) -> Iterator[tuple[str, datetime, datetime]]:
    today = now().astimezone(zone).date()
    for back in range(days - 1, -1, -1):
        day = today - timedelta(days=back)
        yield day.isoformat(), _begin(day, zone), _begin(day + timedelta(days=1), zone)


def _begin(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
