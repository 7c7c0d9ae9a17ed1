"""The one renderer of errors: whatever goes wrong becomes problem+json with a request id, or closes the websocket."""

from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket, WebSocketState

from orch_app.api.faults import unexpected
from orch_app.domains.access.actor import ANONYMOUS, Actor
from orch_app.domains.accounts.edge import address
from orch_app.domains.audit.service import record_denial
from orch_app.kit.db import unit_of_work
from orch_app.kit.errors import BadRequest, Forbidden, Invalid, OrchError, Problem, Unavailable
from orch_app.kit.json_text import pointer
from orch_app.kit.rest import problem

POLICY_VIOLATION = 1008
_TITLES = {404: "Not found", 405: "This address does not take that method"}
_DETAILS = {404: "There is nothing at this address.", 405: "The header Allow names the methods that it does take."}
_CODES = {404: "not_found", 405: "method_not_allowed"}
_log = structlog.get_logger("api")


def install(app: FastAPI) -> None:
    """Make the app answer every error in our way."""
    handlers: dict[type[Exception], Any] = {
        OrchError: _on_orch_error,
        RequestValidationError: _on_bad_request,
        WebSocketRequestValidationError: _on_bad_request,
        HTTPException: _on_http_error,
        Exception: _on_anything,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


async def _on_orch_error(connection: HTTPConnection, error: Exception) -> Response | None:
    assert isinstance(error, OrchError)
    if isinstance(error, Forbidden):
        await run_in_threadpool(_record_denial, connection, error)
    return await _answer(connection, error)


async def _on_bad_request(connection: HTTPConnection, error: Exception) -> Response | None:
    assert isinstance(error, RequestValidationError | WebSocketRequestValidationError)
    return await _answer(connection, _translate([dict(fault) for fault in error.errors()]))


async def _on_http_error(connection: HTTPConnection, error: Exception) -> Response | None:
    assert isinstance(error, HTTPException)
    found = OrchError(_DETAILS.get(error.status_code, str(error.detail)), _CODES.get(error.status_code, "error"))
    found.status, found.title = error.status_code, _TITLES.get(error.status_code, str(error.detail))
    answer = await _answer(connection, found)
    if answer is not None:
        answer.headers.update(error.headers or {})
    return answer


async def _on_anything(connection: HTTPConnection, _error: Exception) -> Response | None:
    """Only the answer: Starlette raises the error again, and `api.faults` logs it."""
    return await _answer(connection, unexpected())


async def _answer(connection: HTTPConnection, error: OrchError) -> Response | None:
    if isinstance(connection, WebSocket):
        await refuse(connection, error)
        return None
    return problem(Request(connection.scope), error)


async def refuse(socket: WebSocket, error: OrchError, code: int = POLICY_VIOLATION) -> None:
    """Before the handshake a real HTTP answer where the server can send one, afterwards a closing frame of `code`."""
    can_deny = "websocket.http.response" in socket.scope.get("extensions", {})
    if can_deny and socket.application_state is WebSocketState.CONNECTING:
        await socket.send_denial_response(_denial(socket, error))
    elif socket.application_state is not WebSocketState.DISCONNECTED:
        await socket.close(code, error.code)


def _denial(socket: WebSocket, error: OrchError) -> JSONResponse:
    return problem(Request({**socket.scope, "type": "http", "method": "GET"}), error)


def _record_denial(connection: HTTPConnection, error: Forbidden) -> None:
    """In a transaction of its own; a database that is away must not turn a 403 into something else."""
    actor: Actor = getattr(connection.state, "actor", None) or _nobody(connection)
    where = f"{connection.scope.get('method', 'WEBSOCKET')} {connection.url.path}"
    try:
        with unit_of_work() as session:
            record_denial(session, actor, error, where)
    except Unavailable as away:
        _log.warning("api.denial_not_recorded", where=where, code=away.code)


def _nobody(connection: HTTPConnection) -> Actor:
    request_id = str(getattr(connection.state, "request_id", ""))
    return Actor("anonymous", name=ANONYMOUS.name, ip=address(connection), request_id=request_id)


def _translate(faults: list[dict[str, Any]]) -> OrchError:
    """Faults of the body are 422 with pointers; what is wrong with the address or a header is 400."""
    in_address = [fault for fault in faults if fault["loc"][0] != "body"]
    if any(fault["type"] == "json_invalid" for fault in faults):
        return BadRequest("The body is not JSON in UTF-8.", "malformed_json")
    problems = tuple(_to_problem(fault) for fault in in_address or faults)
    if in_address:
        return BadRequest("The address or a header has a value that cannot be used.", "bad_parameter", errors=problems)
    count = f"{len(problems)} fields are" if len(problems) > 1 else "1 field is"
    return Invalid(f"{count} not valid.", "validation", errors=problems)


def _to_problem(fault: dict[str, Any]) -> Problem:
    place = tuple(fault["loc"])
    shown = place[1:] if place[0] == "body" else place
    return Problem(pointer(shown), str(fault["type"]), str(fault["msg"]))
