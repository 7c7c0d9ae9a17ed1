"""The one report of a run: who asked for what, what each step did, how long it took, and what came out."""

from datetime import datetime
from typing import Any

from orch_app.domains.jobs.models import Job
from orch_app.domains.pipelines.graph import StepStatus
from orch_app.domains.pipelines.models import PipelineRunStep
from orch_app.domains.pipelines.queries import RunDetail
from orch_app.kit.rest import Answer


class ReportAttempt(Answer):
    """One attempt at one step. Inputs and hosts are those of its job, as long as the job is kept."""

    attempt: int
    status: str
    reason: str
    reason_detail: str
    job_id: str | None
    job_number: int | None
    launched_by: str
    hosts: list[str]
    inputs: dict[str, Any] | None
    counts: dict[str, int]
    started_at: datetime | None
    finished_at: datetime | None
    duration_s: float | None


class ReportStep(Answer):
    """One step: the attempt that counts, what came out, and the attempts before."""

    id: str
    runbook: str
    runbook_version: str
    environment: str
    status: str
    output: dict[str, Any] | None
    output_fault: str
    attempts: list[ReportAttempt]


class Report(Answer):
    """A run from its first step to its last."""

    id: str
    pipeline: str
    pipeline_version: int
    number: int
    status: str
    environment: str
    inputs: dict[str, Any]
    request_reason: str
    created_by: str
    canceled_by: str | None
    attempts: int
    created_at: datetime
    finished_at: datetime | None
    duration_s: float | None
    counts: dict[str, int]
    steps: list[ReportStep]


def report_of(detail: RunDetail) -> Report:
    """The report of a run, also of one that is not over."""
    run, rows = detail.run, detail.latest
    return Report(
        id=run.id,
        pipeline=run.pipeline_name,
        pipeline_version=run.pipeline_version,
        number=run.number,
        status=run.status,
        environment=run.environment,
        inputs=run.inputs,
        request_reason=run.request_reason,
        created_by=run.created_by_name,
        canceled_by=run.canceled_by,
        attempts=run.attempt,
        created_at=run.created_at,
        finished_at=run.finished_at,
        duration_s=seconds(run.created_at, run.finished_at),
        counts={status.value: sum(row.status == status for row in rows.values()) for status in StepStatus},
        steps=[_step(detail, step) for step in run.document["steps"]],
    )


def seconds(start: datetime | None, end: datetime | None) -> float | None:
    """How long it took; None while it is not over."""
    return round((end - start).total_seconds(), 3) if start and end else None


def _step(detail: RunDetail, step: dict[str, Any]) -> ReportStep:
    attempts = [row for row in detail.attempts if row.step == step["id"]]
    last = detail.latest[step["id"]]
    job = detail.jobs.get(last.job_id or "")
    return ReportStep(
        id=step["id"],
        runbook=step["runbook"],
        runbook_version=job.runbook_version if job else "",
        environment=step["environment"] or detail.run.environment,
        status=last.status,
        output=last.output,
        output_fault=last.output_fault,
        attempts=[_attempt(row, detail.jobs.get(row.job_id or "")) for row in attempts],
    )


def _attempt(row: PipelineRunStep, job: Job | None) -> ReportAttempt:
    return ReportAttempt(
        attempt=row.attempt,
        status=row.status,
        reason=row.reason,
        reason_detail=row.reason_detail,
        job_id=row.job_id,
        job_number=row.job_number,
        launched_by=job.created_by_name if job else "",
        hosts=job.host_names if job else [],
        inputs=job.input_json if job else None,
        counts=job.counts_json if job else {},
        started_at=row.started_at,
        finished_at=row.finished_at,
        duration_s=seconds(row.started_at, row.finished_at),
    )
