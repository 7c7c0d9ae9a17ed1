"""Workers over REST: who is there, what runs where, and draining one."""

from datetime import datetime

from fastapi import APIRouter

from orch_app.domains.accounts.edge import SignedIn
from orch_app.domains.jobs import workers
from orch_app.domains.jobs.workers import WorkerView
from orch_app.kit.rest import Answer, Reading, Transaction

router = APIRouter(prefix="/v1", tags=["workers"])


class WorkerJob(Answer):
    """A job in a slot of a worker."""

    id: str
    number: int
    runbook: str
    phase: str


class WorkerAnswer(Answer):
    """A worker. `wanted` is what people ask of it, `state` what it does: it follows within a second."""

    id: str
    name: str
    host: str
    state: str
    wanted: str
    slots: int
    busy: int
    jobs: list[WorkerJob]
    isolation: str
    engine: str
    version: str
    heartbeat_age_s: float
    started_at: datetime


class WorkerList(Answer):
    """The workers that are not forgotten yet: one that stopped for an hour, one that was lost for a day."""

    items: list[WorkerAnswer]


@router.get("/workers")
def list_workers(actor: SignedIn, session: Reading) -> WorkerList:
    """Every worker with its state and the jobs it runs."""
    return WorkerList(items=[to_answer(view) for view in workers.list_all(session, actor)])


@router.post("/workers/{worker_id}/drain", status_code=202)
def drain_worker(worker_id: str, actor: SignedIn, session: Transaction) -> WorkerAnswer:
    """Let a worker take no more jobs; what it runs it finishes."""
    return to_answer(workers.drain(session, actor, worker_id))


@router.post("/workers/{worker_id}/resume", status_code=202)
def resume_worker(worker_id: str, actor: SignedIn, session: Transaction) -> WorkerAnswer:
    """Let a drained worker take jobs again."""
    return to_answer(workers.resume(session, actor, worker_id))


def to_answer(view: WorkerView) -> WorkerAnswer:
    """A worker on the wire."""
    worker = view.worker
    return WorkerAnswer(
        id=worker.id,
        name=worker.name,
        host=worker.host,
        state=view.state,
        wanted=worker.wanted,
        slots=worker.slots,
        busy=len(view.jobs),
        jobs=[WorkerJob(id=job.id, number=job.number, runbook=job.runbook_name, phase=job.phase) for job in view.jobs],
        isolation=worker.isolation,
        engine=worker.engine,
        version=worker.version,
        heartbeat_age_s=round(view.heartbeat_age_s, 3),
        started_at=worker.started_at,
    )
