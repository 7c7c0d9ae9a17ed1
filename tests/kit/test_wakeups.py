"""Waiters look again when something has changed: at once on SQLite and with Redis, after a while without either."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
from sqlmodel import update

from orch_app.domains.jobs.models import JobCounter
from orch_app.kit.db import unit_of_work
from orch_app.kit.wakeups import Bell, Wakeups, announce
from tests.systems.product import bound_to

LONG_S = 600.0
DEADLINE_S = 60.0


@contextmanager
def listening() -> Iterator[Wakeups]:
    found = Wakeups()
    try:
        yield found
    finally:
        found.stop()
        if found._thread:
            found._thread.join(DEADLINE_S)
            assert not found._thread.is_alive()


def change(*topics: str) -> None:
    with unit_of_work() as session:
        session.exec(update(JobCounter).values(last=JobCounter.last + 1))
        for topic in topics:
            announce(session, topic)


async def woken_by_change(wakeups: Wakeups, topic: str, *announced: str) -> None:
    """Wait for `topic` with no end, and change something again and again until that wakes the waiter."""
    waiter = asyncio.create_task(wakeups.wait(topic, LONG_S))
    async with asyncio.timeout(DEADLINE_S):
        while not waiter.done():
            await asyncio.to_thread(change, *announced)
            await asyncio.sleep(0.05)


def test_a_commit_wakes_waiters_on_both_back_ends_alone(migrated_sqlite: Path, database: str) -> None:
    with listening() as wakeups:
        if database == "sqlite":
            asyncio.run(woken_by_change(wakeups, "job:1"))
            asyncio.run(woken_by_change(wakeups, "jobs"))
        else:  # without Redis nobody tells, so the waiter looks by itself
            asyncio.run(wakeups.wait("jobs", 0.01))
            assert wakeups._thread is None


def test_a_change_while_nobody_waits_is_heard_by_the_next_who_waits(migrated_sqlite: Path, empty: Path) -> None:
    async def looking(wakeups: Wakeups) -> None:
        with wakeups.subscribed("jobs") as bell:
            await woken_by_change(wakeups, "jobs")  # another waiter hears it, this one is busy
            async with asyncio.timeout(DEADLINE_S):
                await bell.wait(LONG_S)

    empty.mkdir()
    (empty / "orch.db").write_bytes(migrated_sqlite.read_bytes())
    with bound_to(empty), listening() as wakeups:
        asyncio.run(looking(wakeups))


def test_without_a_change_a_waiter_looks_again_by_itself(empty: Path) -> None:
    empty.mkdir()
    with listening() as wakeups:
        asyncio.run(wakeups.wait("jobs", 0.01))
        assert wakeups._bells == set()


def test_nothing_is_made_in_a_data_folder_that_holds_no_database(empty: Path) -> None:
    empty.mkdir()
    with bound_to(empty, "postgresql://orch@127.0.0.1:1/orch"), listening() as wakeups:
        asyncio.run(wakeups.wait("jobs", 0.01))
    assert list(empty.iterdir()) == []


def test_redis_wakes_those_who_wait_for_the_topic_and_nobody_else(
    migrated_sqlite: Path, tmp_path: Path, redis_url: str
) -> None:
    (tmp_path / "orch.db").write_bytes(migrated_sqlite.read_bytes())

    async def watch(wakeups: Wakeups) -> bool:
        other = asyncio.create_task(wakeups.wait("job:2", LONG_S))
        await woken_by_change(wakeups, "job:1", "job:1", "jobs")
        is_asleep = not other.done()
        await woken_by_change(wakeups, "job:2", "job:2")
        await asyncio.wait_for(other, DEADLINE_S)
        return is_asleep

    with bound_to(tmp_path, ORCH_REDIS_URL=redis_url), listening() as wakeups:
        assert asyncio.run(watch(wakeups))


def test_many_waiters_share_one_listener(migrated_sqlite: Path, tmp_path: Path, redis_url: str) -> None:
    (tmp_path / "orch.db").write_bytes(migrated_sqlite.read_bytes())

    async def watch(wakeups: Wakeups) -> None:
        crowd = [asyncio.create_task(wakeups.wait("jobs", LONG_S)) for _ in range(200)]
        await woken_by_change(wakeups, "jobs", "jobs")
        await asyncio.wait_for(asyncio.gather(*crowd), DEADLINE_S)

    before = threading.active_count()
    with bound_to(tmp_path, ORCH_REDIS_URL=redis_url), listening() as wakeups:
        asyncio.run(watch(wakeups))
        assert threading.active_count() == before + 1


def test_a_redis_that_is_away_costs_the_announcement_and_not_the_work(migrated_sqlite: Path, tmp_path: Path) -> None:
    (tmp_path / "orch.db").write_bytes(migrated_sqlite.read_bytes())
    with bound_to(tmp_path, ORCH_REDIS_URL="redis://127.0.0.1:1/0"), listening() as wakeups:
        with structlog.testing.capture_logs() as logs:
            change("jobs")
        assert "wakeups.publish_failed" in {log["event"] for log in logs}
        asyncio.run(wakeups.wait("jobs", 0.01))


@pytest.mark.usefixtures("empty")
def test_a_waiter_whose_loop_has_ended_disturbs_nobody() -> None:
    wakeups = Wakeups()
    loop = asyncio.new_event_loop()
    wakeups._bells.add(Bell("jobs", loop))
    loop.close()
    wakeups._wake({"jobs"})
    wakeups._wake(None)
