"""A job's lines: a page of them, as server-sent events, over a websocket; and the events of everything that moves."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse
from pydantic import Field

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.accounts.edge import SignedIn, Staying
from orch_app.domains.accounts.watch import Ending, watch
from orch_app.domains.jobs import queries
from orch_app.domains.jobs.activity import activity
from orch_app.domains.jobs.log.export import Form, log_file
from orch_app.domains.jobs.log.feed import JobState, Update, log_feed
from orch_app.domains.jobs.log.reader import LogFilter, level_counts, lines_after
from orch_app.kit.db import reading
from orch_app.kit.errors import NotFound
from orch_app.kit.rest import Answer, CamelModel, Reading

router = APIRouter(prefix="/v1", tags=["logs"])

HEARTBEAT_S = 15.0
NEEDS = {
    "host.status": Permission.HOSTS_READ,
    "connection.status": Permission.CONNECTIONS_READ,
    "schedule.status": Permission.SCHEDULES_READ,
    "schedule.missed": Permission.SCHEDULES_READ,
}
MAX_LINES = 5_000
POLICY_VIOLATION = 1008
MEDIA: dict[Form, str] = {"txt": "text/plain; charset=utf-8", "ndjson": "application/x-ndjson"}
FILES = {media.partition(";")[0]: {"schema": {"type": "string"}} for media in MEDIA.values()}
_NUMBER = re.compile(r"[0-9]{1,15}")
LevelName = Literal[
    "debug", "info", "ok", "changed", "skipped", "warning", "error", "unreachable", "output", "task", ""
]


class LogQuery(CamelModel):
    """Which lines: numbered above `afterSeq`, of these levels, of this host, with this text.

    With `format=txt` or `format=ndjson` all that match come as a file; numbers and limit do not matter then.
    """

    after_seq: int = Field(0, ge=0, le=2**53)
    limit: int = Field(500, ge=1, le=MAX_LINES)
    level: list[LevelName] = Field(default_factory=list)
    host: Annotated[str, Field(max_length=255)] = ""
    q: Annotated[str, Field(max_length=200)] = ""
    format: Literal["json", "txt", "ndjson", ""] = ""


class LineAnswer(Answer):
    """One line. `style` only comes with a coloured one: `start:length:codes` of its coloured parts, by blanks."""

    seq: int
    ts: str
    level: str
    host: str
    task: str
    message: str
    style: str = ""


class LogPage(Answer):
    """Lines in order; ask again with `afterSeq = nextAfterSeq` for more."""

    items: list[LineAnswer]
    next_after_seq: int
    last_seq: int


@router.get(
    "/jobs/{job_id}/logs",
    response_model=LogPage,
    response_model_exclude_defaults=True,
    responses={200: {"content": FILES}},
)
def list_log_lines(
    job_id: str, query: Annotated[LogQuery, Query()], actor: SignedIn, session: Reading
) -> LogPage | StreamingResponse:
    """A page of a job's log, from the database or, for an old job, from its archived file; or the whole as a file."""
    job = queries.get_job(session, actor, job_id)
    wanted = LogFilter(tuple(level for level in query.level if level), query.host, query.q)
    if query.format in {"txt", "ndjson"}:
        form: Form = "txt" if query.format == "txt" else "ndjson"
        named = {"Content-Disposition": f'attachment; filename="job-{job.number}.{form}"'}
        return StreamingResponse(log_file(actor, job_id, wanted, form), media_type=MEDIA[form], headers=named)
    lines = lines_after(session, job, query.after_seq, query.limit, wanted)
    return LogPage(
        items=[LineAnswer(**line.to_wire()) for line in lines],
        next_after_seq=lines[-1].seq if lines else query.after_seq,
        last_seq=job.last_seq,
    )


@router.get("/jobs/{job_id}/logs/levels")
def count_log_levels(job_id: str, actor: SignedIn, session: Reading) -> dict[str, int]:
    """How many lines of each level a job's log has."""
    return level_counts(session, queries.get_job(session, actor, job_id))


class StreamQuery(CamelModel):
    """Where to begin when there is no `Last-Event-ID`."""

    after_seq: int = Field(0, ge=0, le=2**53)


@router.get("/jobs/{job_id}/logs/stream", response_class=StreamingResponse)
async def stream_log(
    job_id: str,
    query: Annotated[StreamQuery, Query()],
    actor: Staying,
    last_event_id: Annotated[str | None, Header()] = None,
) -> StreamingResponse:
    """Lines and status as server-sent events: `log` with the line's number as id, `status`, and `end` at the end.

    `closed` comes instead of `end` when the caller was signed out or got another role.
    """
    await asyncio.to_thread(_require_job, actor, job_id)
    after = int(last_event_id) if last_event_id and _NUMBER.fullmatch(last_event_id) else query.after_seq
    headers = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
    return StreamingResponse(_events(job_id, after, actor), media_type="text/event-stream", headers=headers)


def _require_job(actor: Actor, job_id: str) -> None:
    with reading() as session:
        queries.get_job(session, actor, job_id)


async def _events(job_id: str, after_seq: int, actor: Actor) -> AsyncIterator[str]:
    sent = None
    ending = asyncio.ensure_future(watch.ending_of(actor))
    async with contextlib.aclosing(_with_heartbeats(log_feed.follow(job_id, after_seq), ending)) as updates:
        async for update in updates:
            yield _told(update, is_news=update is not None and update.state != sent)
            sent = update.state if update else sent
    if ending.done() and not ending.cancelled():
        yield f"event: closed\ndata: {_json({'reason': ending.result().reason})}\n\n"
    else:
        yield f"event: end\ndata: {_json(_status(sent or JobState()))}\n\n"


def _told(update: Update | None, *, is_news: bool) -> str:
    """An update as it is sent, with the status when that is news; for None a comment, which keeps proxies awake."""
    if update is None:
        return ": still here\n\n"
    text = "".join(f"event: log\nid: {line.seq}\ndata: {_json(line.to_wire())}\n\n" for line in update.lines)
    return text + (f"event: status\ndata: {_json(_status(update.state))}\n\n" if is_news else "")


async def _with_heartbeats(
    updates: AsyncIterator[Update], ending: asyncio.Future[Ending]
) -> AsyncGenerator[Update | None]:
    """The same updates until the ending, with None whenever 15 seconds pass without one."""
    upcoming = asyncio.ensure_future(anext(updates, None))
    try:
        while True:
            awaited: set[asyncio.Future[Any]] = {upcoming, ending}
            done, _ = await asyncio.wait(awaited, timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                yield None
                continue
            update = None if ending in done else upcoming.result()
            if update is None:
                return
            yield update
            upcoming = asyncio.ensure_future(anext(updates, None))
    finally:
        for task in (upcoming, ending):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def _status(state: JobState) -> dict[str, Any]:
    return {"status": state.status, "phase": state.phase, "reason": state.reason, "lastSeq": state.last_seq}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@router.websocket("/ws/jobs/{job_id}")
async def watch_job(socket: WebSocket, job_id: str, actor: Staying, query: Annotated[StreamQuery, Query()]) -> None:
    """The same lines over a websocket: `{type: log, item}`, `{type: status, ...}`, `{type: end, ...}`."""
    try:
        await asyncio.to_thread(_require_job, actor, job_id)
    except NotFound:
        await socket.close(POLICY_VIOLATION, "there is no such job")
        return
    await socket.accept()
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        await _until_closed(socket, actor, _send_job(socket, job_id, query.after_seq))


async def _send_job(socket: WebSocket, job_id: str, after_seq: int) -> None:
    sent = None
    async for update in log_feed.follow(job_id, after_seq):
        for line in update.lines:
            await socket.send_text(_json({"type": "log", "item": line.to_wire()}))
        if update.state != sent:
            sent = update.state
            await socket.send_text(_json({"type": "status"} | _status(sent)))
    await socket.send_text(_json({"type": "end"} | _status(sent or JobState())))
    await socket.close()


@router.websocket("/ws")
async def watch_everything(socket: WebSocket, actor: Staying) -> None:
    """Status changes of jobs, workers, hosts and connections, as far as the caller may read them."""
    require(actor, Permission.JOBS_READ)
    await socket.accept()
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        await _until_closed(socket, actor, _send_activity(socket, actor))


async def _send_activity(socket: WebSocket, actor: Actor) -> None:
    async for event in activity.listen():
        if actor.may(NEEDS.get(event.type, Permission.JOBS_READ)):
            await socket.send_text(_json({"type": event.type, "data": event.data}))


async def _until_closed(socket: WebSocket, actor: Actor, sending: Any) -> None:
    """Send until there is nothing more, the other side has gone, or the caller is no longer who he or she was."""
    ending = asyncio.ensure_future(watch.ending_of(actor))
    tasks: list[asyncio.Future[Any]] = [asyncio.ensure_future(sending), asyncio.ensure_future(_drain(socket)), ending]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect):
                await task
    if not ending.cancelled():
        await socket.close(ending.result().code, ending.result().reason)


async def _drain(socket: WebSocket) -> None:
    while True:
        await socket.receive_text()
