"""Identifiers: a short prefix and a ULID, so that they sort by age and say what they name.

Within one process each identifier sorts behind all that were made before it, also within a millisecond and when the
clock is set back. Two processes agree on the order only as far as their clocks tell milliseconds apart.
"""

import re
import threading
import time
from collections.abc import Callable

from ulid import ULID, ULIDGenerator

_SHAPE = re.compile(r"[a-z]{2,6}_[0-9A-HJKMNP-TV-Z]{26}")
_NS_PER_MS = 1_000_000


class _Ascending:
    """Makes ULIDs that only grow; the clock is read under the lock, or threads could overtake each other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest_ms = 0
        self._generator = ULIDGenerator()

    def next(self) -> ULID:
        with self._lock:
            self._latest_ms = max(self._latest_ms, time.time_ns() // _NS_PER_MS)
            return self._generator.generate(self._latest_ms)


_source: list[Callable[[], ULID]] = [_Ascending().next]


def new_id(prefix: str) -> str:
    """A new identifier such as `job_01J9ZC5V0G3M5W6YQX4T2R8S7K`, greater than any this process made with the prefix."""
    return f"{prefix}_{_source[-1]()}"


def push_source(source: Callable[[], ULID]) -> Callable[[], None]:
    """Number from another source until the returned function is called. For simulations, which must repeat exactly."""
    _source.append(source)
    return _source.pop  # pyright: ignore[reportReturnType]


def is_id(text: str, prefix: str) -> bool:
    """Whether the text has the shape of an identifier with this prefix."""
    return bool(_SHAPE.fullmatch(text)) and text.startswith(f"{prefix}_")
