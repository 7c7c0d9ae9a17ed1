"""Containers, services and stacks over REST. Engines are asked while the caller waits, outside of any transaction."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from orch_app.domains.accounts.edge import SignedIn
from orch_app.domains.containers import logs, queries
from orch_app.domains.containers.inspections import Source, inspect_container
from orch_app.domains.containers.wire import (
    ContainerAnswer,
    ContainerQuery,
    EndpointAnswer,
    EndpointQuery,
    EndpointsQuery,
    InspectionAnswer,
    LogAnswer,
    LogLineAnswer,
    LogQuery,
    NodeAnswer,
    ServiceAnswer,
    StackAnswer,
)
from orch_app.integrations.docker.engine import LogWish

router = APIRouter(prefix="/v1/portainer", tags=["containers"])

ContainerName = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$")]


@router.get("/endpoints")
def list_container_endpoints(query: Annotated[EndpointsQuery, Query()], actor: SignedIn) -> list[EndpointAnswer]:
    """The engines behind all connections of the types `portainer` and `docker`, also those that do not answer."""
    return [EndpointAnswer.of(seen) for seen in queries.list_endpoints(actor, query.environment)]


@router.get("/containers")
def list_containers(query: Annotated[EndpointQuery, Query()], actor: SignedIn) -> list[ContainerAnswer]:
    """The containers of an endpoint by name; of one that is down those that Portainer saw last, marked as stale."""
    return ContainerAnswer.all_of(query.endpoint_id, queries.list_containers(actor, query.endpoint_id))


@router.get("/containers/{container_id}")
def get_container(
    container_id: ContainerName, query: Annotated[ContainerQuery, Query()], actor: SignedIn
) -> InspectionAnswer:
    """One container looked at closely: why it ended, what its health check says, what it is made of."""
    return InspectionAnswer.of(inspect_container(actor, Source(query.endpoint_id, container_id, query.node)))


@router.get("/containers/{container_id}/logs")
def get_container_log(container_id: ContainerName, query: Annotated[LogQuery, Query()], actor: SignedIn) -> LogAnswer:
    """The end of a container's log, or the part between two moments, with secrets hidden; at most 20 MiB."""
    source = Source(query.endpoint_id, container_id, query.node)
    since, until = logs.moment(query.since, "since"), logs.moment(query.until, "until")
    part = logs.read_log(actor, source, LogWish(query.tail, since, until))
    lines = [LogLineAnswer(at=line.at, source=line.source, text=line.text) for line in part.lines]
    return LogAnswer(lines=lines, truncated=part.is_cut)


@router.get("/services")
def list_container_services(query: Annotated[EndpointQuery, Query()], actor: SignedIn) -> list[ServiceAnswer]:
    """The services of an endpoint's Swarm by name, with what really runs of them."""
    return [ServiceAnswer.of(row) for row in queries.list_services(actor, query.endpoint_id)]


@router.get("/stacks")
def list_container_stacks(query: Annotated[EndpointQuery, Query()], actor: SignedIn) -> list[StackAnswer]:
    """What belongs together at an endpoint by its labels, whoever made it."""
    return [StackAnswer.of(row) for row in queries.list_stacks(actor, query.endpoint_id)]


@router.get("/nodes")
def list_container_nodes(query: Annotated[EndpointQuery, Query()], actor: SignedIn) -> list[NodeAnswer]:
    """The machines of an endpoint's Swarm by name."""
    return [NodeAnswer.of(row) for row in queries.list_nodes(actor, query.endpoint_id)]
