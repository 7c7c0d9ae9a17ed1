"""Sources that are fetched by a connection."""

from collections.abc import Collection, Iterator

from sqlmodel import Session, col, select

from orch_app.domains.inventory.models import Connection
from orch_app.domains.inventory.uses import ConnectionUse
from orch_app.domains.sources.models import RunbookSource


def find_uses(session: Session, connection_ids: Collection[str]) -> Iterator[ConnectionUse]:
    """Sources that name one of these connections."""
    query = select(RunbookSource.connection_id, RunbookSource.id, RunbookSource.name, Connection.environment).where(
        col(RunbookSource.connection_id) == col(Connection.id), col(RunbookSource.connection_id).in_(connection_ids)
    )
    for connection_id, source_id, name, environment in session.exec(query).all():
        yield ConnectionUse(str(connection_id), "source", source_id, name, environment)
