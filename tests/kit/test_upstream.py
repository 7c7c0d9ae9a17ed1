"""The product's client for other systems: what it repeats, what it calls a failure, and when it leaves one alone."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orch_app.kit import upstream as client
from orch_app.kit.breaker import BROKEN_AFTER, Breaker
from orch_app.kit.egress import EgressRefused
from orch_app.kit.upstream import Reach, Upstream
from orch_app.kit.upstream_failures import PROBLEMS, UpstreamError
from tests.systems.certificates import certificate
from tests.systems.scripted_http import Script, says, scripted

LOOPBACK = ("127.0.0.0/8",)


@pytest.fixture
def script() -> Iterator[Script]:
    with scripted() as server:
        yield server


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def api(script: Script, slept: list[float]) -> Iterator[Upstream]:
    with upstream(f"{script.url}/api/", slept) as made:
        yield made


def upstream(base: str, slept: list[float] | None = None, breaker: Breaker | None = None, **reach: Any) -> Upstream:
    """A client with a breaker of its own; what it would sleep is noted."""
    place = Reach(base, reach.get("allow", LOOPBACK), verify=reach.get("verify", True), timeout_s=5)
    pauses: list[float] = [] if slept is None else slept
    return Upstream("Fake", place, explain=said, breaker=breaker or Breaker(), sleep=pauses.append)


def said(document: Any) -> str:
    return document["message"]


def failing(call: Callable[..., object], *arguments: Any, **named: Any) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        call(*arguments, **named)
    return caught.value


def test_a_document_is_read(api: Upstream, script: Script) -> None:
    script.lines = [says(200, {"ok": True})]
    assert api.get("/endpoints", {"start": 1, "name": None, "tag": ["a", "b"]}) == {"ok": True}
    assert script.asked == [("GET", "/api/endpoints?start=1&tag=a&tag=b", b"")]


def test_a_body_is_sent_as_json_and_an_empty_answer_is_none(api: Upstream, script: Script) -> None:
    script.lines = [says(204)]
    answer = api.call("POST", "/x", body={"a": 1})
    assert (answer.status, answer.document) == (204, None)
    assert script.asked == [("POST", "/api/x", b'{"a":1}')]


@pytest.mark.parametrize("document", [{}, [], [5], "welcome", 5])
def test_an_answer_that_is_read_as_something_else_is_a_failure_of_the_system(script: Script, document: Any) -> None:
    script.lines = [says(200, document)]
    with pytest.raises(UpstreamError) as caught, upstream(f"{script.url}/api/") as api:
        api.get("/endpoints")["rows"][0].get("Id")
    assert (caught.value.kind, caught.value.code) == ("validation", "upstream_validation")
    assert caught.value.detail == "Fake answered something that cannot be understood."


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_what_may_run_twice_is_tried_again(api: Upstream, script: Script, slept: list[float], method: str) -> None:
    script.lines = [says(503), None, says(200, {"ok": True})]
    assert api.call(method, "/x").document == {"ok": True}
    assert 0.25 <= slept[0] <= 0.375
    assert 0.5 <= slept[1] <= 0.75


@pytest.mark.parametrize("line", [says(502), None])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_may_have_been_done_is_not_repeated(api: Upstream, script: Script, method: str, line: Any) -> None:
    script.lines = [line]
    error = failing(api.call, method, "/x", body={})
    assert error.may_have_acted
    assert len(script.asked) == 1


def test_a_limit_is_waited_for_as_long_as_it_asks(api: Upstream, script: Script, slept: list[float]) -> None:
    script.lines = [says(429, Retry_After="7"), says(200, {"id": 1})]
    assert api.call("POST", "/x", body={}).document == {"id": 1}
    assert 7 <= slept[0] <= 10.5


def test_a_limit_longer_than_anybody_waits_is_told(api: Upstream, script: Script, slept: list[float]) -> None:
    script.lines = [says(429, Retry_After="60")]
    error = failing(api.get, "/x")
    assert (error.kind, error.retry_after_s, slept) == ("rate_limited", 60, [])


def test_what_never_arrived_is_repeated_whatever_it_is(slept: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with upstream(f"http://127.0.0.1:{port}", slept) as api:
        error = failing(api.call, "POST", "/x", body={})
    assert (error.kind, error.may_have_acted, len(slept)) == ("unreachable", False, client.ATTEMPTS - 1)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "validation"),
        (401, "auth_failed"),
        (403, "insufficient_scopes"),
        (404, "not_found"),
        (409, "conflict"),
        (418, "validation"),
    ],
)
def test_a_refusal_is_named_and_explained(script: Script, status: int, kind: str) -> None:
    script.lines = [says(status, {"message": "No such container."})]
    with upstream(script.url) as api:
        error = failing(api.get, "/x")
    assert (error.kind, error.answered, error.code) == (kind, status, PROBLEMS[error.kind])
    assert error.detail == f"Fake answered {status}: No such container."
    assert len(script.asked) == 1


def test_a_refusal_that_is_a_page_is_told_without_it(script: Script) -> None:
    script.lines = [(404, {}, b"<html>")]
    with upstream(script.url) as api:
        assert failing(api.get, "/x").detail == "Fake answered 404."


def test_a_redirect_is_not_followed(api: Upstream, script: Script) -> None:
    script.lines = [says(302, Location="http://169.254.169.254/")]
    assert "redirects are not followed" in failing(api.get, "/x").detail
    assert len(script.asked) == 1


def test_an_answer_that_is_not_json_is_a_fault_of_the_other_system(api: Upstream, script: Script) -> None:
    script.lines = [(200, {}, b"<html>")]
    assert failing(api.get, "/x").kind == "upstream_5xx"


def test_an_answer_that_is_too_large_is_not_taken(
    api: Upstream, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MAX_BYTES", 100)
    script.lines = [(200, {}, b"x" * 101)]
    assert "larger than" in failing(api.get, "/x").detail


def test_an_answer_that_does_not_end_is_given_up(
    api: Upstream, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PATIENCE_S", -1.0)
    script.lines = [(200, {}, b"{}")]
    assert failing(api.get, "/x").kind == "timeout"


def test_an_answer_that_breaks_off_is_no_answer(api: Upstream, script: Script) -> None:
    script.lines = [(200, {"Content-Length": "10"}, b"abc")] * client.ATTEMPTS
    error = failing(api.get, "/x")
    assert (error.kind, len(script.asked)) == ("timeout", client.ATTEMPTS)


def test_a_system_that_fails_calls_in_a_row_is_left_alone(script: Script) -> None:
    breaker = Breaker()
    script.lines = [says(500)] * BROKEN_AFTER
    for _ in range(BROKEN_AFTER):
        with upstream(script.url, breaker=breaker) as api:
            failing(api.call, "POST", "/x", body={})
    with upstream(script.url, breaker=breaker) as another:
        error = failing(another.get, "/y")
    assert (error.kind, len(script.asked)) == ("unreachable", BROKEN_AFTER)
    assert error.retry_after_s


def test_a_system_that_refuses_is_well(script: Script) -> None:
    breaker = Breaker()
    script.lines = [says(403)] * (BROKEN_AFTER + 1)
    with upstream(script.url, breaker=breaker) as api:
        for _ in range(BROKEN_AFTER + 1):
            failing(api.get, "/x")
    assert len(script.asked) == BROKEN_AFTER + 1


def test_everybody_who_calls_a_place_shares_its_breaker() -> None:
    one, same = Reach("https://a.example/api", timeout_s=3), Reach("https://a.example/v2")
    assert one.breaker is same.breaker
    assert one.breaker is not Reach("https://a.example", place="a.example/endpoints/3").breaker
    assert one.breaker is not Reach("http://docker", unix_socket="/run/docker.sock").breaker


@pytest.mark.parametrize(
    ("base", "allow"), [("http://169.254.169.254", LOOPBACK), ("http://127.0.0.1:1", ()), ("http://10.0.0.1", ())]
)
def test_places_out_of_reach_are_refused(base: str, allow: tuple[str, ...]) -> None:
    with upstream(base, allow=allow) as api, pytest.raises(EgressRefused):
        api.get("/")


def test_a_certificate_that_nobody_vouches_for_is_refused_unless_it_is_to_be_taken(tmp_path: Path) -> None:
    with scripted(certificate(tmp_path, days=10)) as script:
        with upstream(script.url) as api:
            assert failing(api.get, "/").kind == "tls"
        script.lines = [says(200, {"ok": 1})]
        with upstream(script.url, verify=False) as api:
            assert api.get("/") == {"ok": 1}


def test_a_stream_is_read_as_it_comes_and_can_be_stopped_from_another_thread() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        threading.Thread(target=_says_something_and_waits, args=(server,), daemon=True).start()
        with upstream(url) as api, api.stream("/events") as stream:
            chunks = stream.chunks()
            assert next(chunks) == b"first"
            threading.Timer(0.1, stream.stop).start()
            assert failing(next, chunks).kind == "timeout"


def test_a_stream_with_nothing_to_say_is_given_up_after_the_silence_that_it_may_have() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        threading.Thread(target=_says_something_and_waits, args=(server,), daemon=True).start()
        with upstream(url) as api, api.stream("/events", silence_s=0.1) as stream:
            assert failing(list, stream.chunks()).kind == "timeout"


def test_a_stream_that_is_refused_is_a_failure_before_anything_is_read(api: Upstream, script: Script) -> None:
    script.lines = [says(404)]
    with pytest.raises(UpstreamError), api.stream("/logs"):
        pass


def _says_something_and_waits(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        connection.recv(1)  # until the other side ends it
