"""Logs of containers and services with secrets hidden, a part or a tail that goes on; and what happens to them."""

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.containers.endpoints import Door, EndpointId, engine_behind, open_door, read_id
from orch_app.domains.containers.inspections import Source, inspected
from orch_app.integrations.docker.engine import Engine, LogTail, LogWish
from orch_app.integrations.docker.log_stream import LogLine
from orch_app.integrations.docker.things import Event
from orch_app.kit.clock import now
from orch_app.kit.errors import BadRequest
from orch_app.kit.secret_shapes import LineRedactor, secret_values

MAX_BYTES = 20 << 20
LINE_COSTS = 64
_SPAN = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True)
class ServiceSource:
    """A service of an endpoint's Swarm by its id or name: its manager collects what its tasks say on all machines."""

    endpoint_id: str
    service_id: str


LogSource = Source | ServiceSource


@dataclass(frozen=True)
class Part:
    """A part of a log; it is cut where there was more than anybody may ask for at once."""

    lines: list[LogLine]
    is_cut: bool


def read_log(actor: Actor, source: Source, wish: LogWish) -> Part:
    """A part of a container's log, at most 20 MiB of it from its beginning.

    Raises:
        NotFound: there is no such endpoint or container.
        UpstreamError, EgressRefused: the engine does not answer.
    """
    require(actor, Permission.CONNECTIONS_USE)
    kept: list[LogLine] = []
    size = 0
    with follow_log(actor, source, wish) as tail:
        for line in tail.lines:
            size += len(line.text) + LINE_COSTS
            if size > MAX_BYTES:
                return Part(kept, is_cut=True)
            kept.append(line)
    return Part(kept, is_cut=False)


@contextmanager
def follow_log(actor: Actor, source: LogSource, wish: LogWish) -> Generator[LogTail]:
    """The lines of a log as they come; with `wish.follow` until somebody calls `stop`.

    Raises:
        NotFound, UpstreamError, EgressRefused: as `read_log`.
    """
    require(actor, Permission.CONNECTIONS_USE)
    endpoint = read_id(source.endpoint_id)
    door = open_door(actor, endpoint)
    machine = source.machine if isinstance(source, Source) else ""
    with engine_behind(door, endpoint, machine) as engine, _opened(engine, source, wish) as (tail, environment):
        yield replace(tail, lines=_hidden(tail.lines, door, environment))


@contextmanager
def follow_events(actor: Actor, endpoint_id: str) -> Generator[Iterator[Event]]:
    """What happens to the containers, services and machines of an endpoint from now on.

    Raises:
        NotFound, UpstreamError, EgressRefused: as `read_log`.
    """
    require(actor, Permission.CONNECTIONS_USE)
    endpoint: EndpointId = read_id(endpoint_id)
    with engine_behind(open_door(actor, endpoint), endpoint) as engine, engine.events() as events:
        yield events


def moment(text: str, name: str) -> str:
    """A time of RFC 3339, or a span before now such as `15m`, in seconds since 1970 as the engine takes it.

    Raises:
        BadRequest: it is neither.
    """
    if not text:
        return ""
    span = _SPAN.fullmatch(text)
    try:
        if span:
            return f"{(now() - timedelta(**{_UNITS[span[2]]: int(span[1])})).timestamp():.9f}"
        at = datetime.fromisoformat(text)
        return f"{(at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp():.9f}"
    except (ValueError, OverflowError) as error:
        raise BadRequest(
            f"`{name}` is a time such as 2026-02-02T02:40:00Z or a span such as 15m.", "bad_parameter"
        ) from error


@contextmanager
def _opened(engine: Engine, source: LogSource, wish: LogWish) -> Generator[tuple[LogTail, list[str]]]:
    """The log, and the environment of whoever writes it, whose secrets must not be seen in it."""
    about: dict[str, Any]
    if isinstance(source, ServiceSource):
        about = engine.service_template(source.service_id)
        log = engine.service_log(source.service_id, wish, has_terminal=bool(about.get("TTY")))
    else:
        document = inspected(engine, source.container_id)
        about = document.get("Config") or {}
        log = engine.container_log(document["Id"], wish, has_terminal=bool(about.get("Tty")))
    with log as tail:
        yield tail, about.get("Env") or []


def _hidden(lines: Iterator[LogLine], door: Door, environment: list[str]) -> Iterator[LogLine]:
    """The lines without the secrets of the connection, of the writer's own variables, and of what looks like one.

    Each stream of each task is read by itself: a private key goes over many lines of one.
    """
    known = [*door.secrets, *secret_values(environment)]
    redactors: dict[tuple[str, str], LineRedactor] = {}
    for line in lines:
        writer = (line.task, line.source)
        if writer not in redactors:
            redactors[writer] = LineRedactor(known)
        yield replace(line, text=redactors[writer].line(line.text))
