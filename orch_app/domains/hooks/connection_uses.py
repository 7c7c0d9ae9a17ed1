"""Webhooks whose jobs will open connections."""

from collections.abc import Collection, Iterator

from sqlmodel import Session, col, select

from orch_app.domains.hooks.models import Hook
from orch_app.domains.inventory.uses import ConnectionUse, uses_in


def find_uses(session: Session, connection_ids: Collection[str]) -> Iterator[ConnectionUse]:
    """Webhooks, also those that are switched off, that name one of these connections."""
    query = select(Hook.id, Hook.name, Hook.environment, Hook.connection_ids).where(col(Hook.connection_ids) != {})
    for hook_id, name, environment, slots in session.exec(query).all():
        for connection_id in uses_in(slots, connection_ids):
            yield ConnectionUse(connection_id, "hook", hook_id, name, environment)
