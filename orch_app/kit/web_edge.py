"""What surrounds the whole web process, screens and API alike. Plain ASGI, so that streams and websockets flow.

From the outside in: the caller's real address behind trusted proxies, the headers of every answer, no changes and no
websockets from other people's pages, and checked bodies. Request ids and the last net for faults are in `api.faults`.
"""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from orch_app.kit.errors import Forbidden
from orch_app.kit.origins import SAFE_METHODS, canonical, is_from_foreign_page
from orch_app.kit.rest import problem
from orch_app.kit.settings import settings
from orch_app.kit.web_bodies import Bodies
from orch_app.kit.web_headers import AnswerHeaders

_FORWARDED = (b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port", b"forwarded")
_SCHEMES = {
    ("http", "https"): "https",
    ("websocket", "https"): "wss",
    ("http", "http"): "http",
    ("websocket", "http"): "ws",
}


def wrap(app: ASGIApp, larger_bodies: Mapping[re.Pattern[str], int] | None = None) -> ASGIApp:
    """The app with everything around it that this module's first lines name."""
    inner = AnswerHeaders(OwnPages(Bodies(app, larger_bodies or {})))
    return BehindProxies(inner)


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
            own = [header for header in scope["headers"] if header[0] not in _FORWARDED]
            scope["state"] = {**scope.get("state", {}), "was_forwarded": len(own) < len(scope["headers"])}
            scope["headers"] = own
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
