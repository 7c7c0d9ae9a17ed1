"""The worker process: Huey's consumer in threads, the upkeep beside it, and a clean end on SIGTERM.

On SIGTERM nothing more is claimed, running jobs get the grace time, and what still runs then is stopped and marked
`interrupted`. A second signal skips the grace time.
"""

import os
import signal
import socket
import threading
from types import FrameType

import structlog
from huey.consumer import Consumer, Worker

from orch_app.domains.access.actor import worker_actor
from orch_app.domains.jobs import engines, workers
from orch_app.domains.jobs.claims import ring_waiting
from orch_app.domains.jobs.run import isolation_level, leave_running, sweep_workspaces
from orch_app.domains.jobs.slots import name_of_this_worker, slots
from orch_app.domains.jobs.states import Reason
from orch_app.domains.jobs.upkeep import Chore, Upkeep
from orch_app.domains.pipelines import advance as pipelines
from orch_app.domains.runbooks import service as runbooks
from orch_app.domains.schedules.firing import fire_all_due
from orch_app.domains.sources.editions import sweep_machine
from orch_app.domains.sources.syncing import sync_all_due
from orch_app.kit.db import unit_of_work
from orch_app.kit.settings import settings
from orch_app.kit.version import VERSION
from orch_app.wiring import wire
from tasks.app import huey

POLL_FIRST_S = 0.01
POLL_MOST_S = 0.02
PAUSE_S = 0.1
AFTER_STOP_S = 5.0
SCHEDULES_LOOK_S = 1.0  # Huey rings once a minute, and behind running jobs; this keeps schedules to the second
SOURCES_LOOK_S = 5.0
TREES_S = 3600.0
_log = structlog.get_logger("worker")


class PausingWorker(Worker):
    """Leaves messages in the queue, for others, while this worker takes no jobs."""

    def loop(self, now: object = None) -> None:
        """Take one message and do what it says."""
        if slots.takes_jobs:
            super().loop(now)
        else:
            self.stop_flag.wait(PAUSE_S)


class QuietConsumer(Consumer):
    """Huey's consumer without its signal handlers: this module decides what a signal means."""

    worker_class = PausingWorker

    def _set_signal_handlers(self) -> None:
        return


def run_worker() -> None:
    """Work until a signal says stop."""
    wire()
    slots.worker_name = name_of_this_worker(socket.gethostname(), os.getpid())
    told_to_stop = _listen_for_signals()
    engines.warm_up()
    _arrive()
    upkeep = Upkeep(
        slots,
        [
            Chore("pipelines", settings().sweep_s, pipelines.sweep),
            Chore("schedules", SCHEDULES_LOOK_S, fire_all_due),
            Chore("sources", SOURCES_LOOK_S, sync_all_due),
            Chore("trees", TREES_S, sweep_machine),
        ],
    )
    upkeep.start()
    consumer = _consumer()
    consumer.start()
    _log.info("worker.ready", name=slots.worker_name, slots=settings().worker_slots, isolation=isolation_level())
    told_to_stop.wait()
    _drain(told_to_stop)
    consumer.stop()
    upkeep.stop()
    engines.close()
    _leave()


def _consumer() -> QuietConsumer:
    return QuietConsumer(
        huey,
        workers=settings().worker_slots,
        worker_type="thread",
        periodic=True,
        initial_delay=POLL_FIRST_S,
        max_delay=POLL_MOST_S,
        check_worker_health=True,
    )


def _arrive() -> None:
    """Clean up after an earlier life on this machine, synchronise the catalogue, register, ring for what waits."""
    sweep_workspaces()
    facts = workers.WorkerFacts(
        slots.worker_id,
        slots.worker_name,
        settings().worker_slots,
        isolation_level(),
        VERSION,
        socket.gethostname(),
        settings().engine,
    )
    with unit_of_work() as session:
        runbooks.sync(session, worker_actor(slots.worker_name))
        workers.register(session, facts)
        ring_waiting(session, 0)


def _listen_for_signals() -> "Stop":
    stop = Stop()
    signal.signal(signal.SIGTERM, stop.on_signal)
    signal.signal(signal.SIGINT, stop.on_signal)
    return stop


class Stop:
    """Counts signals: the first means drain, the second means now."""

    def __init__(self) -> None:
        self._first = threading.Event()
        self._second = threading.Event()

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """Note a signal."""
        (self._second if self._first.is_set() else self._first).set()

    def wait(self) -> None:
        """Wait for the first signal; short waits, because a waiting main thread must still run the handler."""
        while not self._first.wait(0.5):
            pass

    @property
    def is_hurried(self) -> bool:
        """Whether a second signal came."""
        return self._second.is_set()


def _drain(stop: Stop) -> None:
    slots.is_draining = True
    _log.info("worker.draining", running=len(slots.all()), grace_s=settings().grace_s)
    waited = 0.0
    while waited < settings().grace_s and not stop.is_hurried and not slots.wait_until_empty(0.2):
        waited += 0.2
    slots.end_all(Reason.INTERRUPTED)
    if not slots.wait_until_empty(AFTER_STOP_S):
        leave_running()


def _leave() -> None:
    with unit_of_work() as session:
        workers.beat(session, slots.worker_id, 0, workers.WorkerState.STOPPED)
    _log.info("worker.stopped")
