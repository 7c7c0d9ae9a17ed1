"""Headers of every answer: what a browser may do with it, how often one may still ask, and which request it was."""

import json
import re
from functools import lru_cache
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orch_app.kit.ratelimit import Standing
from orch_app.kit.settings import ROOT

HASHES = ROOT / ".web" / "build" / "csp.json"
NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), "
        "microphone=(), midi=(), payment=(), usb=(), clipboard-write=(self), fullscreen=(self)"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
JSON = "application/json"
STRICT_TRANSPORT = "max-age=31536000"
HASHED = "/assets/"  # the build names these files by their content, so none of them ever changes
_KEEPABLE = {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT, HTTPStatus.NOT_MODIFIED}
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")


class AnswerHeaders:
    """Adds what is missing and never replaces what a handler has set, such as an artifact's sandbox."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or websocket."""

        async def with_headers(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                _complete(MutableHeaders(raw=message.setdefault("headers", [])), scope, message["status"])
            await send(message)

        await self._app(scope, receive, with_headers)


def _complete(headers: MutableHeaders, scope: Scope, status: int) -> None:
    for name, value in ALWAYS.items():
        headers.setdefault(name, value)
    _say_once(headers, "vary")
    if headers.get("content-type") == JSON:
        headers["content-type"] = f"{JSON}; charset=utf-8"  # some clients take a JSON without it for Latin-1
    is_page = headers.get("content-type", "").startswith("text/html")
    if status != HTTPStatus.NOT_MODIFIED:  # a browser puts its headers over those of the page that it has kept
        headers.setdefault("Content-Security-Policy", page_policy(_host(scope)) if is_page else NOTHING)
    if scope["scheme"] in {"https", "wss"}:
        headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT)
    if keeping := _how_long_kept(scope["path"], status, is_page=is_page):
        headers.setdefault("Cache-Control", keeping)
    standing = scope["state"].get("rate_limit")
    if standing:
        _tell(headers, standing)


def _say_once(headers: MutableHeaders, name: str) -> None:
    """One header with each word once: several layers, the screens' own among them, add the same."""
    words: dict[str, str] = {}
    for word in ",".join(headers.getlist(name)).split(","):
        words.setdefault(word.strip().lower(), word.strip())
    if said := ", ".join(filter(None, words.values())):
        headers[name] = said


def _how_long_kept(path: str, status: int, *, is_page: bool) -> str:
    if path.startswith("/v1/"):
        return "no-store"
    if path.startswith(HASHED) and status in _KEEPABLE:
        return "public, max-age=31536000, immutable"
    return "no-cache" if is_page else ""  # an old page would ask for scripts that a new build has not


def page_policy(host: str) -> str:
    """The policy of our pages: own scripts and the inline ones that the build has hashed, and no eval."""
    hashes = "".join(f" '{found}'" for found in _hashes())
    sockets = f" ws://{host} wss://{host}" if host else ""  # older Safari does not count websockets as 'self'
    return (
        f"default-src 'self'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        f"font-src 'self'; connect-src 'self'{sockets}; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )


def _tell(headers: MutableHeaders, standing: Standing) -> None:
    """The draft's two headers, and the three that most clients know."""
    reset = max(1, round(standing.reset_s))
    headers["RateLimit-Policy"] = f'"{standing.policy}";q={standing.limit};w={standing.window_s}'
    headers["RateLimit"] = f'"{standing.policy}";r={standing.remaining};t={reset}'
    headers["X-RateLimit-Limit"] = str(standing.limit)
    headers["X-RateLimit-Remaining"] = str(standing.remaining)
    headers["X-RateLimit-Reset"] = str(reset)


def _host(scope: Scope) -> str:
    host = Headers(scope=scope).get("host", "")
    return host if _HOST.fullmatch(host) else ""


@lru_cache(maxsize=1)
def _hashes() -> tuple[str, ...]:
    """The hashes of the inline scripts, as `tools/build_ui.py` wrote them; none when there is no build."""
    return tuple(json.loads(HASHES.read_text("utf-8"))) if HASHES.is_file() else ()
