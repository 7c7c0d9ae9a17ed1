"""What runs where, asked of the engines at this moment; of one that is down what Portainer saw last, with its time."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.containers.endpoints import (
    Door,
    EndpointId,
    engine_behind,
    open_door,
    open_doors,
    portainer_behind,
    read_id,
)
from orch_app.domains.inventory.types import PortainerPayload
from orch_app.integrations.docker import reading as engine_documents
from orch_app.integrations.docker.engine import Engine, Swarm
from orch_app.integrations.docker.things import Container, Node, Service, Stack, Task
from orch_app.integrations.portainer.server import Endpoint
from orch_app.kit.errors import OrchError
from orch_app.kit.upstream_failures import UpstreamError

AT_ONCE = 8
"""Connections that are asked at the same time."""
NO_SWARM = Swarm([], [], [])

Status = Literal["up", "down", "error"]


@dataclass(frozen=True)
class Seen:
    """An endpoint as it is, or as it was when Portainer saw it last; `error` is why it could not be asked."""

    id: EndpointId
    door: Door
    name: str
    status: Status
    engine: str = ""
    running: int = 0
    stopped: int = 0
    unhealthy: int | None = None
    nodes: int = 0
    seen_at: datetime | None = None
    error: OrchError | None = None


@dataclass(frozen=True)
class Containers:
    """The containers of one endpoint; `seen_at` is None for this moment, else when Portainer saw them."""

    rows: list[Container]
    seen_at: datetime | None = None


def list_endpoints(actor: Actor, environment: str = "") -> list[Seen]:
    """Every engine behind every connection, by the names of both. One that fails is told with its error.

    Raises:
        Conflict: a connection cannot be opened.
    """
    require(actor, Permission.CONNECTIONS_USE, environment=environment or None)
    doors = open_doors(actor, environment)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="endpoints") as pool:
        return [seen for group in pool.map(endpoints_behind, doors) for seen in group]


def list_containers(actor: Actor, endpoint_id: str) -> Containers:
    """The containers of an endpoint by name, those that have ended too.

    Raises:
        NotFound: there is no such endpoint.
        UpstreamError, EgressRefused: it does not answer, and nothing is known of it from before.
    """
    require(actor, Permission.CONNECTIONS_USE)
    endpoint = read_id(endpoint_id)
    door = open_door(actor, endpoint)
    try:
        with engine_behind(door, endpoint) as engine:
            return Containers(engine.containers(_tasks(engine)))
    except UpstreamError as error:
        known = seen_last(door, endpoint) if error.is_unwell else None
        if known is None:
            raise
        return known


def _tasks(engine: Engine) -> Sequence[Task]:
    """What tells which containers have been replaced; a list without that is better than none."""
    try:
        return (engine.swarm() or NO_SWARM).tasks
    except UpstreamError:
        return ()


def seen_last(door: Door, endpoint: EndpointId) -> Containers | None:
    """The containers that Portainer saw last at an endpoint that does not answer; None where it knows of none."""
    if endpoint.number is None:
        return None
    try:
        with portainer_behind(door) as portainer:
            known = portainer.endpoint(endpoint.number).snapshot
            if known is None or not known.containers:
                return None
            rows = [engine_documents.container(row) for row in known.containers]
            return Containers(sorted(rows, key=lambda one: (one.name, one.id)), known.at)
    except OrchError:
        return None


def list_services(actor: Actor, endpoint_id: str) -> Sequence[Service]:
    """The services of an endpoint's Swarm by name; none where there is no Swarm.

    Raises:
        NotFound, UpstreamError, EgressRefused: as `list_containers`.
    """
    require(actor, Permission.CONNECTIONS_USE)
    return _swarm(actor, endpoint_id).services


def list_nodes(actor: Actor, endpoint_id: str) -> Sequence[Node]:
    """The machines of an endpoint's Swarm by name; none where there is no Swarm.

    Raises:
        NotFound, UpstreamError, EgressRefused: as `list_containers`.
    """
    require(actor, Permission.CONNECTIONS_USE)
    return _swarm(actor, endpoint_id).nodes


def list_stacks(actor: Actor, endpoint_id: str) -> Sequence[Stack]:
    """What belongs together by its labels, whoever made it.

    Raises:
        NotFound, UpstreamError, EgressRefused: as `list_containers`.
    """
    require(actor, Permission.CONNECTIONS_USE)
    endpoint = read_id(endpoint_id)
    with engine_behind(open_door(actor, endpoint), endpoint) as engine:
        swarm = engine.swarm() or NO_SWARM
        return engine_documents.stacks(swarm.services, engine.containers(swarm.tasks))


def _swarm(actor: Actor, endpoint_id: str) -> Swarm:
    endpoint = read_id(endpoint_id)
    with engine_behind(open_door(actor, endpoint), endpoint) as engine:
        return engine.swarm() or NO_SWARM


def endpoints_behind(door: Door) -> list[Seen]:
    """The endpoints of one connection, or the one error that keeps us from knowing them."""
    try:
        if isinstance(door.payload, PortainerPayload):
            with portainer_behind(door) as portainer:
                return [_of_portainer(door, one) for one in portainer.endpoints() if one.is_docker]
        endpoint = EndpointId(door.id)
        with engine_behind(door, endpoint) as engine:
            return [_of_engine(door, endpoint, engine)]
    except OrchError as error:
        return [Seen(EndpointId(door.id), door, door.name, "error", error=error)]


def _of_engine(door: Door, endpoint: EndpointId, engine: Engine) -> Seen:
    info = engine.info()
    return Seen(endpoint, door, door.name, "up", info.version, info.running, info.stopped, nodes=info.nodes)


def _of_portainer(door: Door, endpoint: Endpoint) -> Seen:
    """By what Portainer saw last, which is less than a snapshot interval ago while the endpoint is up."""
    status: Status = "up" if endpoint.is_up else "down"
    known = endpoint.snapshot
    place = EndpointId(door.id, endpoint.number)
    if known is None:
        return Seen(place, door, endpoint.name, status)
    return Seen(
        place,
        door,
        endpoint.name,
        status,
        known.engine,
        known.running,
        known.stopped,
        known.unhealthy,
        known.nodes,
        known.at,
    )
