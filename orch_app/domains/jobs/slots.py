"""The jobs that this worker process runs at the moment, and how they are told to stop."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from orch_app.domains.jobs.claims import extend
from orch_app.domains.jobs.held import Claim
from orch_app.domains.jobs.states import Reason
from orch_app.domains.jobs.workers import WorkerState
from orch_app.kit.db import unit_of_work
from orch_app.kit.ids import new_id
from orch_app.kit.settings import settings


@dataclass
class Running:
    """One job in a slot. `stop` is set when it must end, `kill` when it gets no time for that.

    `why` then says whether it was cancelled, lost or stopped.
    """

    held: Claim
    stop: threading.Event = field(default_factory=threading.Event)
    kill: threading.Event = field(default_factory=threading.Event)
    why: Reason | None = None
    is_lost: bool = False

    def end(self, why: Reason) -> None:
        """Tell the job to stop, once; the first reason stays."""
        if not self.stop.is_set():
            self.why = why
            self.stop.set()

    def lose(self) -> None:
        """The claim is gone: stop, and write nothing more about the job."""
        self.is_lost = True
        self.end(Reason.INTERRUPTED)


class Slots:
    """All running jobs of a worker process."""

    def __init__(self) -> None:
        self.worker_id = new_id("wrk")
        self.worker_name = ""
        self.is_draining = False
        """The process is about to end."""
        self.is_paused = False
        """Somebody wants it to take no more jobs for now."""
        self._running: dict[str, Running] = {}
        self._lock = threading.Lock()
        self._empty = threading.Condition(self._lock)

    @property
    def takes_jobs(self) -> bool:
        """Whether this worker may claim another job."""
        return not (self.is_draining or self.is_paused)

    @property
    def state(self) -> WorkerState:
        """What the worker says of itself."""
        if self.takes_jobs:
            return WorkerState.RUNNING
        return WorkerState.DRAINING if self.is_draining or self.all() else WorkerState.DRAINED

    def take(self, held: Claim) -> Running:
        """Note a claimed job."""
        running = Running(held)
        with self._lock:
            self._running[held.job_id] = running
        return running

    def free(self, running: Running) -> None:
        """Forget a job that has ended."""
        with self._empty:
            self._running.pop(running.held.job_id, None)
            self._empty.notify_all()

    def all(self) -> list[Running]:
        """The running jobs."""
        with self._lock:
            return list(self._running.values())

    def renew(self) -> None:
        """Renew every lease; a job whose claim is gone is lost, one that was cancelled is told."""
        running = self.all()
        with unit_of_work() as session:
            alive = extend(session, [one.held for one in running])
        for one in running:
            if one.held.job_id not in alive:
                one.lose()
            elif alive[one.held.job_id]:
                one.end(Reason.CANCELED)

    def end_all(self, why: Reason) -> None:
        """Tell every running job to stop."""
        for one in self.all():
            one.end(why)

    def wait_until_empty(self, timeout_s: float, is_over: Callable[[], bool] = lambda: False) -> bool:
        """Wait for the last job to end; False when the time is over first."""
        with self._empty:
            return self._empty.wait_for(lambda: not self._running or is_over(), timeout_s)


slots = Slots()


def name_of_this_worker(host: str, number: int) -> str:
    """The name people see: the setting's, or the host's with the process number."""
    return settings().worker_name or f"{host}-{number}"
