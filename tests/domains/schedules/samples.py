"""Schedules for tests, and a clock for them: moments are told as `2026-03-08 02:30` of a zone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import col, select, update

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs.models import Job
from orch_app.domains.schedules import cron, firing, service
from orch_app.domains.schedules.models import Firing, Schedule
from orch_app.domains.schedules.wire import NewSchedule
from orch_app.kit.db import reading, unit_of_work

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def ms(text: str, zone: str = "UTC") -> int:
    return cron.to_ms(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def told(moments: Sequence[int], zone: str) -> list[str]:
    """Moments as the clocks of a zone show them."""
    return [cron.to_datetime(at).astimezone(ZoneInfo(zone)).isoformat(timespec="minutes") for at in moments]


def add(owner: Actor, *, stands_at: str = "", **facts: Any) -> Schedule:
    """A schedule whose next moment is `stands_at` (UTC), whatever the real clock says."""
    given: dict[str, Any] = {"name": "nightly", "runbook": "host_report", "cron": "0 * * * *", **facts}
    with unit_of_work() as session:
        row = service.create(session, owner, NewSchedule(**given))
    if stands_at:
        put(row, next_fire_at=ms(stands_at))
    return row


def put(row: Schedule, **facts: Any) -> None:
    with unit_of_work() as session:
        session.exec(update(Schedule).where(col(Schedule.id) == row.id).values(**facts))


def tick(at: str | int) -> list[Firing]:
    """Everything that was fired when the database's clock showed this (UTC)."""
    moment = ms(at) if isinstance(at, str) else at
    found: list[Firing] = []
    while True:
        with unit_of_work() as session:
            fired = firing.fire_due(session, at_ms=moment)
        if fired is None:
            return found
        found += fired.firings


def fresh(row: Schedule) -> Schedule:
    with reading() as session:
        return session.exec(select(Schedule).where(Schedule.id == row.id)).one()


def firings(row: Schedule) -> list[Firing]:
    """Oldest first."""
    with reading() as session:
        query = select(Firing).where(Firing.schedule_id == row.id).order_by(col(Firing.id))
        return list(session.exec(query))


def jobs_of(row: Schedule) -> list[Job]:
    with reading() as session:
        return list(session.exec(select(Job).where(Job.origin_id == row.id).order_by(col(Job.id))))


def outcomes(row: Schedule) -> list[tuple[str, str, int]]:
    return [(one.outcome, one.reason, one.count) for one in firings(row)]
