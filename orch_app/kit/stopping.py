"""Whether this process has been told to end: connections without an end of their own must let go of it then.

The server waits for open connections before it ends, and a stream or websocket stays open as long as its client likes.
"""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Stopping:
    """The tasks of this process that only end when they are told to."""

    def __init__(self) -> None:
        self.is_set = False
        self._endless: set[asyncio.Task[Any]] = set()

    def heed_signals(self) -> None:
        """Begin at SIGTERM, then leave the rest to the server, which takes SIGINT for the same wish."""

        def told() -> None:
            self.begin()
            signal.raise_signal(signal.SIGINT)

        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told)

    def begin(self) -> None:
        """Cancel what has no end of its own. To be called in the thread of the event loop."""
        self.is_set = True
        for task in self._endless:
            task.cancel()

    @contextmanager
    def ends(self, task: asyncio.Task[Any]) -> Iterator[None]:
        """Within the block the task is cancelled when the process is told to end, or at once when it has been."""
        self._endless.add(task)
        try:
            if self.is_set:
                task.cancel()
            yield
        finally:
            self._endless.discard(task)


stopping = Stopping()
