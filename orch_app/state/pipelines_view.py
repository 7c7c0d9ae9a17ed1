"""The list of pipelines and their runs as the screen shows it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.launch_matrix import is_grave
from orch_app.domains.pipelines import queries
from orch_app.domains.pipelines.models import Pipeline, PipelineRun
from orch_app.domains.pipelines.report import seconds
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.runbooks.risks import risk_of

PAGE_SIZE = 50
ENVIRONMENTS = ("stage", "prod")
STATUSES = ("RUNNING", "SUCCESS", "ERROR", "CANCELED")
PARAMETERS = ("pipeline", "status")
Shown = dict[str, Any]


def read_pipelines(session: Session, actor: Actor, asked: Mapping[str, str], environment: str) -> Shown:
    """Every definition with its last run, and the newest runs that the address asks for."""
    pipelines = queries.list_pipelines(session, actor)
    last = queries.last_runs(session, actor, [row.id for row in pipelines])
    status = asked["status"] if asked["status"] in STATUSES else ""
    wanted = queries.RunFilter(asked["pipeline"], (status,) if status else (), environment)
    runs = queries.list_runs(session, actor, wanted, limit=PAGE_SIZE)
    titles = {row.name: row.title for row in pipelines}
    return {
        "rows": [_pipeline(row, last.get(row.id)) for row in pipelines],
        "runs": [run_row(run, titles.get(run.pipeline_name, "")) for run in runs],
        "names": [row.name for row in pipelines],
        "is_filtered": bool(asked["pipeline"] or status),
    }


def run_row(run: PipelineRun, title: str) -> Shown:
    """A run in a list."""
    return {
        "id": run.id,
        "href": f"/pipelines/{run.id}",
        "title": title or run.pipeline_name,
        "name": run.pipeline_name,
        "number": f"#{run.number}",
        "status": run.status,
        "phase": phase_of(run),
        "environment": run.environment,
        "createdBy": run.created_by_name,
        "createdAt": run.created_at.isoformat(),
        "startedAt": run.created_at.isoformat(),
        "lengthS": seconds(run.created_at, run.finished_at),
    }


def grave_places(document: Mapping[str, Any], runbooks: Sequence[Runbook]) -> list[str]:
    """The environments for which a run of this definition runs something of high risk in production."""
    books = {book.name: book for book in runbooks}
    known = [(books[step["runbook"]], step) for step in document["steps"] if step["runbook"] in books]
    steps = [(risk_of(book, step["inputs"]), step["environment"]) for book, step in known]
    return [place for place in ENVIRONMENTS if any(is_grave(risk, own or place) for risk, own in steps)]


def phase_of(run: PipelineRun) -> str:
    """A run that was told to stop and has not ended is canceling."""
    return "canceling" if run.cancel_requested_at and run.finished_at is None else ""


def _pipeline(row: Pipeline, last: PipelineRun | None) -> Shown:
    steps = [step["id"] for step in row.document["steps"]]
    return {
        "id": row.id,
        "name": row.name,
        "title": row.title or row.name,
        "description": row.description,
        "steps": " → ".join(steps),
        "count": len(steps),
        "runHref": f"/pipelines?run={row.id}",
        "editHref": f"/pipelines?edit={row.id}",
        "lastHref": f"/pipelines/{last.id}" if last else "",
        "lastStatus": last.status if last else "",
        "lastAt": last.created_at.isoformat() if last else "",
    }
