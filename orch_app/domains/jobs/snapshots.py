"""snapshot.json: the state that a play stored before it changed anything, kept for the job that puts it back.

A runbook says whether it holds what another system keeps secret: then it is sealed before it leaves the job's folder.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import Session, and_, col, func, select

from orch_app.domains.jobs.errors import PreparationError
from orch_app.domains.jobs.execution import ArtifactsRefused, Workspace, read_result
from orch_app.domains.jobs.file_keys import job_of, key_of
from orch_app.domains.jobs.models import Job, JobArtifact
from orch_app.domains.jobs.sealing import is_sealed, opened, sealed
from orch_app.domains.jobs.states import Mode, is_terminal
from orch_app.integrations.object_store import open_store
from orch_app.kit.errors import Conflict
from orch_app.kit.redact import Masker

SNAPSHOT = "snapshot.json"
MAX_SNAPSHOT_BYTES = 64 << 20
KEPT_OF_A_TARGET = 3


class Promise(StrEnum):
    """What `snapshot` of runbook.yaml says: none is taken; one is, before any change; and it is kept sealed."""

    NONE = "none"
    REQUIRED = "required"
    SEALED = "sealed"

    @classmethod
    def of(cls, meta: Mapping[str, Any]) -> "Promise":
        """That of a runbook by its metadata."""
        return cls(meta.get("snapshot", cls.NONE))


@dataclass(frozen=True)
class Taken:
    """The snapshot that a play left, or why it cannot be kept, or neither."""

    raw: bytes | None = None
    fault: str = ""


@dataclass(frozen=True)
class Source:
    """Where the snapshot of an earlier job lies in the store, and the SHA-256 that its bytes must have."""

    key: str
    sha256: str


def look_at_snapshot(workspace: Workspace, job: Job, secrets: list[str], promise: Promise = Promise.REQUIRED) -> Taken:
    """Read snapshot.json; a preview takes none.

    One that holds a secret of the job can be kept neither as it is nor masked, only sealed.
    """
    if job.run_mode == Mode.PREVIEW:
        return Taken()
    try:
        raw = read_result(workspace, SNAPSHOT, MAX_SNAPSHOT_BYTES)
    except ArtifactsRefused as error:
        return Taken(fault=str(error))
    if raw is None or promise is Promise.SEALED:
        return Taken(raw and sealed(raw, job.id))
    text = raw.decode(errors="replace")
    if Masker(secrets).mask(text) != text:
        return Taken(fault=f"{SNAPSHOT} holds a secret of the job and was not kept")
    return Taken(raw)


def require_one(session: Session, job: Job) -> None:
    """Whether there is something to put back.

    Raises:
        Conflict: the job has not ended, took no snapshot, or no longer has it.
    """
    if not is_terminal(job.status):
        raise Conflict(f"Job #{job.number} has not ended yet.", "job_is_running")
    if not has_one(session, job):
        raise Conflict(f"Job #{job.number} left no snapshot that could be put back.", "no_snapshot")


def has_one(session: Session, job: Job) -> bool:
    """Whether a job that has ended left a snapshot that is still there."""
    return is_terminal(job.status) and bool(job.snapshot_ref and session.get(JobArtifact, (job.id, SNAPSHOT)))


def source_of(session: Session, job: Job) -> Source | None:
    """The snapshot that this job puts back; None where it puts none back.

    Raises:
        PreparationError: it is gone.
    """
    if job.rollback_of is None:
        return None
    query = select(Job.id, Job.fence, JobArtifact.sha256).join(JobArtifact, col(JobArtifact.job_id) == col(Job.id))
    found = session.exec(query.where(Job.id == job.rollback_of, JobArtifact.name == SNAPSHOT)).first()
    if found is None:
        raise PreparationError("The snapshot that was to be put back is gone.")
    job_id, fence, sha256 = found
    return Source(key_of(job_id, fence, SNAPSHOT), sha256)


def hand_over(source: Source, path: Path) -> None:
    """Copy the snapshot to where the play reads it, opened, if it is still what the earlier job left.

    Raises:
        PreparationError: it is gone, or not the same to the byte.
        KeyringError: it is sealed with another key.
        Unavailable: the store of artifacts does not answer.
    """
    digest = hashlib.sha256()
    try:
        with path.open("xb") as file:
            for piece in open_store().read(source.key):
                digest.update(piece)
                file.write(piece)
    except FileNotFoundError as error:
        raise PreparationError("The snapshot that was to be put back is gone from the store.") from error
    if digest.hexdigest() != source.sha256:
        raise PreparationError("The snapshot that was to be put back has changed in the store since it was taken.")
    _open_sealed(path, job_of(source.key))
    path.chmod(0o644)  # the play may run as another user; the workspace itself is private


def _open_sealed(path: Path, job_id: str) -> None:
    content = path.read_bytes()
    if is_sealed(content):
        path.write_bytes(opened(content, job_id))


def is_kept() -> ColumnElement[bool]:
    """Whether a job's snapshot is one of the newest of its target, which outlive their retention."""
    newer = aliased(Job)
    of_target = and_(
        col(newer.snapshot_target) == col(Job.snapshot_target), col(newer.snapshot_ref) != "", col(newer.id) > Job.id
    )
    behind = select(func.count()).select_from(newer).where(of_target).correlate(Job).scalar_subquery()
    return and_(col(Job.snapshot_ref) != "", behind < KEPT_OF_A_TARGET)
