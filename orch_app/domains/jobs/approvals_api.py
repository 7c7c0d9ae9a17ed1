"""Approvals over REST: which jobs wait for one, and the two answers."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from orch_app.domains.accounts.edge import SignedIn
from orch_app.domains.jobs import approvals
from orch_app.domains.jobs.wire import JobRow, WaitingAnswer, to_approval, to_row
from orch_app.kit.pages import PageQuery, next_link
from orch_app.kit.rest import Answer, CamelModel, Reading, Transaction

router = APIRouter(prefix="/v1", tags=["jobs"])

Words = Annotated[str, Field(min_length=1, max_length=500)]


class ApproveBody(CamelModel):
    """Why the job may run. `planSha256` is the plan that was looked at; the job runs with that one or not at all."""

    reason: Words
    plan_sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""


class DenyBody(CamelModel):
    """Why the job may not run."""

    reason: Words


class WaitingQuery(CamelModel):
    """`waitingFor=me`: only those that the caller can approve."""

    waiting_for: Literal["me", ""] = ""
    limit: int = Field(50, ge=1, le=200)
    cursor: Annotated[str, Field(max_length=300)] = ""


class WaitingList(Answer):
    """A page of jobs that wait for an approval, oldest first."""

    items: list[WaitingAnswer]
    next_cursor: str | None
    prev_cursor: str | None


@router.get("/approvals")
def list_approvals(
    query: Annotated[WaitingQuery, Query()], actor: SignedIn, session: Reading, request: Request, response: Response
) -> WaitingList:
    """Jobs that wait for an approval, oldest first."""
    page = PageQuery(limit=query.limit, cursor=query.cursor)
    found, questions = approvals.read_waiting(session, actor, page, mine=query.waiting_for == "me")
    response.headers.update(next_link(request, found.next_cursor))
    items = [WaitingAnswer(job=to_row(job), approval=to_approval(questions[job.id])) for job in found.items]
    return WaitingList(items=items, next_cursor=found.next_cursor, prev_cursor=found.prev_cursor)


@router.post("/jobs/{job_id}/approve")
def approve_job(job_id: str, body: ApproveBody, actor: SignedIn, session: Transaction) -> JobRow:
    """Let a job run that waits for an approval, exactly as it was ordered."""
    return to_row(approvals.approve(session, actor, job_id, body.reason, body.plan_sha256))


@router.post("/jobs/{job_id}/deny")
def deny_job(job_id: str, body: DenyBody, actor: SignedIn, session: Transaction) -> JobRow:
    """End a job that waits for an approval."""
    return to_row(approvals.deny(session, actor, job_id, body.reason))
