"""Workers: telling that one is alive, what people want of it, and forgetting those that are gone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from sqlmodel import Session, and_, col, delete, or_, select, update

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.jobs.models import Job, Worker
from orch_app.domains.jobs.states import Status
from orch_app.kit.clock import now
from orch_app.kit.db import now_ms
from orch_app.kit.errors import Conflict, NotFound
from orch_app.kit.settings import settings
from orch_app.kit.wakeups import announce

FORGOTTEN_AFTER_MS = int(timedelta(days=1).total_seconds() * 1000)
STOPPED_FORGOTTEN_AFTER_MS = int(timedelta(hours=1).total_seconds() * 1000)


class WorkerState(StrEnum):
    """What a worker says of itself; `lost` is said of one that has been silent for longer than a lease."""

    RUNNING = "running"
    DRAINING = "draining"
    DRAINED = "drained"
    STOPPED = "stopped"
    LOST = "lost"


class Wanted(StrEnum):
    """What people want of a worker."""

    RUN = "run"
    DRAIN = "drain"


@dataclass(frozen=True)
class WorkerFacts:
    """What a worker says of itself when it starts."""

    id: str
    name: str
    slots: int
    isolation: str
    version: str
    host: str = ""
    engine: str = ""


@dataclass(frozen=True)
class WorkerView:
    """A worker as it is shown: its state, seconds since its last sign of life, and the jobs in its slots."""

    worker: Worker
    state: WorkerState
    heartbeat_age_s: float
    jobs: list[Job] = field(default_factory=list)

    @property
    def is_alive(self) -> bool:
        """Whether it can still do what is wanted of it."""
        return self.state not in {WorkerState.STOPPED, WorkerState.LOST}


def has_finished(view: WorkerView) -> bool:
    """Whether nothing runs there and nothing will, unless somebody wants it."""
    return view.state is WorkerState.DRAINED or not view.is_alive


def register(session: Session, facts: WorkerFacts) -> None:
    """Add a worker that has just started."""
    forget_gone(session)
    session.add(
        Worker(
            id=facts.id,
            name=facts.name,
            slots=facts.slots,
            host=facts.host,
            engine=facts.engine,
            isolation=facts.isolation,
            version=facts.version,
            heartbeat=0,
            started_at=now(),
        )
    )
    session.flush()
    beat(session, facts.id, 0, WorkerState.RUNNING)


def forget_gone(session: Session) -> None:
    """Remove workers that stopped an hour ago, and those that have been silent for a day."""
    stopped = and_(
        col(Worker.state) == WorkerState.STOPPED, col(Worker.heartbeat) < now_ms() - STOPPED_FORGOTTEN_AFTER_MS
    )
    session.exec(delete(Worker).where(or_(stopped, col(Worker.heartbeat) < now_ms() - FORGOTTEN_AFTER_MS)))


def beat(session: Session, worker_id: str, busy: int, state: str, log_lag_ms: int = 0) -> None:
    """Say that the worker lives, how many slots are taken, its state, and how long log lines have to wait."""
    statement = update(Worker).where(col(Worker.id) == worker_id)
    session.exec(statement.values(heartbeat=now_ms(), busy=busy, state=str(state), log_lag_ms=log_lag_ms))
    announce(session, "jobs")


def is_to_drain(session: Session, worker_id: str) -> bool:
    """Whether somebody wants this worker to take no more jobs."""
    return session.exec(select(Worker.wanted).where(Worker.id == worker_id)).first() == Wanted.DRAIN


def list_all(session: Session, actor: Actor) -> list[WorkerView]:
    """Every worker that is not forgotten yet, by name, the gone ones last."""
    require(actor, Permission.JOBS_READ)
    rows = session.exec(select(Worker, now_ms() - col(Worker.heartbeat))).all()
    owners = [worker.id for worker, _ in rows]
    running = select(Job).where(Job.status == Status.RUNNING, col(Job.owner).in_(owners)).order_by(col(Job.number))
    jobs: dict[str, list[Job]] = {}
    for job in session.exec(running):
        jobs.setdefault(job.owner or "", []).append(job)
    views = [_view(worker, age_ms, jobs.get(worker.id, [])) for worker, age_ms in rows]
    return sorted(views, key=lambda view: (not view.is_alive, view.worker.name, view.worker.id))


def find(session: Session, actor: Actor, name: str) -> list[WorkerView]:
    """The living workers of this name or id; all of them for an empty one."""
    alive = [view for view in list_all(session, actor) if view.is_alive]
    return [view for view in alive if name in {"", view.worker.name, view.worker.id}]


def drain(session: Session, actor: Actor, worker_id: str) -> WorkerView:
    """Let a worker take no more jobs; what it runs it finishes. It notices within a second.

    Raises:
        NotFound: there is no such worker.
        Conflict: it is gone.
    """
    return _want(session, actor, worker_id, Wanted.DRAIN)


def resume(session: Session, actor: Actor, worker_id: str) -> WorkerView:
    """Let a drained or draining worker take jobs again.

    Raises:
        NotFound: there is no such worker.
        Conflict: it is gone.
    """
    return _want(session, actor, worker_id, Wanted.RUN)


def _want(session: Session, actor: Actor, worker_id: str, wanted: Wanted) -> WorkerView:
    require(actor, Permission.WORKERS_WRITE)
    view = next((view for view in list_all(session, actor) if view.worker.id == worker_id), None)
    if view is None:
        raise NotFound(f"There is no worker {worker_id}.", "worker_not_found")
    if not view.is_alive:
        raise Conflict(f"The worker {view.worker.name} is gone: nothing can be asked of it.", "worker_gone")
    if view.worker.wanted != wanted:
        view.worker.wanted = wanted
        session.add(view.worker)
        action = Action.WORKER_DRAINED if wanted is Wanted.DRAIN else Action.WORKER_RESUMED
        record(session, actor, action, ("worker", worker_id), metadata={"name": view.worker.name})
        announce(session, "jobs")
    return view


def _view(worker: Worker, age_ms: int, jobs: Sequence[Job]) -> WorkerView:
    # a sign of life that is still to come was given by a clock that has been set right since
    is_silent = worker.state != WorkerState.STOPPED and abs(age_ms) > settings().lease_s * 1000
    state = WorkerState.LOST if is_silent else WorkerState(worker.state)
    return WorkerView(worker, state, max(0, age_ms) / 1000, list(jobs))
