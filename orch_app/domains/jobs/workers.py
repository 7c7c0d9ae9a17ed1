"""Workers: telling that one is alive, and forgetting those that are not."""

from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session, col, delete, update

from orch_app.domains.jobs.models import Worker
from orch_app.kit.clock import now
from orch_app.kit.db import now_ms
from orch_app.kit.wakeups import announce

FORGOTTEN_AFTER_MS = int(timedelta(days=1).total_seconds() * 1000)


@dataclass(frozen=True)
class WorkerFacts:
    """What a worker says of itself when it starts."""

    id: str
    name: str
    slots: int
    isolation: str
    version: str


def register(session: Session, facts: WorkerFacts) -> None:
    """Add a worker that has just started, and forget those silent for a day."""
    session.exec(delete(Worker).where(col(Worker.heartbeat) < now_ms() - FORGOTTEN_AFTER_MS))
    session.add(
        Worker(
            id=facts.id,
            name=facts.name,
            slots=facts.slots,
            isolation=facts.isolation,
            version=facts.version,
            heartbeat=0,
            started_at=now(),
        )
    )
    session.flush()
    beat(session, facts.id, 0, "running")


def beat(session: Session, worker_id: str, busy: int, state: str) -> None:
    """Say that the worker lives, how many slots are taken, and whether it is `running`, `draining` or `stopped`."""
    statement = update(Worker).where(col(Worker.id) == worker_id)
    session.exec(statement.values(heartbeat=now_ms(), busy=busy, state=state))
    announce(session, "jobs")
