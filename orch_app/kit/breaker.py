"""Circuit breakers: a system that failed several calls in a row is left alone for a while, then tried by one call."""

import time
from collections.abc import Callable
from functools import lru_cache
from threading import Lock

BROKEN_AFTER = 3
PAUSE_S = 15.0
MOST_REMEMBERED = 1024


class Breaker:
    """What the calls to one system came to lately. Any number of threads share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._failed_in_a_row = 0
        self._next_try = 0.0

    def admit(self) -> float:
        """Seconds until a call makes sense; 0 lets this one go.

        After the pause one caller goes ahead and the others wait for another one, unless the first succeeds before. A
        caller that never comes back therefore blocks nobody for longer than a pause.
        """
        with self._lock:
            at = self._clock()
            if self._failed_in_a_row < BROKEN_AFTER:
                return 0.0
            if at < self._next_try:
                return self._next_try - at
            self._next_try = at + PAUSE_S
            return 0.0

    def succeeded(self) -> None:
        """The system answered, whatever it said: everybody may call again."""
        with self._lock:
            self._failed_in_a_row = 0

    def failed(self) -> None:
        """No answer came, or one that says that the system is unwell."""
        with self._lock:
            self._failed_in_a_row += 1
            self._next_try = self._clock() + PAUSE_S


_making = Lock()


def breaker_of(place: str) -> Breaker:
    """The breaker of one system, the same for everybody in this process."""
    with _making:  # lru_cache alone lets two first callers make two
        return _made(place)


@lru_cache(maxsize=MOST_REMEMBERED)
def _made(place: str) -> Breaker:  # noqa: ARG001 - the key
    return Breaker()
