"""What moves among schedules, for live pages and the events of the websocket."""

from collections.abc import Iterator
from datetime import timedelta

from sqlmodel import Session, col, select

from orch_app.domains.jobs.activity import Facts
from orch_app.domains.schedules import cron
from orch_app.domains.schedules.models import Firing, Schedule
from orch_app.domains.schedules.queries import status_of
from orch_app.kit.clock import now

RECENT = timedelta(minutes=2)
MOST = 2_000


def moves(session: Session) -> Iterator[Facts]:
    """Every schedule as it stands (`schedule.status`), and what was lately missed or failed (`schedule.missed`)."""
    for row in session.exec(select(Schedule).limit(MOST)):
        due = cron.to_datetime(row.next_fire_at).isoformat() if row.next_fire_at is not None else None
        facts = {"id": row.id, "name": row.name, "status": status_of(row), "nextFireAt": due, "version": row.version}
        yield ("schedule.status", row.id), facts
    late = select(Firing).where(Firing.outcome != "started", col(Firing.created_at) > now() - RECENT).limit(MOST)
    for firing in session.exec(late):
        facts = {"id": firing.id, "scheduleId": firing.schedule_id, "outcome": firing.outcome}
        yield ("schedule.missed", firing.id), facts | {"reason": firing.reason, "count": firing.count}
