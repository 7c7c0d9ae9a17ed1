"""What surrounds the whole web process, screens and API alike. Plain ASGI, so that streams and websockets flow.

From the outside in: a request id and the last net for faults, the caller's real address behind trusted proxies, the
headers of every answer, no changes and no websockets from other people's pages, and checked bodies.
"""

import ipaddress
import re
import traceback
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from ulid import ULID

from orch_app.kit.errors import Forbidden, OrchError
from orch_app.kit.origins import SAFE_METHODS, canonical, is_from_foreign_page
from orch_app.kit.rest import problem
from orch_app.kit.settings import settings
from orch_app.kit.web_bodies import Bodies
from orch_app.kit.web_headers import AnswerHeaders

REQUEST_ID = "X-Request-ID"
_SANE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_FORWARDED = (b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port", b"forwarded")
_SCHEMES = {
    ("http", "https"): "https",
    ("websocket", "https"): "wss",
    ("http", "http"): "http",
    ("websocket", "http"): "ws",
}
_log = structlog.get_logger("web")


def wrap(app: ASGIApp, larger_bodies: Mapping[re.Pattern[str], int] | None = None) -> ASGIApp:
    """The app with everything around it that this module's first lines name."""
    inner = AnswerHeaders(OwnPages(Bodies(app, larger_bodies or {})))
    return Identified(BehindProxies(inner))


class Identified:
    """Gives every request an id, echoes it, and turns whatever nobody has caught into a plain 500."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or websocket; lifespan passes through."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope["state"] = {**scope.get("state", {}), "request_id": request_id}
        answer = _Answer(send, request_id)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, answer.send)
            except Exception as error:  # the outermost edge, which must answer whatever happened
                trace = "".join(traceback.format_exception(error))  # as text: renderers may show local variables
                _log.error("request.failed", path=scope["path"], error=type(error).__name__, traceback=trace)
                if answer.is_half_sent:
                    raise  # the server must cut the connection, or half an answer would look like a whole one
                await _apologise(scope, receive, answer)


class _Answer:
    """Adds the request id to the answer and remembers how far it got."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.is_started = False
        self.is_complete = False

    @property
    def is_half_sent(self) -> bool:
        return self.is_started and not self.is_complete

    async def send(self, message: Message) -> None:
        if message["type"] in {"http.response.start", "websocket.http.response.start"}:
            MutableHeaders(raw=message.setdefault("headers", []))[REQUEST_ID] = self._request_id
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


class BehindProxies:
    """Believes `X-Forwarded-For` and `-Proto` from trusted proxies, and removes them from everybody's requests."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or websocket."""
        if scope["type"] in {"http", "websocket"}:
            client = scope.get("client")
            if client and _is_trusted(client[0]):
                _believe(scope, Headers(scope=scope))
            scope["headers"] = [header for header in scope["headers"] if header[0] not in _FORWARDED]
        await self._app(scope, receive, send)


class OwnPages:
    """Refuses changes and websockets that other people's pages send, and never shares an answer with them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or websocket."""
        is_socket = scope["type"] == "websocket"
        if scope["type"] == "lifespan" or (not is_socket and scope["method"] in SAFE_METHODS):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not is_from_foreign_page(headers):
            _speak_plainly(scope, headers)
            await self._app(scope, receive, send)
        elif is_socket:
            await send({"type": "websocket.close", "code": 1008, "reason": "foreign_origin"})
        else:
            error = Forbidden("A page of another site has sent this.", "foreign_origin")
            await problem(Request(scope), error)(scope, receive, send)


def _speak_plainly(scope: Scope, headers: Headers) -> None:
    """Name an accepted origin as the settings do, for Reflex compares texts and knows only those."""
    origin = headers.get("origin")
    if origin is not None:
        plain = canonical(origin, headers.get("host", "")).encode("latin-1")
        scope["headers"] = [(name, plain if name == b"origin" else value) for name, value in scope["headers"]]


def _request_id(scope: Scope) -> str:
    asked = Headers(scope=scope).get(REQUEST_ID.lower(), "")
    return asked if _SANE_ID.fullmatch(asked) else str(ULID())


def _believe(scope: Scope, headers: Headers) -> None:
    chain = [part.strip() for part in headers.get("x-forwarded-for", "").split(",") if part.strip()]
    caller = next((part for part in reversed(chain) if not _is_trusted(part)), chain[0] if chain else "")
    if _parse(caller):
        scope["client"] = (caller, 0)
    proto = headers.get("x-forwarded-proto", "").split(",")[-1].strip().lower()
    scope["scheme"] = _SCHEMES.get((scope["type"], proto), scope["scheme"])


def _is_trusted(address: str) -> bool:
    parsed = _parse(address)
    return bool(parsed) and any(parsed in network for network in _networks(settings().trusted_proxies))


def _networks(texts: Iterable[str]) -> list[Any]:
    return [ipaddress.ip_network(text, strict=False) for text in texts]


def _parse(address: str) -> Any:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None
