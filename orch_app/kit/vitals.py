"""A worker's sign of life for the machine it runs on: a file with the moment until which it counts.

The moment is of the machine's monotonic clock, which all processes share and nobody sets. The database has no part in
it: a worker whose database is away has plays to look after.
"""

import contextlib
from pathlib import Path
from time import monotonic

from orch_app.kit.settings import settings

NAME = "worker.alive"
LEAST_BEAT_S = 5.0
MISSED_BEATS = 6


def sign_of_life() -> None:
    """Say that this worker lives, good for some heartbeats to come. A full disk must not end its heartbeat."""
    good_until = monotonic() + MISSED_BEATS * max(settings().heartbeat_s, LEAST_BEAT_S)
    with contextlib.suppress(OSError):
        path_of().write_text(f"{good_until:.1f}", "ascii")


def path_of() -> Path:
    """Where the sign of life stands."""
    return settings().data_dir / NAME
