"""The outermost net: faults before, in the middle of and after an answer, and streams that flow through it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from structlog.contextvars import get_contextvars

from orch_app.api import faults
from orch_app.api.faults import wrap

App = Callable[..., Awaitable[None]]
SCOPE: dict[str, Any] = {
    "type": "http",
    "method": "GET",
    "path": "/x",
    "query_string": b"",
    "headers": [(b"host", b"127.0.0.1:8000")],
    "scheme": "http",
    "client": ("192.0.2.7", 1),
    "server": ("127.0.0.1", 8000),
}


async def ask(app: App, sent: list[dict[str, Any]], **scope: Any) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await wrap(app)(SCOPE | scope, receive, send)  # pyright: ignore[reportArgumentType]


def run(app: App, **scope: Any) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    asyncio.run(ask(app, sent, **scope))
    return sent


async def failing(*_: Any) -> None:
    raise RuntimeError


def test_a_fault_before_the_answer_becomes_a_problem() -> None:
    start, body = run(failing)
    assert start["status"] == 500
    assert b'"code":"internal_error"' in body["body"]


def test_a_fault_is_logged_with_the_ids_that_its_caller_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    known: list[dict[str, Any]] = []
    monkeypatch.setattr(faults._log, "error", lambda *_, **__: known.append(get_contextvars()))
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = [*SCOPE["headers"], (b"x-request-id", b"mine"), (b"traceparent", f"00-{trace}-{'1' * 16}-00".encode())]
    run(failing, headers=headers)
    assert known == [{"request_id": "mine", "trace_id": trace}]
    assert get_contextvars() == {}


def test_half_an_answer_is_cut_off_and_not_completed() -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError

    sent: list[dict[str, Any]] = []
    with pytest.raises(RuntimeError):
        asyncio.run(ask(app, sent))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]


def test_a_fault_in_a_websocket_closes_it() -> None:
    assert run(failing, type="websocket", scheme="ws")[-1]["code"] == 1011


def test_parts_of_a_stream_are_not_held_back() -> None:
    seen: list[int] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        for number in range(3):
            await send({"type": "http.response.body", "body": b"data: x\n\n", "more_body": True})
            seen.append(number)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    assert len(run(app)) == 5
    assert seen == [0, 1, 2]


def test_what_a_handler_has_said_about_itself_stays() -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"content-security-policy", b"sandbox"), (b"cache-control", b"public")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    headers = dict(run(app, path="/v1/x")[0]["headers"])
    assert (headers[b"content-security-policy"], headers[b"cache-control"]) == (b"sandbox", b"public")
    assert headers[b"x-content-type-options"] == b"nosniff"


def test_lifespan_passes_through() -> None:
    assert run(lambda scope, _receive, send: send({"type": scope["type"]}), type="lifespan") == [{"type": "lifespan"}]
