"""The doorbell: a unit of work notes what should be rung, and rings only after its commit.

A message is a task's name and ids, nothing else; losing one delays a job until the next sweep and breaks nothing.
"""

import sqlite3
from collections.abc import Callable
from typing import Any

import redis
import structlog
from sqlmodel import Session

from orch_app.kit.crash import crash_point

Bell = Callable[[str, dict[str, str]], None]
Probe = Callable[[], bool]
_NOTED = "queue.noted"
_bells: list[Bell] = []
_probes: list[Probe] = []
_log = structlog.get_logger("queue")


def install_bell(bell: Bell, probe: Probe) -> None:
    """Say how a noted message leaves this process and how to see that the queue lives; called once, by the wiring."""
    _bells[:] = [bell]
    _probes[:] = [probe]


def is_reachable() -> bool:
    """Whether the queue answers."""
    return all(probe() for probe in _probes)


def enqueue(session: Session, name: str, **payload: str) -> None:
    """Note that `name` is to be rung with these ids once the session's unit of work has committed."""
    session.info.setdefault(_NOTED, []).append((name, payload))


def ring_noted(info: dict[Any, Any]) -> None:
    """Ring everything a committed session has noted. A dead queue is logged: the sweep rings again."""
    for name, payload in info.pop(_NOTED, []):
        crash_point("bell.before")
        for bell in _bells:
            try:
                bell(name, payload)
            except (redis.RedisError, sqlite3.Error, OSError) as error:
                _log.warning("queue.bell_failed", task=name, error=type(error).__name__)
