"""What moves is told once, to everybody who listens, and nothing that did not change."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlmodel import Session, col, update

from orch_app.domains.access.actor import Actor
from orch_app.domains.inventory import connections, hosts
from orch_app.domains.inventory.hosts import UNREACHABLE_IN_JOB, set_status
from orch_app.domains.inventory.models import Connection
from orch_app.domains.inventory.wire import ConnectionChange
from orch_app.domains.jobs import activity as module
from orch_app.domains.jobs import workers
from orch_app.domains.jobs.activity import RECENT, WAITING_EVENTS, Activity, Event, Facts
from orch_app.domains.jobs.models import Job, Worker
from orch_app.kit.clock import now
from orch_app.kit.db import unit_of_work
from tests.domains.inventory.samples import add_connection, add_host
from tests.domains.jobs.rows import add_job

pytestmark = pytest.mark.usefixtures("database")
DEADLINE_S = 60.0


def change(job: Job, **facts: Any) -> None:
    with unit_of_work() as session:
        session.exec(update(Job).where(col(Job.id) == job.id).values(**facts))


def told(do: Callable[[], Any]) -> list[Event]:
    """The events between two looks, with something done in between."""
    activity = Activity()
    queue: asyncio.Queue[Event] = asyncio.Queue(WAITING_EVENTS)
    activity._listeners.add(queue)
    activity._tell(module._snapshot())
    assert queue.empty(), "the first look is no change"
    do()
    activity._tell(module._snapshot())
    return [queue.get_nowait() for _ in range(queue.qsize())]


def test_a_change_of_a_job_is_told_with_its_facts_and_others_are_not() -> None:
    job = add_job(1)
    add_job(2)
    (event,) = told(lambda: change(job, status="RUNNING", phase="preparing"))
    assert (event.type, event.id) == ("job.status", job.id)
    assert event.data == {
        "id": job.id,
        "number": 1,
        "runbook": "host_report",
        "environment": "stage",
        "status": "RUNNING",
        "phase": "preparing",
        "reason": "",
    }


def test_a_new_job_and_the_end_of_one_are_told() -> None:
    job = add_job(1, status="RUNNING")
    assert [event.data["number"] for event in told(lambda: add_job(2))] == [2]
    (event,) = told(lambda: change(job, status="ERROR", reason="timeout", finished_at=now()))
    assert (event.data["status"], event.data["reason"]) == ("ERROR", "timeout")


def test_what_ended_long_ago_is_no_news() -> None:
    job = add_job(1, status="SUCCESS", finished_at=now() - 2 * RECENT)
    assert told(lambda: change(job, reason="x")) == []
    recent = add_job(2, status="SUCCESS", finished_at=now() - RECENT + timedelta(seconds=90))
    assert told(lambda: change(recent, finished_at=now() - 2 * RECENT)) == [], "growing old is no change either"


def test_a_change_that_nobody_is_shown_is_not_told() -> None:
    job = add_job(1)
    assert told(lambda: change(job, lease_until=5, last_seq=9)) == []


def test_workers_come_get_busy_and_go() -> None:
    facts = workers.WorkerFacts("wrk_1", "w1", 4, "bwrap", "0")

    def come() -> None:
        with unit_of_work() as session:
            workers.register(session, facts)

    def work() -> None:
        with unit_of_work() as session:
            workers.beat(session, "wrk_1", 2, "running")

    def fall_silent() -> None:
        with unit_of_work() as session:
            session.exec(update(Worker).values(heartbeat=0))

    assert [(event.type, event.data["busy"]) for event in told(come)] == [("worker.status", 0)]
    assert [event.data["busy"] for event in told(work)] == [2]
    assert told(lambda: None) == []
    (event,) = told(fall_silent)
    assert event.data == {"id": "wrk_1", "state": "gone"}


def test_a_host_that_cannot_be_reached_any_more_is_told(admin: Actor) -> None:
    host = add_host(admin)

    def lose() -> None:
        with unit_of_work() as session:
            set_status(session, admin, host.id, "unreachable", UNREACHABLE_IN_JOB)

    (event,) = told(lose)
    facts = {"id": host.id, "name": "web-1", "status": "unreachable", "version": host.version}
    assert (event.type, event.data) == ("host.status", facts)


def test_hosts_and_connections_that_come_change_and_go_are_told_without_their_secrets(admin: Actor) -> None:
    made: list[Connection] = []
    (event,) = told(lambda: made.append(add_connection(admin)))
    assert (event.type, event.data["status"], event.data["testedAt"]) == ("connection.status", "untested", None)
    assert event.data.keys() == {"id", "name", "status", "testedAt", "version"}

    def rename() -> None:
        with unit_of_work() as session:
            connections.update(session, admin, made[0].id, ConnectionChange(name="other"))

    def remove() -> None:
        with unit_of_work() as session:
            connections.delete(session, admin, made[0].id)

    assert [event.data["name"] for event in told(rename)] == ["other"]
    assert [event.data for event in told(remove)] == [{"id": made[0].id, "status": "gone"}]
    host = add_host(admin)

    def remove_host() -> None:
        with unit_of_work() as session:
            hosts.delete(session, admin, host.id)

    assert [event.data for event in told(remove_host)] == [{"id": host.id, "status": "gone"}]


def listening(check: Callable[[Activity], Awaitable[None]]) -> None:
    async def within_the_deadline() -> None:
        async with asyncio.timeout(DEADLINE_S):
            await check(Activity())

    asyncio.run(within_the_deadline())


async def first(activity: Activity) -> Event:
    async with contextlib.aclosing(cast("AsyncGenerator[Event]", activity.listen())) as stream:
        return await anext(stream)


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.01)


def test_every_listener_hears_everything_and_the_last_one_ends_the_looking() -> None:
    job = add_job(1)

    async def check(activity: Activity) -> None:
        heard = [asyncio.create_task(first(activity)) for _ in range(3)]
        await until(lambda: activity._seen is not None)
        await asyncio.to_thread(change, job, status="RUNNING")
        events = await asyncio.gather(*heard)
        assert [event.data["status"] for event in events] == ["RUNNING"] * 3
        assert (activity._listeners, activity._task, activity._seen) == (set(), None, None)

    listening(check)


def test_who_falls_behind_loses_the_oldest_and_keeps_the_newest() -> None:
    activity = Activity()
    queue: asyncio.Queue[Event] = asyncio.Queue(WAITING_EVENTS)
    activity._listeners.add(queue)
    for number in range(WAITING_EVENTS + 5):
        activity._send(Event("job.status", str(number), {}))
    assert (queue.qsize(), queue.get_nowait().id) == (WAITING_EVENTS, "5")


def test_what_a_domain_above_adds_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    state = {"status": "active"}

    def source(_: Session) -> list[Facts]:
        return [(("schedule.status", "sch_1"), dict(state))]

    monkeypatch.setattr(module, "_more", [])
    module.watch_also(source)
    module.watch_also(source)
    (event,) = told(lambda: state.update(status="paused"))
    assert (event.type, event.id, event.data) == ("schedule.status", "sch_1", {"status": "paused"})
