"""What a request may carry: addresses that can be stored, bodies of bounded size, JSON that means one thing."""

import asyncio
import re
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orch_app.kit.errors import BadRequest, OrchError, TooLarge
from orch_app.kit.json_text import check_json, is_storable
from orch_app.kit.rest import problem

DEFAULT_BYTES = 1024 * 1024
IN_THREAD_FROM = 64 * 1024
API = "/v1/"
_JSON = re.compile(r"application/(json|[\w.+-]+\+json)\s*(;.*)?", re.IGNORECASE)


class Bodies:
    """Reads the whole body before anything else runs; what is too large or not JSON never reaches a handler."""

    def __init__(self, app: ASGIApp, larger: Mapping[re.Pattern[str], int]) -> None:
        """`larger` names the paths that take more than `DEFAULT_BYTES`."""
        self._app = app
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; websockets only have their address checked."""
        try:
            _check_address(scope)
            if scope["type"] == "http" and scope["method"] in {"POST", "PUT", "PATCH", "DELETE"}:
                receive = _replay(await self._read(scope, receive), receive)
        except OrchError as error:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008, "reason": error.code})
            else:
                await problem(Request(scope), error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes:
        headers = Headers(scope=scope)
        most = next((size for path, size in self._larger.items() if path.fullmatch(scope["path"])), DEFAULT_BYTES)
        declared = headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared) > most:
            raise _too_large(most)
        body = await _collect(receive, most)
        if body and scope["path"].startswith(API):
            await _check(body, headers.get("content-type", ""))
        return body


async def _collect(receive: Receive, most: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise BadRequest("The body ended before it was complete.", "cut_off")
        body += message.get("body", b"")
        if len(body) > most:
            raise _too_large(most)
        if not message.get("more_body", False):
            return bytes(body)


async def _check(body: bytes, content_type: str) -> None:
    if not _JSON.fullmatch(content_type.strip()):
        raise BadRequest("Send the body as JSON, with Content-Type: application/json.", "not_json")
    if len(body) < IN_THREAD_FROM:
        check_json(body)
    else:
        await asyncio.to_thread(check_json, body)


def _check_address(scope: Scope) -> None:
    """Refuse NUL and broken UTF-8 in path and query, which no handler could store or find."""
    if scope["type"] not in {"http", "websocket"}:
        return
    raw: bytes = scope.get("query_string", b"") + (scope.get("raw_path") or b"")
    if not is_storable(scope["path"]) or b"%00" in raw or b"\x00" in raw:
        raise BadRequest("The address has characters that mean nothing here.", "bad_address")


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that hands the body out once and then goes on as before (that is how a disconnect is seen)."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"At most {most // 1024} KiB are taken here.", "too_large")
