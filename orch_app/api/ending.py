"""Ends server-sent events and websockets when the process is told to end: both would otherwise keep it for ever."""

import asyncio
from contextlib import ExitStack

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orch_app.kit.stopping import stopping

EVENT_STREAM = "text/event-stream"
SERVICE_RESTART = 1012


class Ending:
    """Lets other requests finish; what streams is ended properly, so that its client knows to come again."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or websocket; lifespan passes through."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        task = asyncio.current_task()
        assert task is not None
        with ExitStack() as endless:
            if scope["type"] == "websocket":
                endless.enter_context(stopping.ends(task))

            async def watched(message: Message) -> None:
                await send(message)
                if message["type"] == "http.response.start" and _is_stream(message):
                    endless.enter_context(stopping.ends(task))

            try:
                await self._app(scope, receive, watched)
            except asyncio.CancelledError:
                if not stopping.is_set:
                    raise
                task.uncancel()
                await send(_farewell(scope))


def _is_stream(start: Message) -> bool:
    return Headers(raw=list(start.get("headers", []))).get("content-type", "").startswith(EVENT_STREAM)


def _farewell(scope: Scope) -> Message:
    if scope["type"] == "websocket":
        return {"type": "websocket.close", "code": SERVICE_RESTART, "reason": "the server stops"}
    return {"type": "http.response.body", "body": b"", "more_body": False}
