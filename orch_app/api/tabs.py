"""The door of the event channel, through which the screens' tabs speak.

Reflex lets whoever names a tab's token have that tab's state, keeps the headers of the socket in that state, and looks
at nobody again once a socket is open. So here the token is bound to the session and the role, the cookie stays outside
(its key goes in), and the socket ends with the session.
"""

import asyncio
import contextlib
import hashlib
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from orch_app.api.renderer import refuse
from orch_app.api.tab_frames import MALFORMED, Accepts, Fault, Pace, fault_in, is_greeting
from orch_app.domains.access.actor import Actor
from orch_app.domains.accounts import limits, sessions
from orch_app.domains.accounts.edge import TAB_HEADER, actor_behind, address
from orch_app.domains.accounts.open_connections import open_connections
from orch_app.domains.accounts.watch import Ending, watch
from orch_app.kit.errors import OrchError, Unauthorized

CHANNEL = "/_event/"
ENDED = "ended"
TRY_LATER = 1013
_HEADER = TAB_HEADER.encode()
_log = structlog.get_logger("tabs")


@dataclass(frozen=True)
class Visitor:
    """Who opened the socket. `key` is that of the session, `ended` for a cookie that is no longer good, or empty."""

    key: str = ""
    actor: Actor | None = None

    @property
    def login(self) -> str:
        """The session as connections are counted by it; empty for those without one."""
        return (self.actor.session_id if self.actor else "") or ""

    def bind(self, token: str) -> str:
        """The token under which Reflex keeps the tab's state: another one for everybody who sends the same."""
        role = self.actor.role if self.actor else ""
        return hashlib.sha256(f"{self.key}|{role}|{token}".encode("utf-8", "surrogatepass")).hexdigest()


class TabDoor:
    """Takes websockets of the event channel as the module says; everything else passes, without our own header."""

    def __init__(self, app: ASGIApp, accepts: Accepts) -> None:
        """`accepts` tells whether there is an event handler of that name that takes these arguments."""
        self._app = app
        self._accepts = accepts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or websocket; lifespan passes through."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        scope["headers"] = [header for header in scope["headers"] if header[0].lower() != _HEADER]
        if scope["type"] != "websocket" or not f"{scope['path']}/".startswith(CHANNEL):
            await self._app(scope, receive, send)
            return
        async with contextlib.AsyncExitStack() as kept:
            try:
                visitor = await run_in_threadpool(_identify, HTTPConnection(scope))
                kept.enter_context(open_connections.one_more(visitor.login, address(HTTPConnection(scope))))
            except OrchError as error:
                await refuse(WebSocket(scope, receive, send), error, TRY_LATER)
                return
            talk = _Talk(visitor.actor, self._accepts, receive, send)
            await kept.enter_async_context(contextlib.aclosing(talk))
            await self._app(_bound(scope, visitor), talk.receive, talk.send)


def _identify(connection: HTTPConnection) -> Visitor:
    """Look the caller up.

    Raises:
        TooMany: the address opens too many sockets.
        Unavailable: the database is away.
    """
    limits.take_call(connection, "tab", limits.network_of(address(connection)))
    cookie = connection.cookies.get(sessions.COOKIE)
    key = sessions.key_of(cookie)
    try:
        return Visitor(key, actor_behind(key, ip=address(connection)))
    except Unauthorized:
        return Visitor(ENDED if cookie else "")


def _bound(scope: Scope, visitor: Visitor) -> Scope:
    headers = [(name, _without_session(value) if name == b"cookie" else value) for name, value in scope["headers"]]
    if visitor.key:
        headers.append((_HEADER, visitor.key.encode()))
    query = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    bound = [(name, visitor.bind(value) if name == "token" else value) for name, value in query]
    return {**scope, "headers": headers, "query_string": urlencode(bound).encode()}


def _without_session(cookies: bytes) -> bytes:
    kept = cookie_parser(cookies.decode("latin-1"))
    kept.pop(sessions.COOKIE, None)
    return "; ".join(f"{name}={value}" for name, value in kept.items()).encode("latin-1", "ignore")


class _Talk:
    """What is heard and said on one socket, until the session behind it ends."""

    def __init__(self, actor: Actor | None, accepts: Accepts, receive: Receive, send: Send) -> None:
        self._receive, self._send, self._accepts = receive, send, accepts
        self._ending = asyncio.ensure_future(watch.ending_of(actor)) if actor else None
        self._pace = Pace()
        self._closed_with: int | None = None
        self._has_greeted = False

    async def receive(self) -> Message:
        """The next frame that may pass, or the disconnect."""
        while self._closed_with is None:
            message = await self._next()
            if message is None:
                break
            if message["type"] != "websocket.receive":
                return message
            await self._pace.take()
            fault = self._fault_in(message)
            if fault is None:
                return message
            await self._refuse(fault)
        return {"type": "websocket.disconnect", "code": self._closed_with}

    async def send(self, message: Message) -> None:
        """Nothing follows a closing frame."""
        if self._closed_with is None:
            await self._send(message)

    async def aclose(self) -> None:
        """Nobody watches a session for a socket that has gone."""
        if self._ending:
            self._ending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ending

    async def _next(self) -> Message | None:
        """The next message; None when the session ended first."""
        listening = asyncio.ensure_future(self._receive())
        try:
            awaited = {listening} | ({self._ending} if self._ending else set[asyncio.Future[Ending]]())
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not listening.done():
                listening.cancel()
        if self._ending and self._ending.done():
            ending = self._ending.result()
            await self._close(ending.code, ending.reason)
            return None
        return listening.result()

    def _fault_in(self, message: Message) -> Fault | None:
        if is_greeting(message):
            if self._has_greeted:
                return MALFORMED
            self._has_greeted = True
        return fault_in(message, self._accepts)

    async def _refuse(self, fault: Fault) -> None:
        _log.info("tab.refused", reason=fault.reason)
        if fault.code:
            await self._close(fault.code, fault.reason)

    async def _close(self, code: int, reason: str) -> None:
        self._closed_with = code
        with contextlib.suppress(RuntimeError):  # the other side may have gone already
            await self._send({"type": "websocket.close", "code": code, "reason": reason})
