"""Workers say that they live, by the database's clock, and are forgotten after a day of silence."""

import pytest
from sqlmodel import col, select

from orch_app.domains.jobs import workers
from orch_app.domains.jobs.models import Worker
from orch_app.domains.jobs.queries import live_workers
from orch_app.domains.jobs.workers import FORGOTTEN_AFTER_MS, WorkerFacts
from orch_app.kit.db import now_ms, reading, unit_of_work
from tests.domains.jobs.rows import add_worker

pytestmark = pytest.mark.usefixtures("database")
FACTS = WorkerFacts("wrk_1", "machine-1", 4, "bwrap", "0.1.0")


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


def test_who_was_silent_for_a_day_is_forgotten_when_somebody_new_comes() -> None:
    with unit_of_work() as session:
        add_worker(session, "old", heartbeat=now_ms() - FORGOTTEN_AFTER_MS - 1000)
        add_worker(session, "quiet", heartbeat=now_ms() - FORGOTTEN_AFTER_MS + 60_000)
        workers.register(session, FACTS)
    assert [worker.name for worker in known()] == ["machine-1", "quiet"]


def test_a_beat_of_a_worker_that_is_not_known_is_nothing() -> None:
    with unit_of_work() as session:
        workers.beat(session, "wrk_9", 1, "running")
    assert known() == []
