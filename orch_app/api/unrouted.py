"""The end of the line below /v1: without it an unknown address would reach the screens and be answered with a page."""

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, compile_path
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

PREFIX = "/v1/"


class Unrouted(BaseRoute):
    """Takes what no route before it took: 405 when the address exists for other methods, 404 otherwise."""

    def __init__(self, app: FastAPI) -> None:
        self._known = [
            (compile_path(str(route.path))[0], route.methods)
            for route in iter_route_contexts(app.routes)
            if route.methods
        ]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Everything below /v1."""
        is_ours = scope["type"] in {"http", "websocket"} and f"{scope['path']}/".startswith(PREFIX)
        return (Match.FULL if is_ours else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raise, for the one renderer to answer."""
        if scope["type"] == "websocket":
            await WebSocket(scope, receive, send).close(1008, "not_found")
            return
        allowed = sorted(
            method for pattern, methods in self._known if pattern.match(scope["path"]) for method in methods
        )
        if allowed:
            raise HTTPException(405, headers={"Allow": ", ".join(allowed)})
        raise HTTPException(404)


def install(app: FastAPI) -> None:
    """Put it after the routes that are there now; the screens are mounted behind it."""
    app.router.routes.append(Unrouted(app))
