"""Jobs over REST: launch, list, look, cancel, retry, artifacts. Lines and live events are in `live_api`."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import AfterValidator, AwareDatetime, Field
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.accounts.edge import SignedIn
from orch_app.domains.accounts.limits import check_execute_limit
from orch_app.domains.jobs import artifacts, bulk, idempotency, queries, removal, service
from orch_app.domains.jobs.export import csv_of_jobs
from orch_app.domains.jobs.host_limit import HostLimit
from orch_app.domains.jobs.long_poll import wait_for_end
from orch_app.domains.jobs.models import Approval, Job
from orch_app.domains.jobs.play_tags import PlayTags, Tags
from orch_app.domains.jobs.states import MAX_PRIORITY
from orch_app.domains.jobs.wire import (
    ApprovalAnswer,
    ArtifactAnswer,
    JobAnswer,
    JobRow,
    steps_of,
    to_answer,
    to_approval,
    to_artifact,
    to_row,
)
from orch_app.domains.runbooks.choices.asking import Draft, look_up
from orch_app.kit.pages import PageQuery, next_link
from orch_app.kit.rest import MAX_PAGE, Answer, CamelModel, Reading, Transaction

router = APIRouter(prefix="/v1", tags=["jobs"])

StatusName = Literal["PENDING", "RUNNING", "SUCCESS", "ERROR", "CANCELED", ""]
Text = Annotated[str, Field(max_length=200)]
Reason = Annotated[str, Field(max_length=500)]
PlanName = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
IdempotencyKey = Annotated[str | None, Header()]
REST_OF_FILE = re.compile(r"bytes=(\d{1,18})-")
JobId = Annotated[str, Field(max_length=64)]


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("this time is outside of the calendar") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class PreviewBody(CamelModel):
    """What is to be looked at. Secrets are never inputs: they are references to connections.

    The greater `priority` goes first; above 0 it needs `jobs:prioritize`. `tags` and `skipTags` choose tasks of the
    playbook, among the tags that its runbook offers. `limit` chooses hosts by names and labels (`web*,role=db,!web3`):
    of those in `hosts`, or of all in the environment.
    """

    inputs: dict[str, Any] = Field(default_factory=dict)
    hosts: list[Annotated[str, Field(max_length=64)]] | None = Field(default=None, max_length=5_000)
    environment: Literal["stage", "prod"] = "stage"
    connections: dict[str, Annotated[str, Field(max_length=64)]] = Field(default_factory=dict)
    request_reason: Reason = ""
    tags: Tags = []
    skip_tags: Tags = []
    limit: HostLimit = ""
    priority: int = Field(0, ge=-MAX_PRIORITY, le=MAX_PRIORITY)


class ExecuteBody(PreviewBody):
    """What is to be run: the same, with a mode and the plan that it is held to.

    `expectPlan` is the `planSha256` of a finished preview of the same: that plan is applied, or nothing.
    """

    mode: Literal["preview", "apply", "rollback"] = "apply"
    expect_plan: PlanName = ""


class RollbackBody(CamelModel):
    """How to put back what a job changed; with `preview` only to show what that would be."""

    preview: bool = False
    expect_plan: PlanName = ""
    request_reason: Reason = ""


class Accepted(Answer):
    """The job that was made; it runs later, or once somebody has approved it.

    `deduplicated`: one with the same dedup key was there, and this is it.
    """

    job_id: str
    number: int
    status: str
    phase: str
    status_url: str
    events_url: str
    deduplicated: bool
    approval: ApprovalAnswer | None


class JobsQuery(CamelModel):
    """Filters of the list; several `status` or `id` mean any of them, an empty one means no filter.

    `format=csv`, or `Accept: text/csv`, gives all that match as a file; pages and cursors do not matter then.
    `host` is the name of one host that the job worked on. Every word of `q` is the number (`123`, `#123`), the id, or a
    part of the runbook's name or title, of the requester, the reason or the name of a host.
    `deadLetter=true`: only jobs that the workers gave up, because they failed to start or lost them three times.
    """

    status: list[StatusName] = Field(default_factory=list)
    runbook: Text = ""
    environment: Literal["stage", "prod", "all", ""] = ""
    created_by: Text = ""
    host: Text = ""
    trigger: Text = ""
    id: list[JobId] = Field(default_factory=list, max_length=MAX_PAGE)
    q: Text = ""
    created_after: Moment | None = None
    created_before: Moment | None = None
    dead_letter: bool = False
    limit: int = Field(50, ge=1, le=200)
    cursor: Annotated[str, Field(max_length=300)] = ""
    page: int | None = Field(None, ge=1, le=100_000)
    page_size: int | None = Field(None, ge=1, le=200)
    with_total: bool = False
    format: Literal["json", "csv", ""] = ""


class JobList(Answer):
    """A page of jobs, newest first."""

    items: list[JobRow]
    next_cursor: str | None
    prev_cursor: str | None
    total: int | None = None


class CancelBody(CamelModel):
    """How to stop a job."""

    force: bool = False


class RetryBody(CamelModel):
    """How to repeat a job."""

    only_failed_hosts: bool = False


class BulkBody(CamelModel):
    """What to do with up to fifty jobs. `force` is about canceling, `onlyFailedHosts` about repeating."""

    action: bulk.BulkAction
    job_ids: list[JobId] = Field(min_length=1, max_length=bulk.MOST)
    mode: Literal["bestEffort", "allOrNothing"] = "bestEffort"
    force: bool = False
    only_failed_hosts: bool = False


class BulkItem(Answer):
    """What became of one job: 202 with the job as it is now (or was), or that repeats it; else why nothing was done."""

    job_id: str
    status: int
    job: JobRow | None
    code: str
    detail: str


class BulkAnswer(Answer):
    """The result for each job, in the order asked."""

    items: list[BulkItem]
    done: int
    refused: int


class ArtifactList(Answer):
    """The files of a job."""

    items: list[ArtifactAnswer]


class WaitQuery(CamelModel):
    """`wait`: seconds to wait for the job's end before answering."""

    wait: int = Field(0, ge=0, le=60)


@router.post("/runbooks/{name}/execute", status_code=202, response_model=Accepted)
def execute_runbook(
    name: str,
    body: ExecuteBody,
    request: Request,
    actor: SignedIn,
    session: Transaction,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """Make a job of a runbook. It never runs inside the request."""
    return _launch(session, actor, _to_order(name, body), _Call(request, idempotency_key, body))


@router.post("/runbooks/{name}/preview", status_code=202, response_model=Accepted)
def preview_runbook(
    name: str,
    body: PreviewBody,
    request: Request,
    actor: SignedIn,
    session: Transaction,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """Make a job that shows what the runbook would change, and changes nothing: execute with the mode `preview`."""
    asked = ExecuteBody(**body.model_dump(), mode="preview")
    return _launch(session, actor, _to_order(name, asked), _Call(request, idempotency_key, body))


@dataclass(frozen=True)
class _Call:
    """A call that may be repeated under a key of the caller's."""

    request: Request
    key: str | None
    body: CamelModel


def _launch(session: Session, actor: Actor, order: service.Order, made: _Call) -> JSONResponse:
    check_execute_limit(actor)
    if not order.rollback_of:  # before the first statement of the transaction, so that nobody waits for its lock
        look_up(actor, order.runbook, Draft(order.inputs, order.connections, order.environment))
    call = None
    if made.key is not None:
        call = idempotency.call_of(actor, made.request.url.path, made.key, made.body.model_dump(mode="json"))
        replay = idempotency.begin(session, call)
        if replay is not None:
            return _accepted(replay, {"Idempotency-Replayed": "true"})
    found = service.launch_or_join(session, actor, order)
    answer = _to_accepted(session, found.job, deduplicated=not found.is_new)
    if call:
        idempotency.remember(session, call, 202, answer)
    return _accepted(answer, {})


def _to_order(name: str, body: ExecuteBody) -> service.Order:
    return service.Order(
        runbook=name,
        inputs=body.inputs,
        host_ids=body.hosts,
        environment=body.environment,
        connections=body.connections,
        request_reason=body.request_reason,
        trigger="api",
        priority=body.priority,
        mode=body.mode,
        expect_plan=body.expect_plan,
        tags=PlayTags.of(body.tags, body.skip_tags),
        limit=body.limit,
    )


def _to_accepted(session: Session, job: Job, *, deduplicated: bool = False) -> dict[str, Any]:
    question = session.get(Approval, job.id)
    made = Accepted(
        job_id=job.id,
        number=job.number,
        status=job.status,
        phase=job.phase,
        status_url=f"/v1/jobs/{job.id}",
        events_url=f"/v1/jobs/{job.id}/logs/stream",
        deduplicated=deduplicated,
        approval=to_approval(question) if question else None,
    )
    return made.model_dump(by_alias=True, mode="json")


def _accepted(answer: dict[str, Any], headers: dict[str, str]) -> JSONResponse:
    return JSONResponse(answer, 202, {"Location": answer["statusUrl"]} | headers)


@router.get("/jobs", response_model=JobList, responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}})
def list_jobs(
    query: Annotated[JobsQuery, Query()],
    actor: SignedIn,
    session: Reading,
    request: Request,
    response: Response,
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> JobList | StreamingResponse:
    """Jobs, newest first; as CSV where that is asked for."""
    wanted = _to_filter(query)
    if query.format == "csv" or (not query.format and (accept or "").startswith("text/csv")):
        named = {"Content-Disposition": 'attachment; filename="jobs.csv"'}
        return StreamingResponse(csv_of_jobs(actor, wanted), media_type="text/csv", headers=named)
    limit = query.page_size or query.limit
    offset = 0 if query.cursor else ((query.page or 1) - 1) * limit
    page = PageQuery(limit=limit, cursor=query.cursor)
    found = queries.read_jobs(session, actor, wanted, page, offset=offset)
    response.headers.update(next_link(request, found.next_cursor))
    return JobList(
        items=[to_row(job) for job in found.items],
        next_cursor=found.next_cursor,
        prev_cursor=found.prev_cursor,
        total=queries.count_jobs(session, actor, wanted) if query.with_total else None,
    )


def _to_filter(query: JobsQuery) -> queries.JobFilter:
    return queries.JobFilter(
        statuses=tuple(status for status in query.status if status),
        runbook=query.runbook,
        environment="" if query.environment == "all" else query.environment,
        created_by=query.created_by,
        host=query.host,
        trigger=query.trigger,
        ids=tuple(query.id),
        text=query.q,
        created_after=query.created_after,
        created_before=query.created_before,
        dead_letter=query.dead_letter,
    )


@router.post("/jobs/bulk", status_code=207)
def bulk_jobs(body: BulkBody, actor: SignedIn, session: Transaction) -> BulkAnswer:
    """Cancel, repeat or delete many jobs, each with its result; with `allOrNothing` one refusal undoes everything."""
    order = bulk.BulkOrder(
        body.action, body.job_ids, body.force, body.only_failed_hosts, all_or_nothing=body.mode == "allOrNothing"
    )
    items = [_to_bulk_item(outcome) for outcome in bulk.carry_out(session, actor, order)]
    done = sum(item.job is not None for item in items)
    return BulkAnswer(items=items, done=done, refused=len(items) - done)


def _to_bulk_item(outcome: bulk.Outcome) -> BulkItem:
    refusal = outcome.refusal
    return BulkItem(
        job_id=outcome.job_id,
        status=refusal.status if refusal else 202,
        job=to_row(outcome.job) if outcome.job else None,
        code=refusal.code if refusal else "",
        detail=refusal.detail if refusal else "",
    )


@router.get("/jobs/{job_id}")
async def get_job(job_id: str, query: Annotated[WaitQuery, Query()], actor: SignedIn) -> JobAnswer:
    """One job with its steps. With `wait` the answer comes when the job ends, or after so many seconds."""
    return to_answer(*await wait_for_end(actor, job_id, query.wait))


@router.delete("/jobs/{job_id}", status_code=204)
def delete_job(job_id: str, actor: SignedIn, session: Transaction) -> None:
    """Remove an ended job with its log and files."""
    removal.remove(session, actor, job_id)


@router.get("/jobs/{job_id}/steps")
def list_steps(job_id: str, actor: SignedIn, session: Reading) -> dict[str, Any]:
    """The plays and tasks of a job."""
    steps = steps_of(queries.get_detail(session, actor, job_id))
    return {"items": [step.model_dump(by_alias=True, mode="json") for step in steps]}


@router.post("/jobs/{job_id}/cancel", status_code=202)
def cancel_job(job_id: str, actor: SignedIn, session: Transaction, body: CancelBody | None = None) -> JobRow:
    """Stop a job; with `force` without giving it time to end by itself."""
    return to_row(service.cancel(session, actor, job_id, force=body.force if body else False))


@router.post("/jobs/{job_id}/retry", status_code=202, response_model=Accepted)
def retry_job(job_id: str, actor: SignedIn, session: Transaction, body: RetryBody | None = None) -> JSONResponse:
    """Run the same again, on all hosts or only on those that failed."""
    check_execute_limit(actor)
    only_failed = body.only_failed_hosts if body else False
    job = service.retry(session, actor, job_id, only_failed_hosts=only_failed)
    return _accepted(_to_accepted(session, job), {})


@router.post("/jobs/{job_id}/rollback", status_code=202, response_model=Accepted)
def rollback_job(job_id: str, body: RollbackBody, actor: SignedIn, session: Transaction) -> JSONResponse:
    """Put back what a job changed, from the snapshot that it took first."""
    check_execute_limit(actor)
    job = service.roll_back(
        session,
        actor,
        job_id,
        preview=body.preview,
        expect_plan=body.expect_plan,
        request_reason=body.request_reason,
    )
    return _accepted(_to_accepted(session, job), {})


@router.get("/jobs/{job_id}/artifacts")
def list_artifacts(job_id: str, actor: SignedIn, session: Reading) -> ArtifactList:
    """The files that a job left, with their SHA-256."""
    return ArtifactList(items=[to_artifact(row) for row in queries.list_artifacts(session, actor, job_id)])


@router.get("/jobs/{job_id}/artifacts/{name}", response_class=StreamingResponse)
def download_artifact(
    job_id: str,
    name: str,
    actor: SignedIn,
    rest: Annotated[str, Header(alias="Range", include_in_schema=False)] = "",
) -> StreamingResponse:
    """One file, always as an attachment; the download is audited. `Range: bytes=N-` goes on where one broke off."""
    found = artifacts.open_for_download(actor, job_id, name)
    asked = REST_OF_FILE.fullmatch(rest)
    start = int(asked[1]) if asked and int(asked[1]) < found.size else 0
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Disposition": f'attachment; filename="{found.name}"',
        "Content-Length": str(found.size - start),
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "ETag": f'"{found.sha256}"',
        "X-Content-Type-Options": "nosniff",
    }
    if start:
        headers["Content-Range"] = f"bytes {start}-{found.size - 1}/{found.size}"
    return StreamingResponse(found.read(start), 206 if start else 200, headers, media_type="application/octet-stream")
