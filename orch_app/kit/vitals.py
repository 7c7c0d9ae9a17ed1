"""A worker's sign of life for the machine it runs on: a file with the moment until which it counts.

The moment is of the machine's monotonic clock, which all processes share and nobody sets. The database has no part in
it: a worker whose database is away has plays to look after.
"""

import contextlib
import os
from pathlib import Path
from time import monotonic

from orch_app.kit.settings import settings

NAME = "worker.alive"
LEAST_BEAT_S = 5.0
MISSED_BEATS = 6


def sign_of_life() -> None:
    """Say that this worker lives, good for some heartbeats to come.

    A full disk must end neither its heartbeat nor its sign: that is written over the old one, which needs no room.
    """
    good_until = monotonic() + MISSED_BEATS * max(settings().heartbeat_s, LEAST_BEAT_S)
    with contextlib.suppress(OSError), open(path_of(), "wb", opener=_without_emptying) as file:
        file.write(b"%-16.1f" % good_until)


def _without_emptying(path: str, _flags: int) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)


def path_of() -> Path:
    """Where the sign of life stands."""
    return settings().data_dir / NAME
