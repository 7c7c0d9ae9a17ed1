"""The worker's end of a log: numbers lines and stores them in batches of at most 200 lines or 100 ms.

Lines come in masked. Numbers are given here, once, before anything is stored; what a reader has seen never changes.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orch_app.domains.jobs.claims import Claim
from orch_app.domains.jobs.errors import LostClaimError
from orch_app.domains.jobs.log.lines import Line
from orch_app.domains.jobs.log.store import append
from orch_app.kit.clock import now
from orch_app.kit.db import unit_of_work
from orch_app.kit.errors import Unavailable

BATCH_LINES = 1_000
BATCH_S = 0.05
RETRY_S = 1.0
MAX_WAITING = 20_000


@dataclass(frozen=True, slots=True)
class Draft:
    """A line before it has a number."""

    level: str
    message: str
    host: str = ""
    task: str = ""


class LogWriter:
    """One job's writer. `add` never touches the database; a thread stores what has gathered.

    When the database is away the thread tries again and `add` blocks once 20,000 lines wait: the play waits with it
    instead of filling the memory. `on_lost` is called once when the claim is gone.
    """

    def __init__(self, held: Claim, after_seq: int, on_lost: Callable[[], None]) -> None:
        self._held = held
        self._next = after_seq + 1
        self._on_lost = on_lost
        self._waiting: list[Line] = []
        self._ready = threading.Condition()
        self._closed = False
        self.is_lost = False
        self._thread = threading.Thread(target=self._run, name=f"log-{held.job_id[-6:]}", daemon=True)
        self._thread.start()

    def add(self, drafts: Sequence[Draft]) -> int:
        """Number these lines and hand them to the storing thread; returns the first number given."""
        moment = now()
        with self._ready:
            while len(self._waiting) >= MAX_WAITING and not self.is_lost:
                self._ready.wait(RETRY_S)
            first = self._next
            for draft in drafts:
                self._waiting.append(Line(self._next, moment, draft.level, draft.host, draft.task, draft.message))
                self._next += 1
            self._ready.notify_all()
        return first

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

    def _gather(self) -> list[Line]:
        with self._ready:
            while not self._waiting and not self._closed:
                self._ready.wait()
            if not self._closed and len(self._waiting) < BATCH_LINES:
                self._ready.wait(BATCH_S)
            batch, self._waiting = self._waiting[:BATCH_LINES], self._waiting[BATCH_LINES:]
            self._ready.notify_all()
            return batch

    def _store(self, batch: list[Line]) -> bool:
        while True:
            try:
                with unit_of_work() as session:
                    append(session, self._held, batch)
            except Unavailable:
                threading.Event().wait(RETRY_S)
            except LostClaimError:
                self.is_lost = True
                self._on_lost()
                return False
            else:
                return True
