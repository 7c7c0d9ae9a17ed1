"""Workers as the screen shows them."""

from datetime import timedelta

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import workers
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.workers import WorkerState, WorkerView
from orch_app.kit.clock import now
from orch_app.state.session_view import Shown

SHOWN_JOBS = 4
# The words that screens have for it.
BADGES = {WorkerState.RUNNING: "online", WorkerState.LOST: "offline"}
NO_WORKER: Shown = {"id": "", "name": "", "busy": 0}


def read_workers(session: Session, actor: Actor) -> Shown:
    """The rows, and how many of them are alive, with how many slots, and how many of those are taken."""
    views = workers.list_all(session, actor)
    alive = [view for view in views if view.is_alive]
    return {
        "rows": [show_worker(view) for view in views],
        "alive": len(alive),
        "slots": sum(view.worker.slots for view in alive),
        "busy": sum(len(view.jobs) for view in alive),
    }


def show_worker(view: WorkerView) -> Shown:
    """A row of the list. Times are by the web process's clock, from the age that the database tells."""
    worker = view.worker
    return {
        "id": worker.id,
        "name": worker.name,
        "host": worker.host,
        "badge": BADGES.get(view.state, view.state.value),
        "isAlive": view.is_alive,
        "isTold": worker.wanted == workers.Wanted.DRAIN,
        "busy": len(view.jobs),
        "slots": worker.slots,
        "jobs": [_job(job) for job in view.jobs[:SHOWN_JOBS]],
        "more": max(0, len(view.jobs) - SHOWN_JOBS),
        "seenAt": (now() - timedelta(seconds=view.heartbeat_age_s)).isoformat(),
        "startedAt": worker.started_at.isoformat(),
        "isolation": worker.isolation,
        "engine": worker.engine,
        "version": worker.version,
    }


def _job(job: Job) -> Shown:
    return {"id": job.id, "label": f"#{job.number} {job.runbook_name}"}
