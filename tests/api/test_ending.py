"""What streams is ended when the process is told to end, other requests are not, and nothing is begun for ever then."""

import asyncio
from collections.abc import Iterator

import pytest
from starlette.types import Message, Receive, Scope, Send

from orch_app.api.ending import Ending
from orch_app.kit import stopping as module
from orch_app.kit.stopping import Stopping

STREAM = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}
PLAIN = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}
END = {"type": "http.response.body", "body": b"", "more_body": False}


@pytest.fixture
def stopping(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stopping]:
    fresh = Stopping()
    monkeypatch.setattr("orch_app.api.ending.stopping", fresh)
    yield fresh
    assert not fresh._endless


async def nothing() -> Message:
    await asyncio.Event().wait()
    return {}


def sent_by(stopping: Stopping, kind: str, first: Message, *, when: str, lasts_s: float) -> list[Message]:
    """What a request sends that begins with `first`, takes so long, and is told to end before, meanwhile or never."""
    sent: list[Message] = []

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send(first)
        await asyncio.sleep(lasts_s)
        await send({"type": "done"})

    async def send(message: Message) -> None:
        sent.append(message)

    async def run() -> None:
        if when == "before":
            stopping.begin()
        task = asyncio.create_task(Ending(app)({"type": kind}, nothing, send))
        await asyncio.sleep(0.01)
        if when == "meanwhile":
            stopping.begin()
        await task

    asyncio.run(run())
    return sent


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_stream_of_events_is_ended_properly(stopping: Stopping, when: str) -> None:
    assert sent_by(stopping, "http", STREAM, when=when, lasts_s=600) == [STREAM, END]


def test_a_websocket_is_closed_with_the_code_that_says_come_again(stopping: Stopping) -> None:
    accepted: Message = {"type": "websocket.accept"}
    first, last = sent_by(stopping, "websocket", accepted, when="meanwhile", lasts_s=600)
    assert (first, last["type"], last["code"]) == (accepted, "websocket.close", 1012)


def test_an_ordinary_request_is_answered_to_its_end(stopping: Stopping) -> None:
    assert sent_by(stopping, "http", PLAIN, when="meanwhile", lasts_s=0.05) == [PLAIN, {"type": "done"}]


def test_what_has_ended_by_itself_is_forgotten(stopping: Stopping) -> None:
    assert sent_by(stopping, "http", STREAM, when="never", lasts_s=0.01) == [STREAM, {"type": "done"}]


def test_a_request_that_its_client_has_left_is_cancelled_as_before(stopping: Stopping) -> None:
    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        await asyncio.sleep(600)

    async def send(_message: Message) -> None:
        raise AssertionError("nothing is sent")

    async def run() -> None:
        task = asyncio.create_task(Ending(app)({"type": "websocket"}, nothing, send))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())


def test_the_process_has_one_such_object() -> None:
    assert isinstance(module.stopping, Stopping)
    assert not module.stopping.is_set
