"""The outermost edge: every request gets an id and a trace, and whatever nobody has caught becomes a plain 500."""

import re
import traceback
from collections.abc import Mapping

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from ulid import ULID

from orch_app.kit import tracing, web_edge
from orch_app.kit.errors import OrchError
from orch_app.kit.rest import problem
from orch_app.kit.tracing import TRACEPARENT, TRACESTATE, Trace

REQUEST_ID = "X-Request-ID"
_SANE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_log = structlog.get_logger("web")


def wrap(app: ASGIApp, larger_bodies: Mapping[re.Pattern[str], int] | None = None) -> ASGIApp:
    """The app with the whole edge around it."""
    return Identified(web_edge.wrap(app, larger_bodies))


class Identified:
    """Gives every request an id and a trace, echoes both, and turns whatever nobody has caught into a plain 500."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or websocket; lifespan passes through."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        request_id, trace = _request_id(scope), _trace(scope)
        scope["state"] = {**scope.get("state", {}), "request_id": request_id}
        answer = _Answer(send, {REQUEST_ID: request_id} | ({TRACEPARENT: trace.parent} if trace else {}))
        known = {"request_id": request_id} | ({"trace_id": trace.trace_id} if trace else {})
        with structlog.contextvars.bound_contextvars(**known), tracing.within(trace):
            try:
                await self._app(scope, receive, answer.send)
            except Exception as error:  # the outermost edge, which must answer whatever happened
                trace = "".join(traceback.format_exception(error))  # as text: renderers may show local variables
                _log.error("request.failed", path=scope["path"], error=type(error).__name__, traceback=trace)
                if answer.is_half_sent:
                    raise  # the server must cut the connection, or half an answer would look like a whole one
                await _apologise(scope, receive, answer)


class _Answer:
    """Adds the ids of the request to the answer and remembers how far it got."""

    def __init__(self, send: Send, ids: Mapping[str, str]) -> None:
        self._send = send
        self._ids = ids
        self.is_started = False
        self.is_complete = False

    @property
    def is_half_sent(self) -> bool:
        return self.is_started and not self.is_complete

    async def send(self, message: Message) -> None:
        if message["type"] in {"http.response.start", "websocket.http.response.start"}:
            MutableHeaders(raw=message.setdefault("headers", [])).update(self._ids)
        self.is_started = self.is_started or message["type"] == "http.response.start"
        self.is_complete = message["type"] == "http.response.body" and not message.get("more_body", False)
        await self._send(message)


async def _apologise(scope: Scope, receive: Receive, answer: _Answer) -> None:
    if scope["type"] == "websocket":
        await answer.send({"type": "websocket.close", "code": 1011, "reason": "error"})
    elif not answer.is_started:
        await problem(Request(scope), unexpected())(scope, receive, answer.send)


def unexpected() -> OrchError:
    """What people see of a fault that nobody foresaw: no reason, no trace, an id to search the log for."""
    return OrchError(
        "Something went wrong on our side. The log has the details under this request id.", "internal_error"
    )


def _request_id(scope: Scope) -> str:
    asked = Headers(scope=scope).get(REQUEST_ID.lower(), "")
    return asked if _SANE_ID.fullmatch(asked) else str(ULID())


def _trace(scope: Scope) -> Trace | None:
    """The caller's trace, or a new one. A tab's websocket lives for hours of many acts, which are not one trace."""
    headers = Headers(scope=scope)
    found = tracing.continue_from(headers.getlist(TRACEPARENT), headers.getlist(TRACESTATE))
    return found or (tracing.begin() if scope["type"] == "http" else None)
