"""The client of our modules: what it repeats and what not, what it calls a failure, and what it never reaches."""

import http.server
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.runbooks import modules
from tests.systems.certificates import certificate

LOOPBACK = ["127.0.0.0/8"]


class Script(http.server.BaseHTTPRequestHandler):
    """Answers each request with the next line of its script: status, headers, body; or breaks the connection."""

    lines: list[tuple[int, dict[str, str], bytes] | None] = []
    asked: list[tuple[str, str, bytes]] = []

    def _next(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append((self.command, self.path, body))
        line = self.lines.pop(0)
        if line is None:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        status, headers, content = line
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _next  # noqa: N815 - the base class looks for these

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@pytest.fixture
def script() -> Iterator[http.server.ThreadingHTTPServer]:
    Script.lines, Script.asked = [], []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Script) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()


def says(status: int, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    content = json.dumps(body).encode() if body is not None else b""
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, content


def client(base: Any, slept: list[float] | None = None, allow: Any = LOOPBACK, **reach: Any) -> Any:
    """A client of the script, or of any other place; what it would sleep is noted."""
    upstream = modules.shared("upstream")
    place = base if isinstance(base, str) else f"http://127.0.0.1:{base.server_address[1]}/v4"
    pauses: list[float] = [] if slept is None else slept
    return upstream.Upstream("Fake", place, {}, upstream.Reach(allow, timeout_s=5, **reach), pauses.append)


def refused(call: Any, *arguments: Any, **named: Any) -> Any:
    with pytest.raises(modules.shared("upstream").UpstreamError) as caught:
        call(*arguments, **named)
    return caught.value


def test_a_document_is_read_and_the_call_counted(script: Any) -> None:
    Script.lines = [says(200, {"ok": True})]
    api = client(script)
    assert api.get("/zones", page=2, name=None, tag=["a", "b"]) == {"ok": True}
    assert Script.asked == [("GET", "/v4/zones?page=2&tag=a&tag=b", b"")]
    assert api.calls == 1


def test_a_limit_is_waited_for_even_when_something_is_written(script: Any) -> None:
    Script.lines = [says(429, Retry_After="7"), says(429, Retry_After="soon"), says(200, {"id": 1})]
    slept: list[float] = []
    api = client(script, slept)
    assert api.call("POST", "/batch", body={"a": 1}).document == {"id": 1}
    assert 7 <= slept[0] <= 7 * 1.2
    assert api.waited_s == pytest.approx(sum(slept))
    assert len(Script.asked) == 3


def test_a_limit_that_does_not_end_is_given_up(script: Any) -> None:
    Script.lines = [says(429, Retry_After="0")] * 6
    api = client(script)
    assert refused(api.get, "/zones").code == "rate_limited"
    assert api.calls == 6


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_what_may_run_twice_is_tried_again_after_a_failure_of_the_server(script: Any, method: str) -> None:
    Script.lines = [says(503), None, says(200, {"ok": True})]
    slept: list[float] = []
    api = client(script, slept)
    assert api.call(method, "/x").document == {"ok": True}
    assert len(slept) == 2


@pytest.mark.parametrize("line", [says(502), None])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_may_have_been_done_is_not_repeated(script: Any, method: str, line: Any) -> None:
    Script.lines = [line]
    api = client(script)
    error = refused(api.call, method, "/batch", body={})
    assert error.may_have_acted
    assert error.is_passing
    assert api.calls == 1


def test_what_never_arrived_is_repeated_whatever_it_is() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    upstream = modules.shared("upstream")
    api = client(f"http://127.0.0.1:{port}")
    error = refused(api.call, "POST", "/batch", body={})
    assert (error.code, error.may_have_acted, api.calls) == ("unreachable", False, upstream.ATTEMPTS)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "validation"),
        (401, "auth_failed"),
        (403, "insufficient_scopes"),
        (404, "not_found"),
        (409, "conflict"),
        (422, "validation"),
    ],
)
def test_a_refusal_is_named_and_explained_by_the_upstream_itself(script: Any, status: int, code: str) -> None:
    Script.lines = [says(status, {"errors": [{"message": "no DNS:Edit"}]})]
    api = client(script)
    api.explain = lambda document: document["errors"][0]["message"]
    error = refused(api.get, "/zones")
    assert (error.code, error.status, api.calls) == (code, status, 1)
    assert str(error) == f"Fake answered {status}: no DNS:Edit"
    assert not error.may_have_acted


def test_a_redirect_is_not_followed(script: Any) -> None:
    Script.lines = [says(302, Location="http://169.254.169.254/")]
    api = client(script)
    assert refused(api.get, "/zones").status == 302
    assert len(Script.asked) == 1


def test_an_answer_that_is_not_json_is_a_fault_of_the_upstream(script: Any) -> None:
    Script.lines = [(200, {}, b"<html>")]
    api = client(script)
    assert refused(api.get, "/zones").code == "upstream_5xx"


def test_after_three_failures_in_a_row_nothing_more_is_asked(script: Any) -> None:
    Script.lines = [says(500)] * 3
    api = client(script)
    for _ in range(3):
        refused(api.call, "POST", "/x", body={})
    error = refused(api.get, "/x")
    assert (error.code, api.calls) == ("unreachable", 3)


@pytest.mark.parametrize(
    ("base", "allow"),
    [("http://169.254.169.254", LOOPBACK), ("http://127.0.0.1:1", []), ("http://10.0.0.1", [])],
)
def test_places_out_of_reach_are_refused_before_anything_is_sent(base: str, allow: list[str]) -> None:
    api = client(base, allow=allow)
    assert refused(api.get, "/").code == "validation"
    assert api.calls == 0


def test_a_certificate_that_nobody_vouches_for_is_refused_unless_it_is_to_be_taken(script: Any, tmp_path: Path) -> None:
    context = certificate(tmp_path, days=10)
    script.socket = context.wrap_socket(script.socket, server_side=True, do_handshake_on_connect=False)
    base = f"https://127.0.0.1:{script.server_address[1]}"
    assert refused(client(base).get, "/").code == "tls"
    Script.lines = [says(200, {"ok": 1})]
    assert client(base, verify=False).get("/") == {"ok": 1}
