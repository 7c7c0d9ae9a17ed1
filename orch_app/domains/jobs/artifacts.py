"""The files a finished job left: recording, downloading, purging."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session, col, delete, select

from orch_app.domains.access.actor import Actor, worker_actor
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.jobs.models import Job, JobArtifact
from orch_app.domains.jobs.queries import get_job
from orch_app.kit.clock import now
from orch_app.kit.errors import NotFound
from orch_app.kit.settings import settings

AT_ONCE = 100


@dataclass(frozen=True)
class Download:
    """A file that may be sent."""

    path: Path
    name: str


def open_for_download(session: Session, actor: Actor, job_id: str, name: str) -> Download:
    """The file behind a recorded artifact; only names in the table are ever looked up on the disk.

    Raises:
        NotFound: the job left no such file, or it has been purged.
    """
    job = get_job(session, actor, job_id)
    row = session.get(JobArtifact, (job_id, name))
    path = settings().artifacts_path / job_id / (row.name if row else "")
    if row is None or not path.is_file():
        raise NotFound(f"Job #{job.number} has no file {name}.", "artifact_not_found")
    record(
        session,
        actor,
        Action.ARTIFACT_DOWNLOADED,
        ("job", job_id),
        environment=job.environment,
        metadata={"name": row.name, "sha256": row.sha256},
    )
    return Download(path, row.name)


def purge_due(session: Session, worker: str) -> list[str]:
    """Delete the rows of jobs whose time has come and return their ids; the caller then removes their folders."""
    due: Sequence[Job] = session.exec(select(Job).where(col(Job.purge_after) < now()).limit(AT_ONCE)).all()
    for job in due:
        record(
            session,
            worker_actor(worker),
            Action.JOB_PURGED,
            ("job", job.id),
            environment=job.environment,
            metadata={"number": job.number, "runbook": job.runbook_name, "status": job.status},
        )
    ids = [job.id for job in due]
    session.exec(delete(Job).where(col(Job.id).in_(ids)))
    return ids


def remove_folders(job_ids: Sequence[str]) -> None:
    """Remove the artifact folders of purged jobs."""
    for job_id in job_ids:
        shutil.rmtree(settings().artifacts_path / job_id, ignore_errors=True)
