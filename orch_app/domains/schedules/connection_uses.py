"""Schedules whose jobs will open connections."""

from collections.abc import Collection, Iterator

from sqlmodel import Session, col, select

from orch_app.domains.inventory.uses import ConnectionUse, uses_in
from orch_app.domains.schedules.models import Schedule


def find_uses(session: Session, connection_ids: Collection[str]) -> Iterator[ConnectionUse]:
    """Schedules, paused ones too, that name one of these connections."""
    query = select(Schedule.id, Schedule.name, Schedule.environment, Schedule.connection_ids).where(
        col(Schedule.connection_ids) != {}
    )
    for schedule_id, name, environment, slots in session.exec(query).all():
        for connection_id in uses_in(slots, connection_ids):
            yield ConnectionUse(connection_id, "schedule", schedule_id, name, environment)
