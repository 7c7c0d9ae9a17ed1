"""Portainer's own API, and the engines behind it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from orch_app.integrations.docker.engine import Engine
from orch_app.kit.upstream import Reach, Upstream

PAGE = 100
_UP = 1
_DOCKER_KINDS = frozenset({1, 2, 4})  # an engine, an agent, an agent at the edge; the others are clouds and Kubernetes


@dataclass(frozen=True)
class Snapshot:
    """What Portainer saw when it looked last; the only thing known about an endpoint that is down."""

    at: datetime
    engine: str
    is_swarm: bool
    running: int
    stopped: int
    unhealthy: int
    services: int
    stacks: int
    nodes: int
    containers: list[Mapping[str, Any]]
    """Lines as the engine wrote them, where Portainer hands them out; values of environment variables among them."""


@dataclass(frozen=True)
class Endpoint:
    """An environment that Portainer manages, as it calls it an endpoint."""

    number: int
    name: str
    url: str
    is_docker: bool
    is_up: bool
    snapshot: Snapshot | None


@dataclass(frozen=True)
class ManagedStack:
    """A stack that was made through Portainer; others are found by their labels only."""

    number: int
    name: str
    endpoint: int
    kind: int


class Portainer:
    """One server, asked with an access token."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def version(self) -> str:
        """The server's version; answers without a token too.

        Raises:
            UpstreamError, EgressRefused: as every question here, when it does not answer or may not be asked.
        """
        return str(self._upstream.get("/api/status").get("Version", ""))

    def endpoints(self) -> list[Endpoint]:
        """The endpoints that the token's user may see, by name."""
        rows: dict[int, dict[str, Any]] = {}
        while True:
            page = self._upstream.get("/api/endpoints", {"start": len(rows) + 1, "limit": PAGE})
            news = {row["Id"]: row for row in page if row["Id"] not in rows}
            rows |= news
            if len(news) < PAGE:  # also of a server that gives all at once, whatever is asked
                return sorted(map(_endpoint, rows.values()), key=lambda one: (one.name, one.number))

    def endpoint(self, number: int) -> Endpoint:
        """One endpoint."""
        return _endpoint(self._upstream.get(f"/api/endpoints/{number}"))

    def stacks(self) -> list[ManagedStack]:
        """The stacks that were made through Portainer and the token's user may see."""
        rows: Iterable[dict[str, Any]] = self._upstream.get("/api/stacks") or []
        return [ManagedStack(row["Id"], row["Name"], row.get("EndpointId", 0), row.get("Type", 0)) for row in rows]

    def engine(self, number: int, machine: str = "") -> Engine:
        """The engine behind an endpoint."""
        return Engine(self._upstream, f"/api/endpoints/{number}/docker", machine)


def server_reach(url: str, allow: tuple[str, ...] = (), *, verify: bool = True, endpoint: int = 0) -> Reach:
    """The way to a server; calls to an endpoint that is down must not count against the server or other endpoints."""
    place = f"{url}#{endpoint}" if endpoint else ""
    return Reach(url, allow, verify=verify, place=place)


def explain(document: Any) -> str:
    """Portainer's own words, or those of the engine behind it, about a refusal."""
    if not isinstance(document, dict):
        return ""
    message, details = str(document.get("message", "")), str(document.get("details", ""))
    return f"{message} ({details})" if details and details != message else message


def _endpoint(row: Mapping[str, Any]) -> Endpoint:
    snapshots = row.get("Snapshots") or []
    return Endpoint(
        number=row["Id"],
        name=str(row.get("Name", "")),
        url=str(row.get("URL", "")),
        is_docker=row.get("Type") in _DOCKER_KINDS,
        is_up=row.get("Status") == _UP,
        snapshot=_snapshot(snapshots[0]) if snapshots else None,
    )


def _snapshot(row: Mapping[str, Any]) -> Snapshot:
    raw = row.get("DockerSnapshotRaw") or {}
    return Snapshot(
        at=datetime.fromtimestamp(int(row.get("Time", 0)), UTC),
        engine=str(row.get("DockerVersion", "")),
        is_swarm=bool(row.get("Swarm")),
        running=int(row.get("RunningContainerCount", 0)),
        stopped=int(row.get("StoppedContainerCount", 0)),
        unhealthy=int(row.get("UnhealthyContainerCount", 0)),
        services=int(row.get("ServiceCount", 0)),
        stacks=int(row.get("StackCount", 0)),
        nodes=int(row.get("NodeCount", 0)),
        containers=raw.get("Containers") or [],
    )
