"""Reading hosts and connections."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.inventory.group_tree import ALL
from orch_app.domains.inventory.grouping import group_ids_below
from orch_app.domains.inventory.models import Connection, Host, HostGroupMember
from orch_app.domains.inventory.wire import ConnectionsQuery, HostsQuery
from orch_app.kit.errors import NotFound
from orch_app.kit.pages import Page, contains, read_page

Row = TypeVar("Row")
HOST_SORT = {
    "name": Host.name,
    "address": Host.address,
    "environment": Host.environment,
    "status": Host.status,
    "createdAt": Host.created_at,
    "updatedAt": Host.updated_at,
    "id": Host.id,
}
CONNECTION_SORT = {
    "name": Connection.name,
    "type": Connection.type,
    "environment": Connection.environment,
    "createdAt": Connection.created_at,
    "updatedAt": Connection.updated_at,
    "id": Connection.id,
}


@dataclass(frozen=True)
class Count:
    """How many there are, and how many of them are in trouble."""

    total: int
    bad: int


def get_host(session: Session, actor: Actor, host_id: str, *, for_change: bool = False) -> Host:
    """One host; `for_change` keeps others from changing it until the transaction ends.

    Raises:
        NotFound: there is none with this id.
    """
    require(actor, Permission.HOSTS_READ)
    query = select(Host).where(Host.id == host_id)
    host = session.exec(query.with_for_update() if for_change else query).one_or_none()
    if host is None:
        raise NotFound("There is no such host.", "host_not_found")
    return host


def find_host(session: Session, actor: Actor, host_id: str) -> Host | None:
    """One host, or None."""
    require(actor, Permission.HOSTS_READ)
    return session.get(Host, host_id)


def list_hosts(session: Session, actor: Actor, wanted: HostsQuery) -> Page[Host]:
    """A page of hosts by name, or in the order asked for.

    Raises:
        BadRequest: an unknown sort key or a foreign cursor.
    """
    require(actor, Permission.HOSTS_READ)
    query = _any_of(select(Host), Host.environment, wanted.environment)
    query = _any_of(query, Host.status, wanted.status)
    if wanted.connection_id:
        query = query.where(Host.connection_id == wanted.connection_id)
    groups = [name for name in wanted.group if name]
    if groups and ALL not in groups:
        query = query.where(col(Host.id).in_(_standing_in(group_ids_below(session, groups))))
    if wanted.q:
        query = query.where(or_(contains(Host.name, wanted.q), contains(Host.address, wanted.q)))
    return read_page(session, query, HOST_SORT, wanted)


def _standing_in(group_ids: Collection[str]) -> SelectOfScalar[str]:
    return select(HostGroupMember.host_id).where(col(HostGroupMember.group_id).in_(group_ids))


def hosts_of(session: Session, actor: Actor, environment: str) -> Sequence[Host]:
    """Every host of an environment, by name."""
    require(actor, Permission.HOSTS_READ)
    query = select(Host).where(Host.environment == environment)
    return session.exec(query.order_by(col(Host.name), col(Host.id))).all()


def host_names(session: Session, actor: Actor, environment: str, limit: int) -> Sequence[str]:
    """The first names of the hosts of one environment, or of all, in alphabetical order."""
    require(actor, Permission.HOSTS_READ)
    query = select(Host.name).order_by(Host.name).limit(limit).distinct()
    return session.exec(query.where(Host.environment == environment) if environment else query).all()


def get_connection(session: Session, actor: Actor, connection_id: str, *, for_change: bool = False) -> Connection:
    """One connection, sealed; `for_change` keeps others from changing it until the transaction ends.

    Raises:
        NotFound: there is none with this id.
    """
    require(actor, Permission.CONNECTIONS_READ)
    query = select(Connection).where(Connection.id == connection_id)
    connection = session.exec(query.with_for_update() if for_change else query).one_or_none()
    if connection is None:
        raise NotFound("There is no such connection.", "connection_not_found")
    return connection


def find_connection(session: Session, actor: Actor, connection_id: str) -> Connection | None:
    """One connection, sealed, or None."""
    require(actor, Permission.CONNECTIONS_READ)
    return session.get(Connection, connection_id)


def list_connections(session: Session, actor: Actor, wanted: ConnectionsQuery) -> Page[Connection]:
    """A page of connections by name, or in the order asked for.

    Raises:
        BadRequest: an unknown sort key or a foreign cursor.
    """
    require(actor, Permission.CONNECTIONS_READ)
    query = _any_of(select(Connection), Connection.environment, wanted.environment)
    query = _any_of(query, Connection.type, wanted.type)
    if wanted.q:
        query = query.where(contains(Connection.name, wanted.q))
    return read_page(session, query, CONNECTION_SORT, wanted)


def count_parts(session: Session, actor: Actor, environment: str = "") -> dict[str, Count]:
    """All hosts and all connections of one environment or of all; connections only for those who may read them."""
    require(actor, Permission.HOSTS_READ)
    found = {"hosts": _count(session, Host, col(Host.status).not_in(["ok", "unknown"]), environment)}
    if actor.may(Permission.CONNECTIONS_READ):
        found["connections"] = _count(session, Connection, col(Connection.last_test_ok).is_(False), environment)
    return found


def _count(session: Session, table: type[Host | Connection], is_bad: ColumnElement[bool], environment: str) -> Count:
    query = select(func.count(), func.count().filter(is_bad)).select_from(table)
    total, bad = session.exec(query.where(table.environment == environment) if environment else query).one()
    return Count(total, bad)


def failing_connections(session: Session, actor: Actor, environment: str, limit: int) -> Sequence[Connection]:
    """Connections whose last test failed, by name."""
    require(actor, Permission.CONNECTIONS_READ)
    query = select(Connection).where(col(Connection.last_test_ok).is_(False))
    query = query.where(Connection.environment == environment) if environment else query
    return session.exec(query.order_by(col(Connection.name), col(Connection.id)).limit(limit)).all()


def _any_of(query: SelectOfScalar[Row], column: Any, values: Sequence[str]) -> SelectOfScalar[Row]:
    """Narrowed to rows with one of the values; empty ones do not count, and none at all is no filter."""
    wanted = [value for value in values if value]
    return query.where(col(column).in_(wanted)) if wanted else query
