"""Which engine is meant, and the way to it: a `docker` connection, or one endpoint of a `portainer` connection."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.inventory import connections
from orch_app.domains.inventory.engines import way_to_engine
from orch_app.domains.inventory.models import Connection
from orch_app.domains.inventory.types import DockerPayload, Payload, PortainerPayload, type_named
from orch_app.integrations.docker import engine as docker
from orch_app.integrations.docker.engine import Engine
from orch_app.integrations.portainer import server
from orch_app.integrations.portainer.server import Portainer, server_reach
from orch_app.kit.db import reading
from orch_app.kit.errors import BadRequest, NotFound
from orch_app.kit.settings import settings
from orch_app.kit.upstream import Upstream

TYPES = ("docker", "portainer")
ENDPOINT_SHAPE = r"^con_[0-9A-Z]{26}(\.[0-9]{1,9})?$"


@dataclass(frozen=True)
class EndpointId:
    """`con_01J...` is the engine of a docker connection, `con_01J....2` the second endpoint of a portainer one."""

    connection: str
    number: int | None = None

    def __str__(self) -> str:
        return self.connection if self.number is None else f"{self.connection}.{self.number}"


@dataclass(frozen=True)
class Door:
    """An opened connection: to whom it leads, and what has to be hidden of it."""

    id: str
    name: str
    environment: str
    payload: Payload = field(repr=False)
    place: str = ""

    @property
    def secrets(self) -> list[str]:
        """Its secrets in clear."""
        plain = self.payload.plain()
        return [str(plain[name]) for name in self.payload.secrets_set()]

    @property
    def allow(self) -> tuple[str, ...]:
        """The allow-list and the connection's own address: an admin has put it in."""
        return (*settings().egress_allow, *filter(None, (self.place,)))


def read_id(text: str) -> EndpointId:
    """An endpoint's id as callers write it.

    Raises:
        BadRequest: none was given.
        NotFound: it is none.
    """
    if not text:
        raise BadRequest("Say which endpoint is meant: `endpointId` is missing.", "bad_parameter")
    if not re.fullmatch(ENDPOINT_SHAPE, text):
        raise _unknown()
    connection, _, number = text.partition(".")
    return EndpointId(connection, int(number) if number else None)


def open_doors(actor: Actor, environment: str = "") -> list[Door]:
    """All connections that lead to engines, by name; those of one environment only where one is given.

    Raises:
        Conflict: the master key is not the one that sealed a connection, or its row was altered.
    """
    require(actor, Permission.CONNECTIONS_USE, environment=environment or None)
    query = select(Connection).where(col(Connection.type).in_(TYPES)).order_by(Connection.name, Connection.id)
    query = query.where(Connection.environment == environment) if environment else query
    with reading() as session:
        return [_door(row) for row in session.exec(query).all()]


def open_door(actor: Actor, endpoint: EndpointId) -> Door:
    """The connection that an endpoint belongs to.

    Raises:
        NotFound: there is no such connection, or it leads to no engine of that number.
        Conflict: the master key is not the one that sealed it, or its row was altered.
    """
    require(actor, Permission.CONNECTIONS_USE)
    with reading() as session:
        row = _row(session, endpoint)
        require(actor, Permission.CONNECTIONS_USE, environment=row.environment)
        return _door(row)


@contextmanager
def engine_behind(door: Door, endpoint: EndpointId, machine: str = "") -> Generator[Engine]:
    """The engine, for as long as the block lasts; an agent of Portainer passes questions on to `machine`."""
    if isinstance(door.payload, PortainerPayload) and endpoint.number is not None:
        with _server(door, door.payload, endpoint.number) as upstream:
            yield Portainer(upstream).engine(endpoint.number, machine)
        return
    assert isinstance(door.payload, DockerPayload)
    with (
        way_to_engine(door.payload, door.allow) as reach,
        Upstream(door.name, reach, explain=docker.explain) as upstream,
    ):
        yield Engine(upstream)


@contextmanager
def portainer_behind(door: Door) -> Generator[Portainer]:
    """The server of a portainer connection, for as long as the block lasts."""
    assert isinstance(door.payload, PortainerPayload)
    with _server(door, door.payload, 0) as upstream:
        yield Portainer(upstream)


def _server(door: Door, payload: PortainerPayload, endpoint: int) -> Upstream:
    reach = server_reach(payload.url, door.allow, verify=payload.tls_verify, endpoint=endpoint)
    return Upstream(door.name, reach, {"X-API-KEY": payload.api_key.get_secret_value()}, explain=server.explain)


def _row(session: Session, endpoint: EndpointId) -> Connection:
    row = session.get(Connection, endpoint.connection)
    if row is None or row.type != ("docker" if endpoint.number is None else "portainer"):
        raise _unknown()
    return row


def _door(row: Connection) -> Door:
    payload = connections.unsealed(row)
    return Door(row.id, row.name, row.environment, payload, type_named(row.type).place(payload))


def _unknown() -> NotFound:
    return NotFound("There is no such endpoint.", "endpoint_not_found")
