"""Who uses a connection: hosts, and what domains above this one name, which the wiring makes known."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.inventory.models import Host
from orch_app.domains.inventory.queries import get_connection
from orch_app.domains.inventory.wire import UseKind


@dataclass(frozen=True)
class ConnectionUse:
    """One thing that would miss the connection. `status` is that of a host."""

    connection_id: str
    kind: UseKind
    id: str
    name: str
    environment: str
    status: str = ""


Finder = Callable[[Session, Collection[str]], Iterable[ConnectionUse]]
"""What uses any of these connections."""

_finders: list[Finder] = []


def find_uses_by(*finders: Finder) -> None:
    """Say who else names connections; called once, by the wiring."""
    _finders[:] = finders


def uses_in(slots: Mapping[str, str], wanted: Collection[str]) -> set[str]:
    """Those of the wanted connections that fill one of the slots."""
    return set(slots.values()) & set(wanted)


def count_uses(session: Session, actor: Actor, connection_ids: Sequence[str]) -> dict[str, int]:
    """How many things use each of these connections; those that nothing uses are left out."""
    require(actor, Permission.CONNECTIONS_READ)
    query = (
        select(Host.connection_id, func.count())
        .where(col(Host.connection_id).in_(connection_ids))
        .group_by(col(Host.connection_id))
    )
    counts = Counter({str(connection_id): count for connection_id, count in session.exec(query).all()})
    counts.update(use.connection_id for use in _found(session, connection_ids))
    return dict(counts)


def list_uses(session: Session, actor: Actor, connection_id: str) -> list[ConnectionUse]:
    """What uses a connection, hosts first.

    Raises:
        NotFound: there is no such connection.
    """
    get_connection(session, actor, connection_id)
    query = select(Host).where(Host.connection_id == connection_id).order_by(Host.name, Host.id)
    hosts = [
        ConnectionUse(connection_id, "host", host.id, host.name, host.environment, host.status)
        for host in session.exec(query).all()
    ]
    return [*hosts, *sorted(_found(session, [connection_id]), key=lambda use: (use.kind, use.name, use.id))]


def _found(session: Session, connection_ids: Collection[str]) -> Iterable[ConnectionUse]:
    return (use for finder in _finders for use in finder(session, connection_ids)) if connection_ids else ()
