"""What runs on an engine and on a Swarm, as far as we look at it. Values of environment variables are never kept."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Health = Literal["", "starting", "healthy", "unhealthy"]
STACK_LABELS = ("com.docker.stack.namespace", "com.docker.compose.project")
_IN_ERROR = frozenset({"restarting", "dead"})


@dataclass(frozen=True)
class EngineInfo:
    """What an engine says about itself; `nodes` is 0 unless it manages a Swarm."""

    name: str
    version: str
    running: int
    stopped: int
    nodes: int


@dataclass(frozen=True)
class Port:
    """A port of a container; `public` is None while nobody outside can reach it."""

    private: int
    public: int | None
    protocol: str


@dataclass(frozen=True)
class Container:
    """One container. `status` is the engine's own sentence, `exit_code` None unless it has ended.

    `node` is the machine of a Swarm it runs on, where that is known. `stack` and `service` are empty for a container
    that somebody started by hand. Another task of the Swarm has the place of one that `is_replaced`.
    """

    id: str
    name: str
    image: str
    state: str
    status: str
    health: Health
    exit_code: int | None
    created_at: datetime
    stack: str
    service: str
    node: str
    ports: tuple[Port, ...]
    labels: dict[str, str] = field(repr=False)
    is_replaced: bool = False

    @property
    def is_in_error(self) -> bool:
        """Whether somebody should look at it: it failed, is unwell, or starts again and again."""
        failed = self.state == "exited" and bool(self.exit_code) and not self.is_replaced
        return failed or self.state in _IN_ERROR or (self.state == "running" and self.health == "unhealthy")


@dataclass(frozen=True)
class Inspection:
    """What the engine knows of one container beside its line in the list.

    `finished_at` is None while it has never ended. `check_says` is what its health check said last. Of its environment
    only the names of the variables are kept.
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
    variables: tuple[str, ...]
    mounts: tuple[str, ...]
    networks: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """One task of a service: `state` is where it is, `wanted` where it should be, in the words of the engine."""

    id: str
    service_id: str
    slot: int
    node_id: str
    container_id: str
    state: str
    wanted: str
    image: str
    error: str

    @property
    def is_running(self) -> bool:
        """Whether it runs, and should."""
        return self.state == self.wanted == "running"

    @property
    def is_over(self) -> bool:
        """Whether another one took its place."""
        return self.wanted in {"shutdown", "remove"}


@dataclass(frozen=True)
class Node:
    """A machine of a Swarm."""

    id: str
    name: str
    role: str
    availability: str
    state: str
    is_leader: bool
    address: str
    engine: str

    @property
    def is_in_error(self) -> bool:
        """Whether the Swarm has lost it."""
        return self.state != "ready"


@dataclass(frozen=True)
class Service:
    """A service of a Swarm. `running` counts tasks on machines that live; the engine's own count has dead ones in it.

    `wanted` is 0 for a job, whose tasks end. `update` is how its last update went, in the words of the engine.
    """

    id: str
    name: str
    image: str
    digest: str
    mode: str
    wanted: int
    running: int
    update: str
    update_message: str
    stack: str
    ports: tuple[Port, ...]
    environment_names: tuple[str, ...]
    updated_at: datetime
    error: str

    @property
    def is_in_error(self) -> bool:
        """Whether fewer tasks run than should, or its last update came to nothing."""
        return self.running < self.wanted or self.update in {"paused", "rollback_paused", "rollback_completed"}


@dataclass(frozen=True)
class Stack:
    """Services and containers that belong together. `kind` is swarm or compose, by whoever made it."""

    name: str
    kind: Literal["swarm", "compose"]
    services: int
    containers: int
    in_error: int


@dataclass(frozen=True)
class Event:
    """Something that happened on an engine, such as (container, die)."""

    at: datetime
    type: str
    action: str
    id: str
    name: str
    stack: str
    service: str
    exit_code: int | None


def stack_of(labels: dict[str, str]) -> str:
    """The stack that something belongs to by its labels; empty for none."""
    return next((labels[name] for name in STACK_LABELS if labels.get(name)), "")
