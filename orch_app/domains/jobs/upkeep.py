"""What a worker does beside running jobs: heartbeat, watching for cancels and orders, sweeping, purging.

Each chore runs in its own thread at its own pace and survives a database that is away for a while.
"""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import bindparam
from sqlmodel import col, select

from orch_app.domains.accounts.service import purge_expired
from orch_app.domains.jobs import approvals, artifacts, claims, locks, tallies, workers
from orch_app.domains.jobs.execution import forget_old
from orch_app.domains.jobs.log.lag import lag
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.slots import Slots
from orch_app.domains.jobs.states import Phase, Reason
from orch_app.domains.jobs.workers import WorkerState
from orch_app.kit.db import carry_out, reading, unit_of_work
from orch_app.kit.errors import Unavailable
from orch_app.kit.settings import settings
from orch_app.kit.vitals import sign_of_life

CANCEL_LOOK_S = 0.2
ORDERS_S = 0.5
TALLY_S = 10.0
DUE_LOOK_S = 0.5
PURGE_S = 300.0
ORPHANS_S = 6 * 3600.0
LAST_CHORE_S = 5.0
_CANCELED = select(Job.id, Job.phase).where(
    col(Job.id).in_(bindparam("jobs", expanding=True)), col(Job.cancel_requested_at).is_not(None)
)
_log = structlog.get_logger("upkeep")


@dataclass(frozen=True)
class Chore:
    """Something done again and again."""

    name: str
    every_s: float
    do: Callable[[], object]


class Upkeep:
    """The threads that do the chores of one worker; `more` are those of the domains above this one."""

    def __init__(self, slots: Slots, more: Sequence[Chore] = ()) -> None:
        self._slots = slots
        self._more = more
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._said = WorkerState.RUNNING

    def start(self) -> None:
        """Begin every chore at once."""
        for chore in (
            Chore("heartbeat", settings().heartbeat_s, self.beat),
            Chore("orders", ORDERS_S, self.look_for_orders),
            Chore("cancels", CANCEL_LOOK_S, self.look_for_cancels),
            Chore("due", DUE_LOOK_S, self.ring_due),
            Chore("sweep", settings().sweep_s, self.sweep),
            Chore("tally", TALLY_S, self.tally),
            Chore("purge", PURGE_S, self.purge),
            Chore("orphans", ORPHANS_S, self.remove_orphans),
            *self._more,
        ):
            thread = threading.Thread(target=self._repeat, args=(chore,), name=chore.name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End the chores; waits for what is being done, but for no chore longer than `LAST_CHORE_S`."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=LAST_CHORE_S)

    def beat(self) -> None:
        """Renew the leases and say that this worker lives."""
        sign_of_life()
        if self._slots.all():
            self._slots.renew()
        state = self._slots.state
        with unit_of_work() as session:
            workers.beat(session, self._slots.worker_id, len(self._slots.all()), state, lag.take_ms())
        self._said = state

    def look_for_orders(self) -> None:
        """Take no more jobs when somebody wants that, take them again, and say at once what became of it."""
        with reading() as session:
            self._slots.is_paused = workers.is_to_drain(session, self._slots.worker_id)
        if self._slots.state != self._said:
            self.beat()

    def look_for_cancels(self) -> None:
        """Tell running jobs that somebody cancelled them."""
        running = {one.held.job_id: one for one in self._slots.all() if not one.kill.is_set()}
        if not running:
            return
        with reading() as session:
            asked = carry_out(session, _CANCELED, jobs=list(running)).all()
        for row in asked:
            running[row.id].end(Reason.CANCELED)
            if row.phase == Phase.KILLING:
                running[row.id].kill.set()

    def ring_due(self) -> None:
        """Ring for jobs that were to wait until now: for another attempt, or for a rate."""
        if not self._slots.takes_jobs:
            return
        with reading() as session:
            is_any = locks.is_any_due(session)
        if is_any:
            with unit_of_work() as session:
                locks.ring_due(session)

    def sweep(self) -> None:
        """Settle jobs of dead workers, end what nobody approved in time, ring again where slots are free."""
        with unit_of_work() as session:
            settled = claims.settle_expired(session)
            tallies.add(session, Counter({(tallies.REAPED, "", ""): len(settled)}) if settled else Counter())
            locks.heal(session)
            claims.end_those_that_do_not_wait(session)
            approvals.end_overdue(session)
        if settled:
            _log.warning("sweep.settled", jobs=settled)
        if self._slots.takes_jobs:
            with unit_of_work() as session:
                claims.ring_waiting(session, settings().sweep_s)

    def tally(self) -> None:
        """Count the jobs that have ended since the last time."""
        while self._has_untallied():
            with unit_of_work() as session:
                tallies.tally_ended(session)

    def purge(self) -> None:
        """Delete what has outlived its retention, log rows that a file answers for, and expired sessions."""
        self.tally()
        with unit_of_work() as session:
            gone = artifacts.purge_due(session, self._slots.worker_name)
            purge_expired(session)
            workers.forget_gone(session)
        artifacts.remove_folders(gone)
        artifacts.archive_logs()

    def remove_orphans(self) -> None:
        """Remove artifact folders without a job, as a crash in the middle of a purge leaves them, and old facts."""
        forget_old(settings().data_dir)
        orphans = artifacts.remove_orphans()
        if orphans:
            _log.warning("orphans.removed", folders=orphans)

    def _has_untallied(self) -> bool:
        """Looked at without a writer's lock, which an idle worker must not take every few seconds."""
        with reading() as session:
            return tallies.has_untallied(session)

    def _repeat(self, chore: Chore) -> None:
        while not self._stop.is_set():
            try:
                chore.do()
            except Unavailable as error:
                _log.warning("upkeep.away", chore=chore.name, detail=error.detail)
            except Exception:  # noqa: BLE001 - without a heartbeat every job here is lost, whatever befell this round
                _log.exception("upkeep.failed", chore=chore.name)
            self._stop.wait(chore.every_s)
