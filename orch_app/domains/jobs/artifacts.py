"""The files a finished job left: recording, downloading, purging."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from sqlmodel import Session, and_, col, delete, select, update

from orch_app.domains.access.actor import Actor, worker_actor
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.jobs import snapshots
from orch_app.domains.jobs.file_keys import key_of
from orch_app.domains.jobs.log import archive
from orch_app.domains.jobs.models import Job, JobArtifact, JobLog
from orch_app.domains.jobs.queries import get_job
from orch_app.integrations.object_store import open_store
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import NotFound
from orch_app.kit.ids import is_id
from orch_app.kit.settings import settings

AT_ONCE = 100
SAFE_AGE = timedelta(days=1)


@dataclass(frozen=True)
class Download:
    """A file that may be sent: its name, size in bytes, SHA-256, and the bytes from a given one on."""

    name: str
    size: int
    sha256: str
    read: Callable[[int], Iterator[bytes]]


def open_for_download(actor: Actor, job_id: str, name: str) -> Download:
    """The file behind a recorded artifact; only names in the table are ever looked up in the store.

    Raises:
        NotFound: the job left no such file, or it has been purged.
        Unavailable: the store of artifacts does not answer.
    """
    with reading() as session:
        job = get_job(session, actor, job_id)
        row = session.get(JobArtifact, (job_id, name))
    missing = NotFound(f"Job #{job.number} has no file {name}.", "artifact_not_found")
    if row is None:
        raise missing
    key = key_of(job.id, job.fence, row.name)
    try:
        size = open_store().size(key)
    except FileNotFoundError as error:
        raise missing from error
    with unit_of_work() as session:
        record(
            session,
            actor,
            Action.ARTIFACT_DOWNLOADED,
            ("job", job_id),
            environment=job.environment,
            metadata={"name": row.name, "sha256": row.sha256},
        )
    return Download(row.name, size, row.sha256, lambda start: open_store().read(key, start))


def purge_due(session: Session, worker: str) -> list[str]:
    """Delete the rows of jobs whose time has come and return their ids; the caller then removes their folders.

    Jobs with one of the newest snapshots of their target stay, so that what they changed can be undone.
    """
    counted = col(Job.tallied).is_(True)  # or it would be missing in the totals for ever
    query = select(Job).where(col(Job.purge_after) < now(), counted, ~snapshots.is_kept())
    due: Sequence[Job] = session.exec(query.limit(AT_ONCE)).all()
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


def archive_logs() -> int:
    """Drop the log rows of jobs that ended long ago, where logs.ndjson is there to answer instead; returns how many.

    Raises:
        Unavailable: the store of artifacts does not answer.
    """
    before = now() - timedelta(days=settings().log_rows_days)
    has_file = and_(col(JobArtifact.job_id) == col(Job.id), JobArtifact.name == archive.NAME)
    query = select(Job.id, Job.fence).join(JobArtifact, has_file).order_by(col(Job.finished_at))
    with reading() as session:
        old = session.exec(query.where(col(Job.finished_at) < before, col(Job.log_archived).is_(False))).all()
    # A job whose file is missing all the same must not stand in the way of those behind it.
    due = list(islice((job_id for job_id, fence in old if archive.is_there(job_id, fence)), AT_ONCE))
    with unit_of_work() as session:
        session.exec(delete(JobLog).where(col(JobLog.job_id).in_(due)))
        session.exec(update(Job).where(col(Job.id).in_(due)).values(log_archived=True))
    return len(due)


def remove_folders(job_ids: Iterable[str]) -> None:
    """Remove the files of purged jobs.

    Raises:
        Unavailable: the store of artifacts does not answer; what is left goes as an orphan later.
    """
    for job_id in job_ids:
        open_store().remove(job_id)


def remove_orphans() -> list[str]:
    """Remove folders that belong to no job, as a crash between two steps leaves them; returns their names.

    Only folders that were named by us and have not changed for a day: a job's row is older than its folder.

    Raises:
        Unavailable: the store of artifacts does not answer.
    """
    names = [name for name in open_store().folders() if is_id(name, "job")]
    orphans = [name for name in _without_row(names) if now() - open_store().changed_at(name) > SAFE_AGE]
    remove_folders(orphans)
    return orphans


def _without_row(names: Sequence[str]) -> list[str]:
    parts = (names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE))
    with reading() as session:
        known = {job_id for part in parts for job_id in session.exec(select(Job.id).where(col(Job.id).in_(part)))}
    return [name for name in names if name not in known]
