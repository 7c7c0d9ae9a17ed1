"""Workers restarted one after the other while short jobs flow: none is lost, cut off or run twice."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from orch_app.domains.jobs import workers
from orch_app.domains.jobs.states import Status
from orch_app.domains.jobs.workers import WorkerView
from orch_app.kit.db import reading, unit_of_work
from tests.chaos.ledger import Ledger
from tests.chaos.workers import DEADLINE_S, ME, Fleet, all_ended, jobs_of, wait_for

# Nobody is killed here: a lease that a slow machine cannot renew in time would say something about the machine.
PACE = {"ORCH_LEASE_S": "60", "ORCH_HEARTBEAT_S": "0.5", "ORCH_SWEEP_S": "0.5", "ORCH_GRACE_S": "90"}
WORKERS = 2
EVERY_S = 2.0


@contextmanager
def flowing(fleet: Fleet) -> Iterator[list[str]]:
    """A job is launched every now and then until the block ends."""
    jobs: list[str] = []
    stop = threading.Event()

    def launch() -> None:
        while not stop.wait(EVERY_S):
            jobs.extend(fleet.launch(1))

    thread = threading.Thread(target=launch)
    thread.start()
    try:
        yield jobs
    finally:
        stop.set()
        thread.join(DEADLINE_S)


def stop_at_once(fleet: Fleet) -> None:
    """SIGTERM to the oldest worker: it finishes what it runs within its grace time."""
    worker = fleet.workers.pop(0)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(DEADLINE_S) == 0


def drain_and_stop(fleet: Fleet) -> None:
    """The same after it was drained, as an operator does it."""
    oldest = min(alive(), key=lambda view: view.worker.started_at).worker.id
    with unit_of_work() as session:
        workers.drain(session, ME, oldest)
    wait_for(lambda: all(view.state == "drained" for view in alive() if view.worker.id == oldest), "it is drained")
    stop_at_once(fleet)


def alive() -> list[WorkerView]:
    with reading() as session:
        return workers.find(session, ME, "")


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("fleet", "replace"), [("alone", stop_at_once), ("grown", drain_and_stop)], indirect=["fleet"])
def test_workers_restarted_one_after_the_other_lose_nothing(
    fleet: Fleet, ledger: Ledger, replace: Callable[[Fleet], None]
) -> None:
    for count in range(WORKERS):
        fleet.start()
        wait_for(lambda count=count: len(alive()) > count, f"worker {count + 1} is there\n{fleet.log()[-3000:]}")
    with flowing(fleet) as jobs:
        for _ in range(WORKERS):
            wait_for(lambda: any(view.jobs for view in alive()), "something runs")
            replace(fleet)
            fleet.start()
            wait_for(lambda: len(alive()) == WORKERS, "the new one is there")
    wait_for(lambda: all_ended(jobs), f"all jobs ended\n{fleet.log()[-3000:]}")
    assert {job.status for job in jobs_of(jobs)} == {Status.SUCCESS}
    assert {job.attempt for job in jobs_of(jobs)} == {1}
    assert [(ledger.effects(job), ledger.effects(job, "end")) for job in jobs] == [(1, 1)] * len(jobs)
