"""What a worker does beside its jobs: it beats, hears of cancels, sweeps, purges, and survives a bad round."""

import os
import threading
from datetime import timedelta

import pytest
import structlog
from sqlmodel import col, select, update

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import claims, service, workers
from orch_app.domains.jobs.models import Job, Worker
from orch_app.domains.jobs.slots import Running, Slots
from orch_app.domains.jobs.states import Reason
from orch_app.domains.jobs.upkeep import Chore, Upkeep
from orch_app.kit.clock import now
from orch_app.kit.db import now_ms, reading, unit_of_work
from orch_app.kit.errors import Unavailable
from orch_app.kit.ids import new_id
from orch_app.kit.queue import install_bell
from orch_app.kit.settings import settings
from tests.domains.jobs.orders import launched
from tests.domains.jobs.rows import add_job, keep_file, place_of
from tests.systems.people import audited, later

pytestmark = pytest.mark.usefixtures("catalogue")
DEADLINE_S = 60.0


@pytest.fixture
def slots() -> Slots:
    found = Slots()
    found.worker_name = "w1"
    with unit_of_work() as session:
        workers.register(session, workers.WorkerFacts(found.worker_id, "w1", 4, "bwrap", "0"))
    return found


@pytest.fixture
def rung() -> list[str]:
    found: list[str] = []
    install_bell(lambda _name, payload: found.append(payload["job_id"]), lambda: True)
    return found


def take(slots: Slots, job: Job) -> Running:
    with unit_of_work() as session:
        held = claims.claim(session, job.id, slots.worker_id, "w1")
        assert held is not None
        claims.mark_started(session, held, "bwrap", "plain")
    return slots.take(held)


def fresh(job: Job) -> Job:
    with reading() as session:
        return session.exec(select(Job).where(Job.id == job.id)).one()


def let_leases_end() -> None:
    with unit_of_work() as session:
        session.exec(update(Job).where(col(Job.lease_until).is_not(None)).values(lease_until=now_ms() - 1))


def test_a_beat_renews_the_leases_and_says_how_busy_the_worker_is(admin: Actor, slots: Slots) -> None:
    running = take(slots, launched(admin))
    let_leases_end()
    Upkeep(slots).beat()
    with unit_of_work() as session:
        assert claims.settle_expired(session) == []
    with reading() as session:
        worker = session.exec(select(Worker)).one()
    assert (worker.busy, worker.state, running.stop.is_set()) == (1, "running", False)
    slots.is_draining = True
    Upkeep(slots).beat()
    with reading() as session:
        assert session.exec(select(Worker.state)).one() == "draining"


def test_a_beat_tells_a_job_that_its_claim_is_gone(admin: Actor, slots: Slots) -> None:
    running = take(slots, launched(admin))
    let_leases_end()
    with unit_of_work() as session:
        claims.settle_expired(session)
    Upkeep(slots).beat()
    assert (running.is_lost, running.stop.is_set(), running.why) == (True, True, Reason.INTERRUPTED)


def test_only_the_cancelled_of_the_running_jobs_is_told(admin: Actor, slots: Slots) -> None:
    told, left_alone = take(slots, launched(admin)), take(slots, launched(admin))
    upkeep = Upkeep(slots)
    upkeep.look_for_cancels()
    with unit_of_work() as session:
        service.cancel(session, admin, told.held.job_id)
    upkeep.look_for_cancels()
    assert (told.why, left_alone.stop.is_set()) == (Reason.CANCELED, False)
    assert not told.kill.is_set()
    with unit_of_work() as session:
        service.cancel(session, admin, told.held.job_id, force=True)
    upkeep.look_for_cancels()
    assert (told.kill.is_set(), left_alone.kill.is_set()) == (True, False)


def test_a_sweep_settles_jobs_of_dead_workers_and_rings_for_those_that_wait(
    admin: Actor, slots: Slots, rung: list[str]
) -> None:
    dead, waiting = launched(admin), launched(admin)
    take(Slots(), dead)
    with unit_of_work() as session:
        session.exec(update(Job).where(col(Job.id) == dead.id).values(on_worker_loss="interrupt"))
    let_leases_end()
    rung.clear()
    with structlog.testing.capture_logs() as logs, later(seconds=settings().sweep_s + 1):
        Upkeep(slots).sweep()
    assert (fresh(dead).status, fresh(dead).reason) == ("ERROR", "interrupted")
    assert "went away" in fresh(dead).reason_detail
    assert [entry.actor_name for entry in audited("job.interrupted")] == ["w1"]
    assert rung == [waiting.id]
    assert [log["jobs"] for log in logs if log["event"] == "sweep.settled"] == [[dead.id]]


def test_a_worker_that_is_leaving_rings_for_nothing(admin: Actor, slots: Slots, rung: list[str]) -> None:
    launched(admin)
    rung.clear()
    slots.is_draining = True
    with later(hours=1):
        Upkeep(slots).sweep()
    assert rung == []


def test_a_purge_removes_rows_and_folders(slots: Slots) -> None:
    job = add_job(1, status="SUCCESS", purge_after=now() - timedelta(seconds=1))
    folder = keep_file(job).parent.parent
    Upkeep(slots).purge()
    assert not folder.exists()
    assert [entry.target_id for entry in audited("job.purged")] == [job.id]


def test_folders_of_jobs_that_are_gone_are_removed_once_they_are_old(slots: Slots) -> None:
    job = add_job(1, status="SUCCESS")
    root = place_of(job).parent.parent
    gone, empty, young = new_id("job"), new_id("job"), new_id("job")
    for name in (job.id, gone, empty, young, "lost+found"):
        (root / name / "1").mkdir(parents=True)
        for path in [] if name == empty else [root / name / "1" / "logs.ndjson"]:
            path.touch()
            os.utime(path, None if name == young else (0, 0))
        os.utime(root / name, (0, 0))
    (root / f"{gone}.txt").touch()
    with structlog.testing.capture_logs() as logs:
        Upkeep(slots).remove_orphans()
        Upkeep(slots).remove_orphans()
    assert {path.name for path in root.iterdir()} == {job.id, young, "lost+found", f"{gone}.txt"}
    assert [log["folders"] for log in logs] == [sorted([empty, gone])]


def said(slots: Slots) -> tuple[str, int]:
    with reading() as session:
        return session.exec(select(Worker.state, Worker.busy).where(Worker.id == slots.worker_id)).one()


def test_a_worker_that_is_to_drain_says_when_it_has_and_takes_jobs_again_when_told(
    admin: Actor, slots: Slots, rung: list[str]
) -> None:
    upkeep, running = Upkeep(slots), take(slots, launched(admin))
    with unit_of_work() as session:
        workers.drain(session, admin, slots.worker_id)
    upkeep.look_for_orders()
    assert (said(slots), slots.takes_jobs) == (("draining", 1), False)
    slots.free(running)
    upkeep.look_for_orders()
    assert said(slots) == ("drained", 0)
    rung.clear()
    with later(hours=1):
        upkeep.sweep()
    assert rung == []
    with unit_of_work() as session:
        workers.resume(session, admin, slots.worker_id)
    upkeep.look_for_orders()
    assert (said(slots), slots.takes_jobs) == (("running", 0), True)


@pytest.mark.parametrize("error", [Unavailable("away", "database_unavailable"), ZeroDivisionError()])
def test_a_chore_that_fails_is_logged_and_done_again(slots: Slots, error: Exception) -> None:
    rounds: list[int] = []
    again = threading.Event()

    def stumble() -> None:
        rounds.append(1)
        if len(rounds) == 1:
            raise error
        again.set()

    upkeep = Upkeep(slots)
    with structlog.testing.capture_logs() as logs:
        thread = threading.Thread(target=upkeep._repeat, args=(Chore("trip", 0.01, stumble),))
        thread.start()
        assert again.wait(DEADLINE_S)
        upkeep.stop()
        thread.join(DEADLINE_S)
    assert not thread.is_alive()
    assert {log["chore"] for log in logs} == {"trip"}


def test_every_chore_has_its_thread_and_all_of_them_end(slots: Slots) -> None:
    upkeep = Upkeep(slots)
    upkeep.start()
    names = {thread.name for thread in upkeep._threads}
    upkeep.stop()
    assert names == {"heartbeat", "orders", "cancels", "due", "sweep", "tally", "purge", "orphans"}
    for thread in upkeep._threads:
        thread.join(DEADLINE_S)
    assert [thread.name for thread in upkeep._threads if thread.is_alive()] == []


def test_the_chores_of_other_domains_are_done_beside_its_own(slots: Slots) -> None:
    done = threading.Event()
    upkeep = Upkeep(slots, [Chore("theirs", 60.0, done.set)])
    upkeep.start()
    assert done.wait(DEADLINE_S)
    upkeep.stop()
