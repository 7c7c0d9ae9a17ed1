"""The Engine API, as far as the product itself asks it: reading only. Changes are jobs, and jobs have modules."""

import json
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from orch_app.integrations.docker import reading
from orch_app.integrations.docker.log_stream import LogLine, by_task, lines
from orch_app.integrations.docker.things import Container, EngineInfo, Event, Node, Service, Task
from orch_app.integrations.docker.turnover import with_replaced
from orch_app.kit.upstream import Query, Stream, Upstream
from orch_app.kit.upstream_failures import UpstreamError

AGENT_TARGET = "X-PortainerAgent-Target"
_NO_SWARM = 503
LONGEST_EVENT = 1 << 20


@dataclass(frozen=True)
class LogWish:
    """Which part of a log: the last `tail` lines, between two moments (seconds since 1970); `follow` for what comes."""

    tail: int | None = 200
    since: str = ""
    until: str = ""
    follow: bool = False

    @property
    def query(self) -> Query:
        """As the engine takes it; times are always asked for, because they put lines of several logs in order."""
        return {
            "stdout": 1,
            "stderr": 1,
            "timestamps": 1,
            "tail": "all" if self.tail is None else str(self.tail),
            "since": self.since or None,
            "until": self.until or None,
            "follow": 1 if self.follow else None,
        }


@dataclass(frozen=True)
class LogTail:
    """An open log; `stop` ends it from another thread."""

    lines: Iterator[LogLine]
    stream: Stream

    def stop(self) -> None:
        """End it, also while it waits for the next line."""
        self.stream.stop()


@dataclass(frozen=True)
class Swarm:
    """What a manager knows, all of one moment."""

    services: list[Service]
    tasks: list[Task]
    nodes: list[Node]


class Engine:
    """One engine, asked through `upstream` below `prefix`; an agent of Portainer passes it on to `machine`."""

    def __init__(self, upstream: Upstream, prefix: str = "", machine: str = "") -> None:
        self._upstream = upstream
        self._prefix = prefix
        self._headers: Mapping[str, str] = {AGENT_TARGET: machine} if machine else {}

    def info(self) -> EngineInfo:
        """What the engine says about itself.

        Raises:
            UpstreamError, EgressRefused: as every question here, when it does not answer or may not be asked.
        """
        return reading.info(self._get("/info"))

    def containers(self, tasks: Iterable[Task] = ()) -> list[Container]:
        """All containers, also those that have ended, by name; a Swarm's `tasks` tell which have been replaced."""
        rows = self._get("/containers/json", {"all": 1})
        return with_replaced(sorted(map(reading.container, rows), key=lambda one: (one.name, one.id)), tasks)

    def swarm(self) -> Swarm | None:
        """Services, tasks and machines of the Swarm that this engine manages; None when it manages none."""
        try:
            nodes = [reading.node(row) for row in self._get("/nodes")]
        except UpstreamError as error:
            if error.answered == _NO_SWARM:
                return None
            raise
        tasks = [reading.task(row) for row in self._get("/tasks")]
        services = [reading.service(row, tasks, nodes) for row in self._get("/services")]
        return Swarm(sorted(services, key=lambda one: one.name), tasks, sorted(nodes, key=lambda one: one.name))

    def inspect(self, container_id: str) -> dict[str, Any]:
        """Everything about a container, with the values of its environment; never to be shown as it is."""
        return self._get(f"/containers/{container_id}/json")

    @contextmanager
    def container_log(self, container_id: str, wish: LogWish, *, has_terminal: bool) -> Generator[LogTail]:
        """A container's log."""
        with self._log(f"/containers/{container_id}/logs", wish, has_terminal=has_terminal) as tail:
            yield tail

    def service_template(self, service_id: str) -> dict[str, Any]:
        """What a service's containers are made by, with the values of their environment; never to be shown as it is."""
        return self._get(f"/services/{service_id}")["Spec"]["TaskTemplate"].get("ContainerSpec") or {}

    @contextmanager
    def service_log(self, service_id: str, wish: LogWish, *, has_terminal: bool) -> Generator[LogTail]:
        """The logs of all tasks of a service, collected by the manager from all machines; each line has its task."""
        with self._log(f"/services/{service_id}/logs", wish, has_terminal=has_terminal, with_writers=True) as tail:
            yield replace(tail, lines=by_task(tail.lines))

    @contextmanager
    def events(self, since: str = "", until: str = "") -> Generator[Iterator[Event]]:
        """What happens to containers, services and nodes from now on, or between two moments."""
        types = json.dumps({"type": ["container", "service", "node"]})
        asked = {"filters": types, "since": since or None, "until": until or None}
        with self._upstream.stream(f"{self._prefix}/events", asked, self._headers) as stream:
            yield (reading.event(row) for row in _documents(stream.chunks()))

    @contextmanager
    def _log(self, path: str, wish: LogWish, *, has_terminal: bool, with_writers: bool = False) -> Generator[LogTail]:
        query = {**wish.query, "details": 1 if with_writers else None}
        silence_s = None if wish.follow else 30.0
        with self._upstream.stream(f"{self._prefix}{path}", query, self._headers, silence_s=silence_s) as stream:
            yield LogTail(lines(stream.chunks(), has_terminal=has_terminal), stream)

    def _get(self, path: str, query: Query | None = None) -> Any:
        return self._upstream.get(f"{self._prefix}{path}", query, self._headers)


def explain(document: Any) -> str:
    """The engine's own words about a refusal."""
    return str(document.get("message", "")) if isinstance(document, dict) else ""


def _documents(chunks: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """JSON documents, one a line, wherever the pieces are cut."""
    held = b""
    for chunk in chunks:
        *whole, held = (held + chunk).split(b"\n")
        if len(held) > LONGEST_EVENT:
            raise UpstreamError("upstream_5xx", "An event of the engine does not end.")
        yield from (json.loads(line) for line in whole if line.strip())
