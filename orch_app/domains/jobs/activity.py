"""What moves in the whole product: changes of jobs, workers, hosts and connections, told to all who listen.

One reader per process compares the database with what it saw before, at each wake-up, and tells the differences.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlmodel import Session, col, or_, select

from orch_app.domains.inventory.models import Connection, Host
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.queries import live_workers
from orch_app.domains.jobs.states import Status
from orch_app.kit.clock import now
from orch_app.kit.db import reading
from orch_app.kit.errors import Unavailable
from orch_app.kit.wakeups import wakeups

PACE_S = 0.2
RECENT = timedelta(minutes=2)
WAITING_EVENTS = 1_000
MOST_OF_A_KIND = 2_000
GONE = {
    "worker.status": {"state": "gone"},
    "host.status": {"status": "gone"},
    "connection.status": {"status": "gone"},
    "schedule.status": {"status": "gone"},
}
Facts = tuple[tuple[str, str], dict[str, Any]]
Source = Callable[[Session], Iterable[Facts]]
_more: list[Source] = []


@dataclass(frozen=True)
class Event:
    """One change: `job.status`, `worker.status`, `host.status`, `connection.status` ..., with the facts as sent."""

    type: str
    id: str
    data: dict[str, Any]


class Activity:
    """Differences between two looks, handed to all listeners of this process."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[Event]] = set()
        self._seen: dict[tuple[str, str], dict[str, Any]] | None = None
        self._task: asyncio.Task[None] | None = None

    async def listen(self) -> AsyncIterator[Event]:
        """Every change from now on. A listener that falls 1,000 events behind loses the oldest."""
        queue: asyncio.Queue[Event] = asyncio.Queue(WAITING_EVENTS)
        self._listeners.add(queue)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._keep_looking())
        try:
            while True:
                yield await queue.get()
        finally:
            self._listeners.discard(queue)
            if not self._listeners and self._task:
                self._task.cancel()
                self._task, self._seen = None, None

    async def _keep_looking(self) -> None:
        with wakeups.subscribed("jobs") as bell:
            while True:
                with contextlib.suppress(Unavailable):
                    self._tell(await asyncio.to_thread(_snapshot))
                await bell.wait()
                await asyncio.sleep(PACE_S)

    def _tell(self, found: dict[tuple[str, str], dict[str, Any]]) -> None:
        before, self._seen = self._seen, found
        if before is None:
            return
        for (kind, identity), facts in found.items():
            if before.get((kind, identity)) != facts:
                self._send(Event(kind, identity, facts))
        for kind, identity in before.keys() - found.keys():
            if kind in GONE:  # a job that is no longer looked at is only old
                self._send(Event(kind, identity, {"id": identity} | GONE[kind]))

    def _send(self, event: Event) -> None:
        for queue in self._listeners:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(event)


def watch_also(source: Source) -> None:
    """Look at the rows of a domain above this one too; called by the wiring."""
    if source not in _more:
        _more.append(source)


def _snapshot() -> dict[tuple[str, str], dict[str, Any]]:
    with reading() as session:
        return dict(facts for source in (_jobs, _workers, _hosts, _connections, *_more) for facts in source(session))


def _jobs(session: Session):  # noqa: ANN202 - pairs of a key and facts
    active = col(Job.status).in_([Status.PENDING, Status.RUNNING])
    recent = col(Job.finished_at) > now() - RECENT
    for job in session.exec(select(Job).where(or_(active, recent)).order_by(col(Job.id).desc()).limit(500)):
        yield (
            ("job.status", job.id),
            {
                "id": job.id,
                "number": job.number,
                "runbook": job.runbook_name,
                "environment": job.environment,
                "status": job.status,
                "phase": job.phase,
                "reason": job.reason,
            },
        )


def _workers(session: Session):  # noqa: ANN202 - pairs of a key and facts
    for worker in live_workers(session):
        facts = {"id": worker.id, "name": worker.name, "state": worker.state, "slots": worker.slots}
        yield ("worker.status", worker.id), facts | {"busy": worker.busy, "wanted": worker.wanted}


def _hosts(session: Session):  # noqa: ANN202 - pairs of a key and facts
    for host in session.exec(select(Host).limit(MOST_OF_A_KIND)):
        facts = {"id": host.id, "name": host.name, "status": host.status, "version": host.version}
        yield ("host.status", host.id), facts


def _connections(session: Session):  # noqa: ANN202 - pairs of a key and facts
    for row in session.exec(select(Connection).limit(MOST_OF_A_KIND)):
        status = "untested" if row.last_test_ok is None else "ok" if row.last_test_ok else "failed"
        tested = row.last_test_at.isoformat() if row.last_test_at else None
        facts = {"id": row.id, "name": row.name, "status": status, "testedAt": tested, "version": row.version}
        yield ("connection.status", row.id), facts


activity = Activity()
