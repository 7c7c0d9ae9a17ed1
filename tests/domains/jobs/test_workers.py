"""Workers say that they live, by the database's clock, do what is wanted of them, and are forgotten in the end."""

import pytest
from sqlmodel import col, select

from orch_app.domains.access.actor import ANONYMOUS, Actor
from orch_app.domains.jobs import workers
from orch_app.domains.jobs.models import Worker
from orch_app.domains.jobs.queries import live_workers
from orch_app.domains.jobs.workers import FORGOTTEN_AFTER_MS, STOPPED_FORGOTTEN_AFTER_MS, WorkerFacts, WorkerView
from orch_app.kit.db import now_ms, reading, unit_of_work
from orch_app.kit.errors import Conflict, Forbidden, NotFound, Unauthorized
from orch_app.kit.settings import settings
from tests.domains.jobs.rows import add_job, add_worker
from tests.systems.people import audited

pytestmark = pytest.mark.usefixtures("database")
FACTS = WorkerFacts("wrk_1", "machine-1", 4, "bwrap", "0.1.0", "machine", "warm")
SECOND = 1_000


def known() -> list[Worker]:
    with reading() as session:
        return list(session.exec(select(Worker).order_by(col(Worker.name))))


def test_a_worker_lives_from_its_first_moment() -> None:
    with unit_of_work() as session:
        workers.register(session, FACTS)
    with reading() as session:
        (worker,) = live_workers(session)
    assert (worker.id, worker.name, worker.slots, worker.busy) == ("wrk_1", "machine-1", 4, 0)
    assert (worker.state, worker.isolation, worker.version) == ("running", "bwrap", "0.1.0")


def test_a_beat_says_how_busy_it_is_and_of_nobody_else() -> None:
    with unit_of_work() as session:
        workers.register(session, FACTS)
        add_worker(session, "other", heartbeat=7)
        workers.beat(session, "wrk_1", 3, "draining")
    mine, other = known()
    assert (mine.busy, mine.state, mine.heartbeat > 7) == (3, "draining", True)
    assert (other.busy, other.state, other.heartbeat) == (0, "running", 7)


def test_a_sign_of_life_that_is_still_to_come_is_none(viewer: Actor) -> None:
    with unit_of_work() as session:
        add_worker(session, "ghost", heartbeat=now_ms() + 365 * FORGOTTEN_AFTER_MS)
    with reading() as session:
        assert list(live_workers(session)) == []
    assert shown(viewer)["ghost"].state == "lost"


def test_who_was_silent_for_a_day_is_forgotten_when_somebody_new_comes() -> None:
    with unit_of_work() as session:
        add_worker(session, "old", heartbeat=now_ms() - FORGOTTEN_AFTER_MS - 1000)
        add_worker(session, "quiet", heartbeat=now_ms() - FORGOTTEN_AFTER_MS + 60_000)
        workers.register(session, FACTS)
    assert [worker.name for worker in known()] == ["machine-1", "quiet"]


def test_who_stopped_is_forgotten_after_an_hour() -> None:
    with unit_of_work() as session:
        for name, age in (("long", STOPPED_FORGOTTEN_AFTER_MS + SECOND), ("just", STOPPED_FORGOTTEN_AFTER_MS // 2)):
            add_worker(session, name, heartbeat=now_ms() - age, state="stopped")
        workers.forget_gone(session)
    assert [worker.name for worker in known()] == ["just"]


def shown(actor: Actor) -> dict[str, WorkerView]:
    with reading() as session:
        return {view.worker.name: view for view in workers.list_all(session, actor)}


def test_everybody_who_reads_jobs_sees_who_is_there_and_what_runs_where(viewer: Actor) -> None:
    lease_ms = int(settings().lease_s * SECOND)
    with unit_of_work() as session:
        add_worker(session, "z-silent", heartbeat=now_ms() - lease_ms - SECOND)
        add_worker(session, "a-stopped", heartbeat=now_ms() - lease_ms - SECOND, state="stopped")
        busy = add_worker(session, "busy", heartbeat=now_ms())
        add_worker(session, "another", heartbeat=now_ms())
    add_job(2, status="RUNNING", owner=busy.id)
    add_job(1, status="RUNNING", owner=busy.id)
    add_job(3, status="SUCCESS", owner=busy.id)
    found = shown(viewer)
    assert list(found) == ["another", "busy", "a-stopped", "z-silent"]
    assert [found[name].state for name in found] == ["running", "running", "stopped", "lost"]
    assert [job.number for job in found["busy"].jobs] == [1, 2]
    assert found["z-silent"].heartbeat_age_s >= settings().lease_s
    with reading() as session, pytest.raises(Unauthorized):
        workers.list_all(session, ANONYMOUS)


def test_an_admin_drains_and_resumes_a_worker_and_it_is_noted_once(admin: Actor) -> None:
    with unit_of_work() as session:
        workers.register(session, FACTS)
    for order in (workers.drain, workers.drain, workers.resume):
        with unit_of_work() as session:
            order(session, admin, "wrk_1")
        with reading() as session:
            assert workers.is_to_drain(session, "wrk_1") is (order is workers.drain)
    (drained,), (resumed,) = audited("worker.drained"), audited("worker.resumed")
    assert (drained.actor_name, drained.target_id, drained.metadata_json) == ("ada", "wrk_1", {"name": "machine-1"})
    assert resumed.target_id == "wrk_1"


def test_an_operator_may_not_drain(operator: Actor) -> None:
    with unit_of_work() as session, pytest.raises(Forbidden):
        workers.drain(session, operator, "wrk_1")


def test_nothing_is_asked_of_a_worker_that_is_gone(admin: Actor) -> None:
    with unit_of_work() as session:
        stopped = add_worker(session, "w", heartbeat=now_ms(), state="stopped")
        lost = add_worker(session, "v", heartbeat=0)
    for worker in (stopped, lost):
        with unit_of_work() as session, pytest.raises(Conflict):
            workers.drain(session, admin, worker.id)
    with unit_of_work() as session, pytest.raises(NotFound):
        workers.resume(session, admin, "wrk_9")


def test_a_beat_of_a_worker_that_is_not_known_is_nothing() -> None:
    with unit_of_work() as session:
        workers.beat(session, "wrk_9", 1, "running")
    assert known() == []
