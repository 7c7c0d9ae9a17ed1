"""Jobs as they look on the wire."""

from datetime import datetime
from typing import Any

from orch_app.domains.jobs.models import Approval, Job, JobArtifact
from orch_app.domains.jobs.outlook import Outlook, Waiting
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
    priority: int
    runbook: str
    runbook_version: str
    mode: str
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


class WaitsForAnswer(Answer):
    """A lock or limit that a job waits for, and a job that holds it or (`held` false) stands ahead in the line."""

    lock: str
    kind: str
    job_id: str
    number: int
    held: bool


class QueueAnswer(Answer):
    """Where in the line a waiting job stands and why it waits."""

    position: int
    reason: str
    waits_for: list[WaitsForAnswer]
    not_before: datetime | None


class LockAnswer(Answer):
    """A lock that the job needs; the job that has it now, if any."""

    name: str
    job_id: str | None
    number: int | None


class AttemptAnswer(Answer):
    """One attempt at the job. `outcome` is empty while it goes on."""

    attempt: int
    worker: str
    outcome: str
    status: str
    reason: str
    reason_detail: str
    claimed_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class ApprovalAnswer(Answer):
    """Whose approval a job wants or wanted, and what became of that.

    `state` is `waiting`, `approved`, `denied`, `expired` or `withdrawn`; `wanted` is `required` or
    `required_other_person`; `role` is the weakest that may decide.
    """

    state: str
    wanted: str
    role: str
    requested_by: str
    requested_by_id: str | None
    requested_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str
    expires_at: datetime
    plan_sha256: str | None


class WaitingAnswer(Answer):
    """A job that waits for an approval."""

    job: JobRow
    approval: ApprovalAnswer


class JobAnswer(JobRow):
    """A job with its steps. `eta` is when it should end, told by earlier runs.

    `plan_sha256` names the plan that the play made (artifact plan.json), `snapshot_ref` the artifact to roll it back.
    """

    approval: ApprovalAnswer | None
    queue: QueueAnswer | None
    locks: list[LockAnswer]
    attempts: list[AttemptAnswer]
    eta: datetime | None
    attempt: int
    retry_of: str | None
    rollback_of: str | None
    expect_plan: str | None
    plan_sha256: str | None
    snapshot_ref: str | None
    request_reason: str
    inputs: dict[str, Any]
    tags: list[str]
    skip_tags: list[str]
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
        "priority": job.priority,
        "runbook": job.runbook_name,
        "runbook_version": job.runbook_version,
        "mode": job.run_mode,
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


def to_answer(detail: JobDetail, outlook: Outlook) -> JobAnswer:
    """A job with everything."""
    job = detail.job
    return JobAnswer(
        **row_of(job),
        **_ahead(outlook),
        approval=to_approval(detail.approval) if detail.approval else None,
        attempt=job.attempt,
        retry_of=job.retry_of,
        rollback_of=job.rollback_of,
        expect_plan=job.expect_plan or None,
        plan_sha256=job.plan_sha256 or None,
        snapshot_ref=job.snapshot_ref or None,
        request_reason=job.request_reason,
        inputs=job.input_json,
        tags=job.tags_json.get("only", []),
        skip_tags=job.tags_json.get("skip", []),
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


def to_approval(row: Approval) -> ApprovalAnswer:
    """Whose approval a job wants, and what became of it."""
    return ApprovalAnswer(
        state=row.state,
        wanted=row.wanted,
        role=row.approver_role,
        requested_by=row.requested_by_name,
        requested_by_id=row.requested_by,
        requested_at=row.requested_at,
        decided_by=row.decided_by_name or None,
        decided_at=row.decided_at,
        reason=row.reason,
        expires_at=row.expires_at,
        plan_sha256=row.plan_sha256 or None,
    )


def _ahead(outlook: Outlook) -> dict[str, Any]:
    waiting = outlook.waiting
    return {
        "queue": _queue(waiting) if waiting else None,
        "locks": [LockAnswer.model_validate(one) for one in outlook.locks],
        "attempts": [AttemptAnswer.model_validate(one) for one in outlook.attempts],
        "eta": outlook.expected_end,
    }


def _queue(waiting: Waiting) -> QueueAnswer:
    return QueueAnswer(
        position=waiting.position,
        reason=waiting.reason,
        waits_for=[
            WaitsForAnswer(lock=one.lock, kind=one.kind, job_id=one.job_id, number=one.number, held=one.is_held)
            for one in waiting.waits_for
        ],
        not_before=waiting.not_before,
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
