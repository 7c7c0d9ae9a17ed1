"""Schedules, their firings and the blackouts over REST."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response, status
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.accounts.edge import SignedIn
from orch_app.domains.accounts.limits import check_execute_limit
from orch_app.domains.schedules import answers, blackouts, queries, service
from orch_app.domains.schedules.models import Blackout, Schedule
from orch_app.domains.schedules.wire import (
    BlackoutAnswer,
    BlackoutChange,
    BlackoutPage,
    BlackoutsQuery,
    FiringAnswer,
    FiringPage,
    NewBlackout,
    NewSchedule,
    Preview,
    PreviewQuery,
    RunBody,
    ScheduleAnswer,
    ScheduleChange,
    SchedulePage,
    SchedulesQuery,
)
from orch_app.kit.db import moment_ms
from orch_app.kit.pages import PageQuery, next_link
from orch_app.kit.rest import Reading, Transaction, etag

router = APIRouter(prefix="/v1", tags=["schedules"])

IfMatch = Annotated[str | None, Header(max_length=200)]


@router.get("/schedules")
def list_schedules(
    query: Annotated[SchedulesQuery, Query()], actor: SignedIn, session: Reading, request: Request, response: Response
) -> SchedulePage:
    """Schedules by name, a page at a time, with their next moments and what came of the last one."""
    page = queries.list_schedules(session, actor, query)
    response.headers.update(next_link(request, page.next_cursor))
    return SchedulePage(
        items=answers.of_schedules(session, actor, page.items),
        next_cursor=page.next_cursor,
        prev_cursor=page.prev_cursor,
        total=page.total,
    )


@router.post("/schedules", status_code=status.HTTP_201_CREATED)
def create_schedule(body: NewSchedule, actor: SignedIn, session: Transaction, response: Response) -> ScheduleAnswer:
    """Keep a new schedule; it belongs to the caller, and its jobs run with the caller's rights of that moment."""
    row = service.create(session, actor, body)
    response.headers["Location"] = f"/v1/schedules/{row.id}"
    return _answer(session, actor, row, response)


@router.get("/schedules/preview")
def preview_schedule(query: Annotated[PreviewQuery, Query()], actor: SignedIn, session: Reading) -> Preview:
    """The next moments of an expression in a time zone, and what it says in words."""
    return answers.of_expression(session, actor, query)


@router.get("/schedules/{schedule_id}")
def get_schedule(schedule_id: str, actor: SignedIn, session: Reading, response: Response) -> ScheduleAnswer:
    """One schedule."""
    return _answer(session, actor, queries.get_schedule(session, actor, schedule_id), response)


@router.patch("/schedules/{schedule_id}")
def update_schedule(
    schedule_id: str,
    body: ScheduleChange,
    actor: SignedIn,
    session: Transaction,
    response: Response,
    if_match: IfMatch = None,
) -> ScheduleAnswer:
    """Change the given fields; the caller becomes the owner."""
    row = service.update(session, actor, schedule_id, body, if_match=if_match)
    return _answer(session, actor, row, response)


@router.delete("/schedules/{schedule_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_schedule(schedule_id: str, actor: SignedIn, session: Transaction, if_match: IfMatch = None) -> None:
    """Remove a schedule; its jobs stay."""
    service.delete(session, actor, schedule_id, if_match=if_match)


@router.post("/schedules/{schedule_id}/pause")
def pause_schedule(schedule_id: str, actor: SignedIn, session: Transaction, response: Response) -> ScheduleAnswer:
    """Let nothing be due until it is resumed."""
    return _answer(session, actor, service.pause(session, actor, schedule_id), response)


@router.post("/schedules/{schedule_id}/resume")
def resume_schedule(schedule_id: str, actor: SignedIn, session: Transaction, response: Response) -> ScheduleAnswer:
    """Let it be due again, from its next moment on; what was in between is not caught up."""
    return _answer(session, actor, service.resume(session, actor, schedule_id), response)


@router.post("/schedules/{schedule_id}/run", status_code=status.HTTP_202_ACCEPTED)
def run_schedule(schedule_id: str, actor: SignedIn, session: Transaction, body: RunBody | None = None) -> FiringAnswer:
    """Start its job now, with the rights of the caller; a blackout needs an admin's reason."""
    check_execute_limit(actor)
    override_reason = body.override_reason if body else ""
    return answers.of_firing(service.run_now(session, actor, schedule_id, override_reason=override_reason))


@router.get("/schedules/{schedule_id}/firings")
def list_firings(
    schedule_id: str,
    query: Annotated[PageQuery, Query()],
    actor: SignedIn,
    session: Reading,
    request: Request,
    response: Response,
) -> FiringPage:
    """What came of a schedule's moments, the newest first."""
    page = queries.list_firings(session, actor, schedule_id, query)
    response.headers.update(next_link(request, page.next_cursor))
    return FiringPage(
        items=[answers.of_firing(row) for row in page.items],
        next_cursor=page.next_cursor,
        prev_cursor=page.prev_cursor,
        total=page.total,
    )


@router.get("/blackouts")
def list_blackouts(
    query: Annotated[BlackoutsQuery, Query()], actor: SignedIn, session: Reading, request: Request, response: Response
) -> BlackoutPage:
    """Times in which schedules of an environment start nothing."""
    page = queries.list_blackouts(session, actor, query)
    response.headers.update(next_link(request, page.next_cursor))
    moment = moment_ms(session)
    return BlackoutPage(
        items=[answers.of_blackout(row, moment) for row in page.items],
        next_cursor=page.next_cursor,
        prev_cursor=page.prev_cursor,
        total=page.total,
    )


@router.post("/blackouts", status_code=status.HTTP_201_CREATED)
def create_blackout(body: NewBlackout, actor: SignedIn, session: Transaction, response: Response) -> BlackoutAnswer:
    """Add a blackout, once or recurring."""
    row = blackouts.create(session, actor, body)
    response.headers["Location"] = f"/v1/blackouts/{row.id}"
    return _one_blackout(session, row, response)


@router.get("/blackouts/{blackout_id}")
def get_blackout(blackout_id: str, actor: SignedIn, session: Reading, response: Response) -> BlackoutAnswer:
    """One blackout."""
    return _one_blackout(session, queries.get_blackout(session, actor, blackout_id), response)


@router.patch("/blackouts/{blackout_id}")
def update_blackout(
    blackout_id: str,
    body: BlackoutChange,
    actor: SignedIn,
    session: Transaction,
    response: Response,
    if_match: IfMatch = None,
) -> BlackoutAnswer:
    """Change the given fields."""
    row = blackouts.update(session, actor, blackout_id, body, if_match=if_match)
    return _one_blackout(session, row, response)


@router.delete("/blackouts/{blackout_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_blackout(blackout_id: str, actor: SignedIn, session: Transaction, if_match: IfMatch = None) -> None:
    """Remove a blackout."""
    blackouts.delete(session, actor, blackout_id, if_match=if_match)


def _answer(session: Session, actor: Actor, row: Schedule, response: Response) -> ScheduleAnswer:
    response.headers["ETag"] = etag(row.id, row.version)
    return answers.of_schedules(session, actor, [row])[0]


def _one_blackout(session: Session, row: Blackout, response: Response) -> BlackoutAnswer:
    response.headers["ETag"] = etag(row.id, row.version)
    return answers.of_blackout(row, moment_ms(session))
