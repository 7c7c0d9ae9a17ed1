"""Pipelines over REST: definitions, runs, and the report of a run."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response, status
from fastapi.responses import JSONResponse
from pydantic import Field

from orch_app.domains.accounts.edge import SignedIn
from orch_app.domains.accounts.limits import check_execute_limit
from orch_app.domains.jobs import idempotency
from orch_app.domains.pipelines import queries, runs, service
from orch_app.domains.pipelines.definition import PipelineBody
from orch_app.domains.pipelines.models import Pipeline
from orch_app.domains.pipelines.report import Report, report_of
from orch_app.domains.pipelines.wire import (
    PipelineAnswer,
    PipelineList,
    RunAccepted,
    RunAnswer,
    RunBody,
    RunList,
    RunRow,
    to_accepted,
    to_pipeline,
    to_row,
    to_run,
)
from orch_app.kit.rest import CamelModel, Reading, Transaction, decode_cursor, encode_cursor, etag

router = APIRouter(prefix="/v1", tags=["pipelines"])

IfMatch = Annotated[str | None, Header(max_length=200)]
RunStatus = Literal["RUNNING", "SUCCESS", "ERROR", "CANCELED", ""]


class PipelinesQuery(CamelModel):
    """Pages of the list of definitions."""

    limit: int = Field(50, ge=1, le=200)
    cursor: Annotated[str, Field(max_length=300)] = ""


class RunsQuery(PipelinesQuery):
    """Filters of the list of runs; `pipeline` is an id or a name, several `status` mean any of them."""

    pipeline: Annotated[str, Field(max_length=100)] = ""
    status: list[RunStatus] = Field(default_factory=list)
    environment: Literal["stage", "prod", ""] = ""


@router.get("/pipelines")
def list_pipelines(query: Annotated[PipelinesQuery, Query()], actor: SignedIn, session: Reading) -> PipelineList:
    """Definitions by name, a page at a time."""
    after = str(decode_cursor(query.cursor, 1)[0]) if query.cursor else ""
    found = queries.list_pipelines(session, actor, limit=query.limit + 1, after=after)
    return PipelineList(
        items=[to_pipeline(row) for row in found[: query.limit]],
        next_cursor=encode_cursor(found[query.limit - 1].name) if len(found) > query.limit else None,
    )


@router.post("/pipelines", status_code=status.HTTP_201_CREATED)
def create_pipeline(body: PipelineBody, actor: SignedIn, session: Transaction, response: Response) -> PipelineAnswer:
    """Check and keep a new definition; each fault is named with its place."""
    row = service.create(session, actor, body)
    response.headers["Location"] = f"/v1/pipelines/{row.id}"
    return _pipeline(row, response)


@router.get("/pipelines/{pipeline_id}")
def get_pipeline(pipeline_id: str, actor: SignedIn, session: Reading, response: Response) -> PipelineAnswer:
    """One definition."""
    return _pipeline(queries.get_pipeline(session, actor, pipeline_id), response)


@router.put("/pipelines/{pipeline_id}")
def update_pipeline(
    pipeline_id: str,
    body: PipelineBody,
    actor: SignedIn,
    session: Transaction,
    response: Response,
    if_match: IfMatch = None,
) -> PipelineAnswer:
    """Put another definition in the place of this one; runs that are under way keep theirs."""
    return _pipeline(service.update(session, actor, pipeline_id, body, if_match=if_match), response)


@router.delete("/pipelines/{pipeline_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_pipeline(pipeline_id: str, actor: SignedIn, session: Transaction, if_match: IfMatch = None) -> None:
    """Remove a definition; its runs and their reports stay."""
    service.delete(session, actor, pipeline_id, if_match=if_match)


@router.post("/pipelines/{pipeline_id}/run", status_code=202, response_model=RunAccepted)
def run_pipeline(
    pipeline_id: str,
    request: Request,
    actor: SignedIn,
    session: Transaction,
    body: RunBody | None = None,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> JSONResponse:
    """Start a run. It goes on by itself; the answer says where to look."""
    check_execute_limit(actor)
    wanted, call = body or RunBody(), None
    if idempotency_key is not None:
        call = idempotency.call_of(actor, request.url.path, idempotency_key, wanted.model_dump(mode="json"))
        replay = idempotency.begin(session, call)
        if replay is not None:
            return _accepted(replay, {"Idempotency-Replayed": "true"})
    order = runs.RunOrder(pipeline_id, wanted.inputs, wanted.environment, wanted.request_reason)
    answer = to_accepted(runs.start(session, actor, order)).model_dump(by_alias=True, mode="json")
    if call:
        idempotency.remember(session, call, 202, answer)
    return _accepted(answer, {})


@router.get("/pipeline-runs")
def list_pipeline_runs(query: Annotated[RunsQuery, Query()], actor: SignedIn, session: Reading) -> RunList:
    """Runs, newest first."""
    statuses = tuple(name for name in query.status if name)
    wanted = queries.RunFilter(query.pipeline, statuses, query.environment)
    before = str(decode_cursor(query.cursor, 1)[0]) if query.cursor else ""
    found = queries.list_runs(session, actor, wanted, limit=query.limit + 1, before_id=before)
    return RunList(
        items=[to_row(run) for run in found[: query.limit]],
        next_cursor=encode_cursor(found[query.limit - 1].id) if len(found) > query.limit else None,
    )


@router.get("/pipeline-runs/{run_id}")
def get_pipeline_run(run_id: str, actor: SignedIn, session: Reading) -> RunAnswer:
    """One run and where each of its steps is."""
    return to_run(queries.get_detail(session, actor, run_id))


@router.post("/pipeline-runs/{run_id}/cancel", status_code=202)
def cancel_pipeline_run(run_id: str, actor: SignedIn, session: Transaction) -> RunRow:
    """Stop a run: its jobs are told to stop, and what waits never begins."""
    return to_row(runs.cancel(session, actor, run_id))


@router.post("/pipeline-runs/{run_id}/resume", status_code=202)
def resume_pipeline_run(run_id: str, actor: SignedIn, session: Transaction) -> RunRow:
    """Do the failed steps of a run and all that come after them again."""
    check_execute_limit(actor)
    return to_row(runs.resume(session, actor, run_id))


@router.get("/pipeline-runs/{run_id}/report")
def get_pipeline_report(run_id: str, actor: SignedIn, session: Reading) -> Report:
    """What each step did, how long it took, and what came out."""
    return report_of(queries.get_detail(session, actor, run_id))


def _pipeline(row: Pipeline, response: Response) -> PipelineAnswer:
    response.headers["ETag"] = etag(row.id, row.version)
    return to_pipeline(row)


def _accepted(answer: dict[str, Any], headers: dict[str, str]) -> JSONResponse:
    return JSONResponse(answer, 202, {"Location": answer["statusUrl"]} | headers)
