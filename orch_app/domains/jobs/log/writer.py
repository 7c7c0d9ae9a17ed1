"""The worker's end of a log: numbers lines and stores them, with the steps they belong to, in batches.

Lines come in masked. Numbers are given here, once, before anything is stored; what a reader has seen never changes.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from orch_app.domains.jobs.errors import LostClaimError
from orch_app.domains.jobs.held import Claim
from orch_app.domains.jobs.log.lag import lag
from orch_app.domains.jobs.log.lines import Line
from orch_app.domains.jobs.log.store import append
from orch_app.domains.jobs.steps import StepChange, store_steps
from orch_app.kit.crash import crash_point
from orch_app.kit.db import unit_of_work
from orch_app.kit.errors import Unavailable

BATCH_LINES = 1_000
GATHER_S = 0.02
BATCH_S = 0.06
"""How long the first lines after a silence wait for others, and how far apart batches begin while lines keep coming:
each costs a commit here and a look in every process that shows the log."""

RETRY_S = 1.0
MAX_WAITING = 20_000
MAX_WAITING_CHARS = 8_000_000


@dataclass
class _Waiting:
    """What has gathered since the last store."""

    lines: list[Line] = field(default_factory=list)
    steps: list[StepChange] = field(default_factory=list)
    chars: int = 0

    def __bool__(self) -> bool:
        return bool(self.lines or self.steps)

    @property
    def is_full(self) -> bool:
        return len(self.lines) >= MAX_WAITING or self.chars >= MAX_WAITING_CHARS


def _chars(lines: Sequence[Line]) -> int:
    return sum(len(line.message) for line in lines)


class LogWriter:
    """One job's writer. `add` never touches the database; a thread stores what has gathered.

    When the database is away the thread tries again, and `add` blocks once 20,000 lines or 8 million characters wait:
    the play waits with it instead of filling the memory. `on_lost` is called once when the claim is gone.
    """

    def __init__(self, held: Claim, after_seq: int, on_lost: Callable[[], None]) -> None:
        self._held = held
        self._next = after_seq + 1
        self._on_lost = on_lost
        self._waiting = _Waiting()
        self._ready = threading.Condition()
        self._begun = -BATCH_S
        self._closed = False
        self.is_lost = False
        self._thread = threading.Thread(target=self._run, name=f"log-{held.job_id[-6:]}", daemon=True)
        self._thread.start()

    @property
    def next_seq(self) -> int:
        """The number that the next line will get."""
        return self._next

    def add(self, lines: Sequence[Line], steps: Sequence[StepChange] = ()) -> None:
        """Hand numbered lines, the first being `next_seq`, and changes of steps to the storing thread."""
        with self._ready:
            while self._waiting.is_full and not self.is_lost:
                self._ready.wait(RETRY_S)
            is_first = not self._waiting
            self._waiting.lines.extend(lines)
            self._waiting.chars += _chars(lines)
            self._waiting.steps.extend(steps)
            self._next += len(lines)
            if is_first or len(self._waiting.lines) >= BATCH_LINES:
                self._ready.notify_all()

    def close(self) -> None:
        """Store what is left and end the thread; returns when every line is stored or the claim is lost."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while batch := self._gather():
            if not self._store(batch):
                return

    def _gather(self) -> _Waiting:
        with self._ready:
            self._ready.wait_for(lambda: self._waiting or self._closed)
            due = max(time.monotonic() + GATHER_S, self._begun + BATCH_S)
            self._ready.wait_for(self._is_due, due - time.monotonic())
            self._begun = time.monotonic()
            batch = _Waiting(self._waiting.lines[:BATCH_LINES], self._waiting.steps)
            self._waiting = _Waiting(self._waiting.lines[BATCH_LINES:], chars=self._waiting.chars - _chars(batch.lines))
            self._ready.notify_all()
            return batch

    def _is_due(self) -> bool:
        return self._closed or len(self._waiting.lines) >= BATCH_LINES

    def _store(self, batch: _Waiting) -> bool:
        while True:
            try:
                with unit_of_work() as session:
                    append(session, self._held, batch.lines)
                    store_steps(session, self._held.job_id, batch.steps)
            except Unavailable:
                threading.Event().wait(RETRY_S)
            except LostClaimError:
                self.is_lost = True
                self._on_lost()
                return False
            else:
                crash_point("log.after_commit")
                if batch.lines:
                    lag.note(batch.lines[0].ts)
                return True
