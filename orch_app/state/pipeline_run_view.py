"""One run of a pipeline as its page shows it: facts, the steps of the graph, and the report."""

import json
from typing import Any

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.states import Status
from orch_app.domains.pipelines import queries
from orch_app.domains.pipelines.graph import StepStatus
from orch_app.domains.pipelines.models import PipelineRunStep
from orch_app.domains.pipelines.queries import RunDetail
from orch_app.domains.pipelines.report import ReportAttempt, ReportStep, report_of, seconds
from orch_app.domains.runbooks.queries import list_runbooks
from orch_app.state.jobs_view import titles_of
from orch_app.state.pipelines_view import grave_places, phase_of

MOST_OUTPUT = 4_000
RESUMABLE = (StepStatus.ERROR, StepStatus.CANCELED)
Shown = dict[str, Any]


def read_run(session: Session, actor: Actor, run_id: str) -> Shown:
    """A run with its graph and its report.

    Raises:
        NotFound: there is none of that id.
    """
    detail = queries.get_detail(session, actor, run_id)
    runbooks = list_runbooks(session, actor)
    titles = titles_of(runbooks)
    report = report_of(detail)
    return {
        "run": _facts(detail) | {"isGrave": detail.run.environment in grave_places(detail.run.document, runbooks)},
        "steps": [_node(step, detail, titles) for step in detail.run.document["steps"]],
        "report": [row for step in report.steps for row in _attempts(step)],
        "inputs": [{"name": name, "value": _text(value)} for name, value in detail.run.inputs.items()],
        "outputs": [{"step": step.id, "value": _text(step.output)} for step in report.steps if step.output is not None],
    }


def _facts(detail: RunDetail) -> Shown:
    run = detail.run
    statuses = [row.status for row in detail.latest.values()]
    over = sum(status in ("SUCCESS", "ERROR", "CANCELED", "SKIPPED") for status in statuses)
    return {
        "id": run.id,
        "title": run.document.get("title") or run.pipeline_name,
        "name": run.pipeline_name,
        "number": f"#{run.number}",
        "status": run.status,
        "phase": phase_of(run),
        "isOver": run.finished_at is not None,
        "isResumable": run.status in RESUMABLE,
        "isCanceling": run.cancel_requested_at is not None and run.finished_at is None,
        "environment": run.environment,
        "createdBy": run.created_by_name,
        "createdAt": run.created_at.isoformat(),
        "finishedAt": run.finished_at.isoformat() if run.finished_at else "",
        "lengthS": seconds(run.created_at, run.finished_at),
        "canceledBy": run.canceled_by or "",
        "reason": run.request_reason,
        "attempt": run.attempt,
        "version": run.pipeline_version,
        "done": over,
        "total": len(statuses),
        "tone": "ok" if run.status == StepStatus.SUCCESS else "bad" if "ERROR" in statuses else "t",
        "reportHref": f"/v1/pipeline-runs/{run.id}/report",
    }


def _node(step: Shown, detail: RunDetail, titles: dict[str, tuple[str, str]]) -> Shown:
    row = detail.latest[step["id"]]
    job = detail.jobs.get(row.job_id or "")
    english, portuguese = titles.get(step["runbook"], (step["runbook"], step["runbook"]))
    status, phase = status_of(row, job)
    return {
        "id": step["id"],
        "needs": step["needs"],
        "join": step["join"],
        "state": row.status,
        "status": status,
        "phase": phase,
        "title": english,
        "titlePt": portuguese,
        "jobHref": f"/jobs/{job.id}" if job else "",
        "jobNumber": f"#{row.job_number}" if row.job_number else "",
        "startedAt": job.started_at.isoformat() if job and job.started_at else "",
        "lengthS": seconds(row.started_at, row.finished_at),
        "detail": row.reason_detail or row.reason,
    }


def status_of(row: PipelineRunStep, job: Job | None) -> tuple[str, str]:
    """How a step is shown: one that has not begun waits, one that runs is where its job is."""
    if row.status == StepStatus.PENDING:
        return "waiting", ""
    if row.status == StepStatus.RUNNING and job is not None and job.status in (Status.PENDING, Status.RUNNING):
        return job.status, job.phase
    return row.status, ""


def _attempts(step: ReportStep) -> list[Shown]:
    last = len(step.attempts) - 1
    return [_attempt(step, one, is_last=at == last) for at, one in enumerate(step.attempts)]


def _attempt(step: ReportStep, one: ReportAttempt, *, is_last: bool) -> Shown:
    return {
        "step": step.id,
        "attempt": one.attempt,
        "isOld": not is_last,
        "runbook": step.runbook,
        "version": step.runbook_version,
        "environment": step.environment,
        "status": "waiting" if one.status == StepStatus.PENDING else one.status,
        "reason": one.reason,
        "detail": one.reason_detail,
        "jobHref": f"/jobs/{one.job_id}" if one.job_id else "",
        "jobNumber": f"#{one.job_number}" if one.job_number else "",
        "by": one.launched_by,
        "hosts": ", ".join(one.hosts),
        "startedAt": one.started_at.isoformat() if one.started_at and one.job_id else "",
        "lengthS": one.duration_s if one.job_id else None,
    }


def _text(value: Any) -> str:
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    return written if len(written) <= MOST_OUTPUT else f"{written[:MOST_OUTPUT]}…"
