"""How long lines of this process wait for their rows: the longest, since somebody last asked."""

import threading
from datetime import datetime

from orch_app.kit.clock import now


class Lag:
    """The longest wait of a log line between being said and being stored, of all jobs of a worker."""

    def __init__(self) -> None:
        self._longest_ms = 0
        self._lock = threading.Lock()

    def note(self, said_at: datetime) -> None:
        """A line that was said then has just been stored."""
        with self._lock:
            self._longest_ms = max(self._longest_ms, round((now() - said_at).total_seconds() * 1000))

    def take_ms(self) -> int:
        """The longest since the last call."""
        with self._lock:
            longest, self._longest_ms = self._longest_ms, 0
        return longest


lag = Lag()
