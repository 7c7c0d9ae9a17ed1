"""Pipelines and their runs as they look on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from orch_app.domains.pipelines.models import Pipeline, PipelineRun, PipelineRunStep
from orch_app.domains.pipelines.queries import RunDetail
from orch_app.kit.rest import Answer, CamelModel


class PipelineAnswer(Answer):
    """A definition with who keeps it; the document itself is what a PUT takes."""

    id: str
    name: str
    title: str
    description: str
    version: int
    inputs_schema: dict[str, Any]
    steps: list[dict[str, Any]]
    created_by: str
    created_at: datetime
    updated_at: datetime


class PipelineList(Answer):
    """Definitions by name."""

    items: list[PipelineAnswer]
    next_cursor: str | None


class RunBody(CamelModel):
    """What a run is to be started with."""

    inputs: dict[str, Any] = Field(default_factory=dict)
    environment: Literal["stage", "prod"] = "stage"
    request_reason: Annotated[str, Field(max_length=500)] = ""


class RunAccepted(Answer):
    """The run that was made; it goes on by itself."""

    run_id: str
    number: int
    status: str
    status_url: str
    report_url: str


class RunRow(Answer):
    """A run in a list."""

    id: str
    pipeline_id: str | None
    pipeline: str
    pipeline_version: int
    number: int
    status: str
    environment: str
    attempt: int
    created_by: str
    request_reason: str
    created_at: datetime
    finished_at: datetime | None
    cancel_requested_at: datetime | None
    canceled_by: str | None


class RunList(Answer):
    """A page of runs, newest first."""

    items: list[RunRow]
    next_cursor: str | None


class AttemptAnswer(Answer):
    """One attempt at one step."""

    step: str
    attempt: int
    status: str
    reason: str
    reason_detail: str
    job_id: str | None
    job_number: int | None
    output_fault: str
    started_at: datetime | None
    finished_at: datetime | None


class RunAnswer(RunRow):
    """A run with its inputs, its definition as it was, and where each step is."""

    inputs: dict[str, Any]
    definition: dict[str, Any]
    steps: list[AttemptAnswer]
    status_url: str
    cancel_url: str
    resume_url: str
    report_url: str


def to_pipeline(row: Pipeline) -> PipelineAnswer:
    """A definition."""
    return PipelineAnswer(
        id=row.id,
        name=row.name,
        title=row.title,
        description=row.description,
        version=row.version,
        inputs_schema=row.document["inputsSchema"],
        steps=row.document["steps"],
        created_by=row.created_by_name,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def to_accepted(run: PipelineRun) -> RunAccepted:
    """What the one who started a run gets to know."""
    place = f"/v1/pipeline-runs/{run.id}"
    return RunAccepted(
        run_id=run.id, number=run.number, status=run.status, status_url=place, report_url=f"{place}/report"
    )


def facts_of(run: PipelineRun) -> dict[str, Any]:
    """The facts of a list row."""
    return {
        "id": run.id,
        "pipeline_id": run.pipeline_id,
        "pipeline": run.pipeline_name,
        "pipeline_version": run.pipeline_version,
        "number": run.number,
        "status": run.status,
        "environment": run.environment,
        "attempt": run.attempt,
        "created_by": run.created_by_name,
        "request_reason": run.request_reason,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
        "cancel_requested_at": run.cancel_requested_at,
        "canceled_by": run.canceled_by,
    }


def to_row(run: PipelineRun) -> RunRow:
    """A run in a list."""
    return RunRow(**facts_of(run))


def to_run(detail: RunDetail) -> RunAnswer:
    """A run with the attempt that counts of each step, in the order of the definition."""
    run, rows = detail.run, detail.latest
    place = f"/v1/pipeline-runs/{run.id}"
    return RunAnswer(
        **facts_of(run),
        inputs=run.inputs,
        definition=run.document,
        steps=[to_attempt(rows[step["id"]]) for step in run.document["steps"]],
        status_url=place,
        cancel_url=f"{place}/cancel",
        resume_url=f"{place}/resume",
        report_url=f"{place}/report",
    )


def to_attempt(row: PipelineRunStep) -> AttemptAnswer:
    """One attempt at one step."""
    return AttemptAnswer(
        step=row.step,
        attempt=row.attempt,
        status=row.status,
        reason=row.reason,
        reason_detail=row.reason_detail,
        job_id=row.job_id,
        job_number=row.job_number,
        output_fault=row.output_fault,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
