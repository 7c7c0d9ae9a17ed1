"""Removing an ended job before its retention is over: its rows at once, its files right after the commit."""

import structlog
from sqlmodel import Session, col, delete

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.jobs import artifacts, tallies
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.queries import get_job
from orch_app.domains.jobs.states import is_terminal
from orch_app.kit.db import reading
from orch_app.kit.errors import Conflict, NotFound, Unavailable
from orch_app.kit.queue import enqueue
from orch_app.kit.wakeups import announce

FORGET_TASK = "jobs.forget"
_log = structlog.get_logger("jobs")


def remove(session: Session, actor: Actor, job_id: str) -> Job:
    """Delete an ended job with its log, steps and files, and give it back as it was; what was counted of it stays.

    Raises:
        NotFound: there is none of that id, or somebody else was faster.
        Conflict: it has not ended.
    """
    require(actor, Permission.JOBS_DELETE)
    job = get_job(session, actor, job_id)
    if not is_terminal(job.status):
        raise Conflict(f"Job #{job.number} has not ended yet. Cancel it first.", "job_is_running")
    tallies.tally_job(session, job_id)
    session.expunge(job)
    if session.exec(delete(Job).where(col(Job.id) == job_id).returning(col(Job.id))).first() is None:
        raise NotFound(f"There is no job {job_id}.", "job_not_found")
    facts = {"number": job.number, "runbook": job.runbook_name, "status": job.status}
    record(session, actor, Action.JOB_DELETED, ("job", job_id), environment=job.environment, metadata=facts)
    enqueue(session, FORGET_TASK, job_id=job_id)
    announce(session, f"job:{job_id}")
    announce(session, "jobs")
    return job


def forget_files(job_id: str) -> None:
    """Remove the files of a job that is gone. Where the store does not answer they go as orphans, a day later."""
    with reading() as session:
        if session.get(Job, job_id) is not None:
            return
    try:
        artifacts.remove_folders([job_id])
    except Unavailable as error:
        _log.warning("job.files_left", job=job_id, detail=error.detail)
