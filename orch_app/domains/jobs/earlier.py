"""The snapshot of an earlier job that a runbook asks for, such as the last backup: which one, and how it gets there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from sqlmodel import Session, col, select

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs.errors import PreparationError
from orch_app.domains.jobs.file_keys import key_of
from orch_app.domains.jobs.models import Job, JobArtifact
from orch_app.domains.jobs.queries import get_job
from orch_app.domains.jobs.snapshots import SNAPSHOT, Source, has_one
from orch_app.domains.jobs.snapshots import hand_over as copy
from orch_app.domains.jobs.states import Status
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.runbooks.templates import render_one, scope_of
from orch_app.kit.errors import Invalid, NotFound, Problem

_log = structlog.get_logger("jobs")


@dataclass(frozen=True)
class Found:
    """The job that left it, and where it lies."""

    job_id: str
    source: Source


def require_named(session: Session, actor: Actor, runbook: Runbook, inputs: Mapping[str, Any]) -> None:
    """Whether the job that the inputs name, if any, is one that this actor may read and that left what is wanted.

    Raises:
        Invalid: at the input.
    """
    wanted = runbook.meta.get("earlier", {})
    job_id = inputs.get(wanted.get("input", ""), "")
    if not job_id:
        return
    pointer = f"/{wanted['input']}"
    try:
        job = get_job(session, actor, job_id)
    except NotFound:
        _refuse(pointer, "there is no such job")
        return
    if job.runbook_name != wanted["runbook"]:
        _refuse(pointer, f"job #{job.number} is one of {job.runbook_name}, not of {wanted['runbook']}")
    if job.status != Status.SUCCESS or not has_one(session, job):
        _refuse(pointer, f"job #{job.number} left nothing that could be used; its output may say where it is kept")


def _refuse(pointer: str, detail: str) -> None:
    raise Invalid("It cannot be run like that.", "validation", errors=(Problem(pointer, "no_snapshot", detail),))


def find(session: Session, job: Job, runbook: Runbook) -> Found | None:
    """What this job is to be given; None where there is none, and for one that takes another back."""
    wanted = runbook.meta.get("earlier")
    if not wanted or job.rollback_of:
        return None
    query = select(Job.id, Job.fence, JobArtifact.sha256).join(JobArtifact, col(JobArtifact.job_id) == col(Job.id))
    query = query.where(JobArtifact.name == SNAPSHOT, Job.runbook_name == wanted["runbook"])
    query = query.where(Job.status == Status.SUCCESS, Job.snapshot_ref != "")
    named = job.input_json.get(wanted.get("input", ""), "")
    if named:
        query = query.where(Job.id == named)
    else:
        query = query.where(Job.snapshot_target == _target(job, wanted["target"]), Job.environment == job.environment)
    row = session.exec(query.order_by(col(Job.id).desc()).limit(1)).first()
    if row is None:
        return None
    job_id, fence, sha256 = row
    return Found(job_id, Source(key_of(job_id, fence, SNAPSHOT), sha256))


def _target(job: Job, template: str) -> str:
    scope = scope_of(job.runbook_name, job.environment, job.host_names, job.connection_ids)
    return render_one(template, {**scope, **job.input_json})


def hand_over(found: Found, path: Path) -> None:
    """Copy it to where the play reads it. One that is gone or damaged is not given: the play is told whose it was.

    Raises:
        Unavailable: the store of artifacts does not answer.
    """
    try:
        copy(found.source, path)
    except PreparationError:
        path.unlink(missing_ok=True)
        _log.warning("job.earlier_gone", job=found.job_id)
