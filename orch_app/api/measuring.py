"""How long requests take, by the route that answered, and how many streams are open."""

import time
from contextlib import ExitStack

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orch_app.api.ending import EVENT_STREAM
from orch_app.kit.measures import http_seconds, open_streams

SCREENS = "/_event"
UNROUTED = "(none)"
METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})


class Measuring:
    """Stands directly around the routes, which tell it by the scope who answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or websocket; lifespan passes through."""
        if scope["type"] == "websocket":
            kind = "screens" if scope["path"].startswith(SCREENS) else "websocket"
            with open_streams.labels(kind).track_inprogress():
                await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._measured(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _measured(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        with ExitStack() as streams:

            async def watched(message: Message) -> None:
                if message["type"] == "http.response.start":
                    http_seconds.labels(*_labels(scope, message)).observe(time.perf_counter() - began)
                    if _is_stream(message):
                        streams.enter_context(open_streams.labels("sse").track_inprogress())
                await send(message)

            await self._app(scope, receive, watched)


def _labels(scope: Scope, start: Message) -> tuple[str, str, str]:
    """Only what is known beforehand: what callers make up must not become a time series."""
    method = scope["method"] if scope["method"] in METHODS else "OTHER"
    route = getattr(scope.get("route"), "path", "") or UNROUTED
    return method, route, str(start["status"])


def _is_stream(start: Message) -> bool:
    return Headers(raw=list(start.get("headers", []))).get("content-type", "").startswith(EVENT_STREAM)
