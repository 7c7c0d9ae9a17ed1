"""The files a finished job left: recording, downloading, purging."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path

from sqlmodel import Session, and_, col, delete, select, update

from orch_app.domains.access.actor import Actor, worker_actor
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.jobs.log import archive
from orch_app.domains.jobs.models import Job, JobArtifact, JobLog
from orch_app.domains.jobs.queries import get_job
from orch_app.kit.clock import now
from orch_app.kit.errors import NotFound
from orch_app.kit.ids import is_id
from orch_app.kit.settings import settings

AT_ONCE = 100
SAFE_AGE = timedelta(days=1)


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


def archive_logs(session: Session) -> int:
    """Drop the log rows of jobs that ended long ago, where logs.ndjson is there to answer instead; returns how many."""
    before = now() - timedelta(days=settings().log_rows_days)
    has_file = and_(col(JobArtifact.job_id) == col(Job.id), JobArtifact.name == archive.NAME)
    query = select(Job.id).join(JobArtifact, has_file).order_by(col(Job.finished_at))
    old = session.exec(query.where(col(Job.finished_at) < before, col(Job.log_archived).is_(False)))
    # A job whose file is missing all the same must not stand in the way of those behind it.
    due = list(islice((job_id for job_id in old if archive.path_of(job_id).is_file()), AT_ONCE))
    session.exec(delete(JobLog).where(col(JobLog.job_id).in_(due)))
    session.exec(update(Job).where(col(Job.id).in_(due)).values(log_archived=True))
    return len(due)


def remove_folders(job_ids: Sequence[str]) -> None:
    """Remove the artifact folders of purged jobs."""
    for job_id in job_ids:
        shutil.rmtree(settings().artifacts_path / job_id, ignore_errors=True)


def remove_orphans(session: Session) -> list[str]:
    """Remove folders that belong to no job, as a crash between two steps leaves them; returns their names.

    Only folders that were named by us and have not changed for a day: a job's row is older than its folder.
    """
    before = (now() - SAFE_AGE).timestamp()
    found = {folder.name: folder for folder in _folders() if folder.stat().st_mtime < before}
    names = sorted(found)
    parts = (names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE))
    known = {job_id for part in parts for job_id in session.exec(select(Job.id).where(col(Job.id).in_(part)))}
    orphans = sorted(found.keys() - known)
    for name in orphans:
        shutil.rmtree(found[name], ignore_errors=True)
    return orphans


def _folders() -> Iterator[Path]:
    """Jobs' folders, and the hidden drafts of such."""
    root = settings().artifacts_path
    for folder in root.iterdir() if root.is_dir() else ():
        job_id = folder.name.removeprefix(".").partition("-")[0]
        if is_id(job_id, "job") and folder.is_dir() and not folder.is_symlink():
            yield folder
