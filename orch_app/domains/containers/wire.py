"""What the routes of containers answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from orch_app.domains.access.launch_matrix import Environment
from orch_app.domains.containers.queries import Containers, Seen, Status
from orch_app.integrations.docker.things import Container, Health, Inspection, Node, Port, Service, Stack
from orch_app.kit.rest import Answer, CamelModel
from orch_app.kit.secret_shapes import hide_values

EndpointText = Annotated[str, Field(max_length=64)]
Moment = Annotated[str, Field(max_length=64)]


class EndpointsQuery(CamelModel):
    """Which endpoints; none given is all."""

    environment: Environment | Literal[""] = ""


class EndpointQuery(CamelModel):
    """Which endpoint, by the id that the list of endpoints gives; asking without one is refused after the rights."""

    endpoint_id: EndpointText = ""


class ContainerQuery(EndpointQuery):
    """Of which endpoint, and behind an agent of Portainer on which machine, a container is."""

    node: Annotated[str, Field(max_length=253, pattern=r"^[A-Za-z0-9._-]*$")] = ""


class LogQuery(ContainerQuery):
    """Which part of a log; `since` and `until` are times of RFC 3339 or spans before now such as `15m`."""

    tail: Annotated[int, Field(ge=1, le=10_000)] = 200
    since: Moment = ""
    until: Moment = ""


class EndpointFault(Answer):
    """Why an endpoint could not be asked."""

    code: str
    detail: str


class EndpointAnswer(Answer):
    """An engine that containers run on. `stale` numbers are those that Portainer saw last, at `seenAt`."""

    id: str
    connection_id: str
    connection_name: str
    environment: str
    name: str
    status: Status
    stale: bool
    seen_at: datetime | None
    engine: str
    running: int
    stopped: int
    unhealthy: int | None
    nodes: int
    error: EndpointFault | None

    @classmethod
    def of(cls, seen: Seen) -> "EndpointAnswer":
        """The answer for an endpoint."""
        fault = EndpointFault(code=seen.error.code, detail=seen.error.detail) if seen.error else None
        return cls(
            id=str(seen.id),
            connection_id=seen.door.id,
            connection_name=seen.door.name,
            environment=seen.door.environment,
            name=seen.name,
            status=seen.status,
            stale=seen.status != "up" and seen.seen_at is not None,
            seen_at=seen.seen_at,
            engine=seen.engine,
            running=seen.running,
            stopped=seen.stopped,
            unhealthy=seen.unhealthy,
            nodes=seen.nodes,
            error=fault,
        )


class PortAnswer(Answer):
    """A port of a container or a service."""

    private: int
    public: int | None
    protocol: str

    @classmethod
    def all_of(cls, ports: Sequence[Port]) -> list["PortAnswer"]:
        """The answers for some ports."""
        return [cls.model_validate(port) for port in ports]


class ContainerAnswer(Answer):
    """A container. `stale` ones were seen at `seenAt`, before their endpoint went down."""

    id: str
    endpoint_id: str
    name: str
    image: str
    state: str
    status: str
    health: Health
    exit_code: int | None
    in_error: bool
    created_at: datetime
    stack: str
    service: str
    node: str
    ports: list[PortAnswer]
    labels: dict[str, str]
    stale: bool
    seen_at: datetime | None

    @classmethod
    def all_of(cls, endpoint_id: str, found: Containers) -> list["ContainerAnswer"]:
        """The answers for the containers of an endpoint."""
        return [cls._of(endpoint_id, row, found.seen_at) for row in found.rows]

    @classmethod
    def _of(cls, endpoint_id: str, row: Container, seen_at: datetime | None) -> "ContainerAnswer":
        return cls(
            id=row.id,
            endpoint_id=endpoint_id,
            name=row.name,
            image=row.image,
            state=row.state,
            status=row.status,
            health=row.health,
            exit_code=row.exit_code,
            in_error=row.is_in_error,
            created_at=row.created_at,
            stack=row.stack,
            service=row.service,
            node=row.node,
            ports=PortAnswer.all_of(row.ports),
            labels=hide_values(row.labels),
            stale=seen_at is not None,
            seen_at=seen_at,
        )


class InspectionAnswer(Answer):
    """A container looked at closely. Of its environment only the names of the variables are told.

    `finishedAt` is null while it has never ended; `checkSays` is what its health check said last.
    """

    id: str
    name: str
    command: str
    started_at: datetime | None
    finished_at: datetime | None
    restarts: int
    was_out_of_memory: bool
    error: str
    check_says: str
    variables: list[str]
    mounts: list[str]
    networks: list[str]

    @classmethod
    def of(cls, found: Inspection) -> "InspectionAnswer":
        """The answer for a container."""
        return cls.model_validate(found)


class ServiceAnswer(Answer):
    """A service of a Swarm. Of its environment only the names of the variables are told."""

    id: str
    name: str
    image: str
    digest: str
    mode: str
    wanted: int
    running: int
    in_error: bool
    error: str
    update: str
    update_message: str
    stack: str
    ports: list[PortAnswer]
    environment_names: list[str]
    updated_at: datetime

    @classmethod
    def of(cls, row: Service) -> "ServiceAnswer":
        """The answer for a service."""
        return cls(
            id=row.id,
            name=row.name,
            image=row.image,
            digest=row.digest,
            mode=row.mode,
            wanted=row.wanted,
            running=row.running,
            in_error=row.is_in_error,
            error=row.error,
            update=row.update,
            update_message=row.update_message,
            stack=row.stack,
            ports=PortAnswer.all_of(row.ports),
            environment_names=list(row.environment_names),
            updated_at=row.updated_at,
        )


class NodeAnswer(Answer):
    """A machine of a Swarm."""

    id: str
    name: str
    role: str
    availability: str
    state: str
    in_error: bool
    is_leader: bool
    address: str
    engine: str

    @classmethod
    def of(cls, row: Node) -> "NodeAnswer":
        """The answer for a machine."""
        return cls(
            id=row.id,
            name=row.name,
            role=row.role,
            availability=row.availability,
            state=row.state,
            in_error=row.is_in_error,
            is_leader=row.is_leader,
            address=row.address,
            engine=row.engine,
        )


class StackAnswer(Answer):
    """Services and containers that belong together by their labels, and how many of them are in error."""

    name: str
    kind: Literal["swarm", "compose"]
    services: int
    containers: int
    in_error: int

    @classmethod
    def of(cls, row: Stack) -> "StackAnswer":
        """The answer for a stack."""
        return cls.model_validate(row)


class LogLineAnswer(Answer):
    """One line; `at` is the engine's own time with nanoseconds."""

    at: str
    source: Literal["stdout", "stderr"]
    text: str


class LogAnswer(Answer):
    """A part of a log; `truncated` when there was more than 20 MiB."""

    lines: list[LogLineAnswer]
    truncated: bool
