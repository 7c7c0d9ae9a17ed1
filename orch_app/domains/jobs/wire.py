"""Jobs as they look on the wire."""

from datetime import datetime
from typing import Any

from orch_app.domains.jobs.models import Job, JobArtifact
from orch_app.domains.jobs.queries import JobDetail
from orch_app.kit.rest import Answer

COUNTS = ("ok", "changed", "failed", "unreachable", "skipped")


class JobRow(Answer):
    """A job in a list."""

    id: str
    number: int
    status: str
    phase: str
    reason: str
    reason_detail: str
    runbook: str
    runbook_version: str
    environment: str
    hosts: list[str]
    created_by: str
    created_by_id: str | None
    trigger: str
    origin_id: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class StepHostAnswer(Answer):
    """One host in one step."""

    host: str
    status: str
    changed: bool
    message: str
    duration_ms: int | None


class StepAnswer(Answer):
    """One play or task."""

    name: str
    kind: str
    play: str
    status: str
    started_at: datetime
    finished_at: datetime | None
    first_seq: int
    hosts: list[StepHostAnswer]


class JobAnswer(JobRow):
    """A job with its steps."""

    attempt: int
    retry_of: str | None
    request_reason: str
    inputs: dict[str, Any]
    connections: dict[str, str]
    isolation: str
    engine: str
    worker: str
    timeout_s: int
    cancel_requested_at: datetime | None
    last_seq: int
    steps: list[StepAnswer]
    counts: dict[str, int]
    output: dict[str, Any] | None
    status_url: str
    events_url: str
    cancel_url: str


class ArtifactAnswer(Answer):
    """A file of a job."""

    name: str
    size: int
    sha256: str


def row_of(job: Job) -> dict[str, Any]:
    """The facts of a list row."""
    return {
        "id": job.id,
        "number": job.number,
        "status": job.status,
        "phase": job.phase,
        "reason": job.reason,
        "reason_detail": job.reason_detail,
        "runbook": job.runbook_name,
        "runbook_version": job.runbook_version,
        "environment": job.environment,
        "hosts": job.host_names,
        "created_by": job.created_by_name,
        "created_by_id": job.created_by,
        "trigger": job.trigger,
        "origin_id": job.origin_id,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }


def to_row(job: Job) -> JobRow:
    """A job in a list."""
    return JobRow(**row_of(job))


def to_answer(detail: JobDetail) -> JobAnswer:
    """A job with everything."""
    job = detail.job
    return JobAnswer(
        **row_of(job),
        attempt=job.attempt,
        retry_of=job.retry_of,
        request_reason=job.request_reason,
        inputs=job.input_json,
        connections=job.connection_ids,
        isolation=job.isolation,
        engine=job.engine,
        worker=job.worker,
        timeout_s=job.timeout_s,
        cancel_requested_at=job.cancel_requested_at,
        last_seq=job.last_seq,
        steps=steps_of(detail),
        counts={name: job.counts_json.get(name, 0) for name in COUNTS},
        output=job.output_json,
        status_url=f"/v1/jobs/{job.id}",
        events_url=f"/v1/jobs/{job.id}/logs/stream",
        cancel_url=f"/v1/jobs/{job.id}/cancel",
    )


def steps_of(detail: JobDetail) -> list[StepAnswer]:
    """The plays and tasks in the order they began."""
    return [
        StepAnswer(
            name=step.name,
            kind=step.kind,
            play=step.play,
            status=step.status,
            started_at=step.started_at,
            finished_at=step.finished_at,
            first_seq=step.first_seq,
            hosts=[
                StepHostAnswer(
                    host=row.host,
                    status=row.status,
                    changed=row.changed,
                    message=row.message,
                    duration_ms=row.duration_ms,
                )
                for row in detail.hosts.get(step.id, [])
            ],
        )
        for step in detail.steps
    ]


def to_artifact(row: JobArtifact) -> ArtifactAnswer:
    """A file of a job."""
    return ArtifactAnswer(name=row.name, size=row.size, sha256=row.sha256)
