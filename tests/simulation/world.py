"""One simulated installation: workers that run the product's own code, people, a queue that rings, and faults."""

import random
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace

import pytest
from sqlmodel import Session
from ulid import ULID

from orch_app.domains.jobs import claims, idempotency, run, service, slots, upkeep
from orch_app.domains.jobs.errors import JobIsOver
from orch_app.domains.jobs.held import Claim
from orch_app.domains.jobs.log import writer
from orch_app.domains.jobs.slots import Running, Slots
from orch_app.domains.jobs.states import Mode, Reason, Status, is_terminal
from orch_app.domains.jobs.upkeep import Chore, Upkeep
from orch_app.domains.schedules.firing import fire_all_due
from orch_app.kit import clock, ids, queue
from orch_app.kit.db import unit_of_work
from orch_app.kit.errors import Unavailable
from orch_app.kit.settings import settings
from tests.simulation import deciders
from tests.simulation.checker import Checker, Effects, Step, Violation
from tests.simulation.deciders import Deciders
from tests.simulation.play import Play
from tests.simulation.schedule import FOREVER, Hub, Process, ProcessKilled, Task, Threading
from tests.simulation.schedules import every_minute
from tests.simulation.store import AGAIN, LIMITED, LOCKED, LOCKED_AGAIN, ONCE, PERSON, PLANNED, SHOWN, Store

EPOCH = datetime(2030, 1, 1, tzinfo=UTC)
EPOCH_MS = int(EPOCH.timestamp() * 1000)
FAULTS_UNTIL_MS = 30_000
BOUND_MS = 600_000
MOST_STEPS = 20_000
LOOK_FOR_CANCELS_S = 2.0
LOOK_FOR_DUE_S = 4.0
LOADS = (
    *[(ONCE,), (AGAIN,)] * 16,
    (AGAIN, ONCE),
    (ONCE, ONCE, AGAIN),
    (LOCKED, LOCKED),
    (LOCKED_AGAIN, LOCKED),
    (LIMITED, LIMITED, LIMITED),
)
SCHEDULED = 0.08
ASKED = 0.08
COMES_LATER = 0.3
FIRST_ID = 1 << 40
RUNG_FOR = "SELECT id FROM jobs WHERE phase = 'queued' ORDER BY number"
OVER = "SELECT id, fence FROM jobs WHERE status = 'SUCCESS'"
ORDERED = "SELECT count(*) FROM jobs WHERE origin_id IS NULL"
SMALL_FAULTS = ("the bell of", "the connection breaks", "is wrong by", "cannot be prepared")


class WatchedSlots(Slots):
    """The product's slots; the task that took a claim is known to the checker as its holder."""

    def __init__(self, hub: Hub) -> None:
        super().__init__()
        self._hub = hub

    def take(self, held: Claim) -> Running:
        assert self._hub.current is not None
        self._hub.current.held = held
        return super().take(held)


class World:
    """One run, decided by its seed alone. `without` names faults that do not happen, for shrinking."""

    def __init__(self, store: Store, seed: int, without: frozenset[int] = frozenset()) -> None:
        self.store = store
        self.dice = random.Random(seed)
        self.trace: list[str] = []
        self.faults: list[str] = []
        self.commits = 0
        self.fault_bound_ms = FAULTS_UNTIL_MS
        self.effects = Effects()
        self.checker = Checker(store, self.effects)
        self.hub = Hub(self.dice, self._on_error)
        self.threading = Threading(self.hub)
        self.workers: list[Process] = []
        self.messages: list[str] = []
        self.is_asked = False
        self._without = without
        self._error: Exception | None = None
        self._db_skew_ms = 0
        self._away_until = 0
        self._ids = FIRST_ID
        self._odds = self.dice.choice((0.0, 0.01, 0.03, 0.06))
        self._office = Process("office")

    # -- the run --

    def run(self) -> None:
        """From the first bell to the last end.

        Raises:
            Violation: an invariant is broken; `trace` tells the way there.
        """
        with self._installed():
            is_scheduled, self.is_asked = self.dice.random() < SCHEDULED, self.dice.random() < ASKED
            load = self.dice.choice(deciders.LOADS if self.is_asked else LOADS)
            self.store.begin_from((load, is_scheduled), lambda: _fill(load, is_scheduled=is_scheduled))
            self._ids = 2 * FIRST_ID  # the same whether or not this run was the one that filled the template
            self._hook()
            self.checker.look(lambda: Step("beginning", None, "", self._db_ms()))
            for job_id, fence in self.store.rows(OVER):
                self.effects.end(job_id, fence)
            for (job_id,) in self.store.rows(RUNG_FOR):
                self._ring("jobs.run", {"job_id": job_id})
            for number in range(1 + (self.dice.random() < 0.8)):
                self._start_worker(f"w{number}", is_new=self.dice.random() < COMES_LATER)
            self._people()
            if self.is_asked:
                Deciders(self).come(partial(self.hub.spawn, self._office))
            try:
                self._turn_until_over()
                self.checker.at_the_end()
                self._check_that_interruptions_have_a_cause()
            finally:
                for process in (*self.workers, self._office):
                    self.hub.bury(process)

    def _turn_until_over(self) -> None:
        for _ in range(MOST_STEPS):
            task = self.hub.step()
            if self._error:
                raise self._error
            self.checker.look(partial(self._step_of, task))
            if self._is_over():
                return
            if self.hub.now > self.fault_bound_ms + BOUND_MS:
                break
        waiting = [row for row in self.checker.jobs.values() if not is_terminal(row.status)]
        raise Violation(
            f"not over {BOUND_MS // 1000} s after the last fault: {waiting or 'a worker still holds a job'}"
        )

    def _check_that_interruptions_have_a_cause(self) -> None:
        """A connection that breaks once or twice ends no job: whoever has played goes on until it is written."""
        grave = [what for what in self.faults if not any(small in what for small in SMALL_FAULTS)]
        breaks = sum("the connection breaks" in what for what in self.faults)
        if not grave and breaks <= 2 and any(row.reason == "interrupted" for row in self.checker.jobs.values()):
            raise Violation(f"a job was interrupted by nothing more than {self.faults}")

    def _is_over(self) -> bool:
        if self.hub.now < self._away_until or any(not task.done for task in self._office.tasks):
            return False
        if any(not is_terminal(row.status) for row in self.checker.jobs.values()):
            return False
        return not any(worker.slots.all() for worker in self.workers if not worker.dead)

    def _step_of(self, task: Task | None) -> Step:
        own = getattr(task.process, "slots", None) if task else None
        return Step(str(task), task.held if task else None, own.worker_id if own else "", self._db_ms())

    # -- what the product is given --

    @contextmanager
    def _installed(self) -> Iterator[None]:
        with ExitStack() as stack:
            stack.callback(clock.push_source(self._wall_clock))
            stack.callback(ids.push_source(self._next_id))
            stack.callback(self.store.let_go)
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            for module in (run, writer, slots, upkeep):
                patch.setattr(module, "threading", self.threading)
            patch.setattr(writer, "time", SimpleNamespace(monotonic=lambda: self.hub.now / 1000))
            for module in (run, upkeep, queue):
                patch.setattr(module, "_log", self)
            patch.setattr(run, "slots", run.slots)  # every switch to a process puts its own there
            Play(self).install(patch)
            queue.install_bell(lambda *_: None, lambda: True)  # while the template is filled
            self.store.now_ms = self._db_ms
            yield

    def _hook(self) -> None:
        queue.install_bell(self._ring, lambda: True)
        self.store.on_begin = self._on_begin
        self.store.before_commit = self._before_commit
        self.store.after_commit = self._after_commit

    def _wall_clock(self) -> datetime:
        skew = self.hub.current.process.skew_ms if self.hub.current else 0
        return EPOCH + timedelta(milliseconds=self.hub.now + skew)

    def _db_ms(self) -> int:
        return EPOCH_MS + self.hub.now + self._db_skew_ms

    def _next_id(self) -> ULID:
        self._ids += 1
        return ULID.from_int(self._ids)

    def warning(self, event: str, **facts: object) -> None:
        """The product's log goes into the story."""
        self.note(f"{event} {facts}")

    info = warning

    def exception(self, event: str, **_: object) -> None:
        """What a chore survives in production is a finding here."""
        error = sys.exc_info()[1]
        self._error = self._error or (error if isinstance(error, Exception) else Violation(event))

    # -- faults --

    def strikes(self, odds: float, what: str) -> bool:
        """Whether this fault happens here; never after the faults have stopped."""
        if self.dice.random() >= odds or self.hub.now >= FAULTS_UNTIL_MS:
            return False
        number = len(self.faults)
        self.faults.append(what)
        if number in self._without:
            return False
        self.note(f"FAULT {number}: {what}")
        return True

    def note(self, text: str) -> None:
        """One line of the story."""
        who = self.hub.current or "world"
        self.trace.append(f"{self.hub.now / 1000:9.3f} {who!s:14} {text}")

    def _on_begin(self) -> None:
        self.hub.stop_here()
        is_broken = self.hub.current is not None and self.strikes(self._odds, "the connection breaks before it begins")
        if is_broken or self.hub.now < self._away_until:
            raise sqlite3.OperationalError("the connection is broken")

    def _before_commit(self) -> None:
        if self.hub.current is None:
            return
        if self.strikes(self._odds, "killed before the commit"):
            self.store.raw.rollback()
            self._kill(self.hub.current.process)
            raise ProcessKilled
        if self.strikes(self._odds, "the connection breaks before the commit"):
            self.store.raw.rollback()  # as SQLite itself and a server whose client is gone do
            raise sqlite3.OperationalError("the connection is broken")

    def _after_commit(self) -> None:
        task = self.hub.current
        if task is None:
            return
        self.commits += 1
        self.note("commits")
        self.checker.look(partial(self._step_of, task))
        if self.strikes(self._odds, "killed right after the commit"):
            self._kill(task.process)
            raise ProcessKilled
        if self.strikes(self._odds, "the connection breaks before the commit is acknowledged"):
            raise sqlite3.OperationalError("the connection is broken")

    def _kill(self, process: Process) -> None:
        """What SIGKILL does; somebody starts it again a while later."""
        process.dead = True
        if process is not self._office:
            self.workers.remove(process)
            after = self.dice.randint(100, 8_000)
            self.hub.spawn(self._init, "restart", lambda: self._start_worker(process.name + "'"), after)

    def _on_error(self, task: Task, error: Exception) -> None:
        if isinstance(error, Unavailable):
            self.note(f"gives up: {error.detail}")
        else:
            self._error = self._error or error

    # -- processes --

    @property
    def _init(self) -> Process:
        """What no fault touches."""
        if not hasattr(self, "_init_process"):
            self._init_process = Process("init")
        return self._init_process

    def _start_worker(self, name: str, *, is_new: bool = True) -> None:
        """One that comes now rings for what waits; another was there before anything was ordered."""
        process = Process(name)
        process.slots = own = WatchedSlots(self.hub)
        own.worker_name = name
        process.switched_to = lambda: setattr(run, "slots", own)
        self.workers.append(process)
        self.note(f"{name} starts")
        if is_new:
            self.hub.spawn(process, "arrive", self._arrive)
        for number in range(2):
            self.hub.spawn(process, f"slot{number}", lambda: self._consume(own), 1)
        chores = Upkeep(own)
        for chore in (
            Chore("heartbeat", settings().heartbeat_s, lambda: own.renew() if own.all() else None),
            Chore("cancels", LOOK_FOR_CANCELS_S, lambda: self._look_for_cancels(chores)),
            Chore("sweep", settings().sweep_s, lambda: self._sweep(chores)),
            Chore("schedules", LOOK_FOR_DUE_S, self._fire),
        ):
            self.hub.spawn(process, chore.name, lambda chore=chore: chores._repeat(chore), self.dice.randint(1, 4_000))

    def _arrive(self) -> None:
        try:
            with unit_of_work() as session:
                claims.ring_waiting(session, 0)
        except Unavailable:  # a worker that cannot begin ends, and is started again; here its sweep does the same
            self.note("could not ring when it came")

    def _consume(self, own: Slots) -> None:
        while True:
            if not self.messages:
                self.hub.stop_here(FOREVER, lambda: bool(self.messages) and not own.is_draining)
            job_id = self.messages.pop(0)
            self.note(f"hears {job_id}")
            task = self.hub.current
            assert task is not None
            try:
                run.run_job(job_id)
            except Unavailable as error:
                self.note(f"the task fails: {error.detail}")
            finally:
                task.held = None

    def _look_for_cancels(self, chores: Upkeep) -> None:
        """Asked only when there is something to find: most looks find nothing and cost more than all the rest."""
        if any(row.cancel_requested_at for row in self.checker.jobs.values()):
            chores.look_for_cancels()

    def _fire(self) -> None:
        if self.checker.schedules.is_due(self._db_ms()):
            fire_all_due()

    def _sweep(self, chores: Upkeep) -> None:
        rows = self.checker.jobs.values()
        overdue = any(row.lease_until is not None and row.lease_until < self._db_ms() + 1_000 for row in rows)
        if overdue or any(row.status == "PENDING" for row in rows):
            chores.sweep()

    # -- the queue --

    def _ring(self, _name: str, payload: dict[str, str]) -> None:
        """A message leaves: it may be lost, come late, or come twice."""
        job_id = payload["job_id"]
        if self.strikes(0.12, f"the bell of {job_id} is lost"):
            return
        if self.strikes(0.15, f"the bell of {job_id} rings twice"):
            self.messages.append(job_id)
        if self.strikes(0.12, f"the bell of {job_id} comes late"):
            after = self.dice.randint(500, 30_000)
            self.hub.spawn(self._init, "bell", lambda: self.messages.append(job_id), after)
            return
        self.messages.append(job_id)

    # -- people and misfortune --

    def _people(self) -> None:
        dice = self.dice
        if dice.random() < 0.35:
            self.hub.spawn(self._office, "cancel", self._cancel, dice.randint(0, dice.choice((2_000, 20_000))))
        if dice.random() < 0.15:
            self.hub.spawn(self._office, "launch", self._launch, dice.randint(0, 10_000))
        for number in range(dice.choice((0, 1, 1, 2))):
            when = dice.randint(0, dice.choice((1_500, 6_000, FAULTS_UNTIL_MS - 1)))
            self.hub.spawn(self._init, f"fate{number}", self._misfortune, when)

    def _cancel(self) -> None:
        job_id = self.dice.choice(sorted(self.checker.jobs))
        force = self.dice.random() < 0.3
        self.note(f"cancels {job_id}{' by force' if force else ''}")
        try:
            with unit_of_work() as session:
                service.cancel(session, PERSON, job_id, force=force)
        except JobIsOver:
            self.note("it is over")

    def _launch(self) -> None:
        """Whoever gets no answer asks again with the same key, and it is one job."""
        key = idempotency.call_of(PERSON, "/execute", "key-1", {})
        before = self.store.rows(ORDERED)[0][0]
        answers = 0
        while answers < 2:
            try:
                with unit_of_work() as session:
                    if idempotency.begin(session, key) is None:
                        job = service.launch(session, PERSON, service.Order(ONCE))
                        idempotency.remember(session, key, 202, {"id": job.id})
                answers += 1
            except Unavailable:
                self.hub.stop_here(5_000)
        made = self.store.rows(ORDERED)[0][0] - before
        if made > 1:
            raise Violation(f"one key made {made} jobs")

    def _misfortune(self) -> None:
        kinds: tuple[Callable[[], None], ...] = (
            self._kill_one,
            self._pause_one,
            self._pause_one,
            self._jump,
            self._skew,
            self._outage,
            self._drain_one,
        )
        self.dice.choice(kinds)()

    def _victim(self) -> Process | None:
        """A worker, rather one that is in the middle of something."""
        busy = [worker for worker in self.workers if worker.slots.all()]
        among = busy if busy and self.dice.random() < 0.75 else self.workers
        return self.dice.choice(among) if among else None

    def _kill_one(self) -> None:
        victim = self._victim()
        if victim and self.strikes(1, f"{victim.name} is killed"):
            self._kill(victim)
            self.hub.bury(victim)

    def _pause_one(self) -> None:
        victim, long_ms = self._victim(), self.dice.randint(1_000, 90_000)
        if victim and self.strikes(1, f"{victim.name} stands still for {long_ms} ms"):
            victim.paused_until = self.hub.now + long_ms
            self.fault_bound_ms = max(self.fault_bound_ms, victim.paused_until)

    def _jump(self) -> None:
        by_ms = self.dice.choice((-60_000, -15_000, 15_000, 60_000))
        if self.strikes(1, f"the database's clock jumps by {by_ms} ms"):
            self._db_skew_ms += by_ms

    def _skew(self) -> None:
        victim = self.dice.choice([*self.workers, self._office])
        by_ms = self.dice.choice((-3_600_000, -30_000, 30_000, 3_600_000))
        if self.strikes(1, f"the clock of {victim.name} is wrong by {by_ms} ms for a while"):
            victim.skew_ms = by_ms
            self.hub.spawn(self._init, "ntp", lambda: setattr(victim, "skew_ms", 0), self.dice.randint(1_000, 30_000))

    def _outage(self) -> None:
        long_ms = self.dice.randint(500, self.dice.choice((2_000, 5_000, 40_000)))
        if self.strikes(1, f"the database is away for {long_ms} ms"):
            self._away_until = self.hub.now + long_ms
            self.fault_bound_ms = max(self.fault_bound_ms, self._away_until)

    def _drain_one(self) -> None:
        """SIGTERM: no more claims, the grace time, then what still runs is stopped, and settled if it lingers."""
        victim = self._victim()
        if victim and self.strikes(1, f"{victim.name} is told to stop"):
            own: Slots = victim.slots
            own.is_draining = True
            self.hub.spawn(victim, "drain", lambda: self._drain(victim, own))

    def _drain(self, victim: Process, own: Slots) -> None:
        own.wait_until_empty(settings().grace_s)
        own.end_all(Reason.INTERRUPTED)
        if not own.wait_until_empty(1):
            try:
                run.leave_running()
            except Unavailable:
                self.note("could not settle what it leaves")
        self._kill(victim)
        raise ProcessKilled


def _fill(load: tuple[str, ...], *, is_scheduled: bool) -> None:
    """The jobs that wait when the story begins, and perhaps a schedule that is due at once and every minute."""
    with unit_of_work() as session:
        for runbook in load:
            plan = _preview(session, runbook) if runbook == PLANNED else ""
            service.launch(session, PERSON, service.Order(runbook, expect_plan=plan))
        if is_scheduled:
            session.add(every_minute(EPOCH))


def _preview(session: Session, runbook: str) -> str:
    """What shows the plan has ended before the story begins."""
    job = service.launch(session, PERSON, service.Order(runbook, mode=Mode.PREVIEW))
    held = claims.claim(session, job.id, "before", "before")
    assert held
    claims.finish(session, held, Status.SUCCESS, plan_sha256=SHOWN)
    return SHOWN
