"""Logs of containers and what happens to them, with secrets hidden: a part of a log at once, or a tail that goes on."""

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
from orch_app.integrations.docker.engine import LogTail, LogWish
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
def follow_log(actor: Actor, source: Source, wish: LogWish) -> Generator[LogTail]:
    """The lines of a container's log as they come; with `wish.follow` until somebody calls `stop`.

    Raises:
        NotFound, UpstreamError, EgressRefused: as `read_log`.
    """
    require(actor, Permission.CONNECTIONS_USE)
    endpoint = read_id(source.endpoint_id)
    door = open_door(actor, endpoint)
    with engine_behind(door, endpoint, source.machine) as engine:
        about = inspected(engine, source.container_id)
        config: dict[str, Any] = about.get("Config") or {}
        has_terminal = bool(config.get("Tty"))
        with engine.container_log(about["Id"], wish, has_terminal=has_terminal) as tail:
            yield replace(tail, lines=_hidden(tail.lines, door, config.get("Env") or []))


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
    if span:
        return f"{(now() - timedelta(**{_UNITS[span[2]]: int(span[1])})).timestamp():.9f}"
    try:
        at = datetime.fromisoformat(text)
        return f"{(at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp():.9f}"
    except (ValueError, OverflowError) as error:
        raise BadRequest(
            f"`{name}` is a time such as 2026-02-02T02:40:00Z or a span such as 15m.", "bad_parameter"
        ) from error


def _hidden(lines: Iterator[LogLine], door: Door, environment: list[str]) -> Iterator[LogLine]:
    """The lines without the secrets of the connection, of the container's own variables, and of what looks like one."""
    known = [*door.secrets, *secret_values(environment)]
    redactors = {name: LineRedactor(known) for name in ("stdout", "stderr")}
    return (replace(line, text=redactors[line.source].line(line.text)) for line in lines)
