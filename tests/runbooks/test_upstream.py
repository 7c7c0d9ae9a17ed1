"""The client of our modules: what it repeats and what not, what it calls a failure, and what it never reaches."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.runbooks import modules
from tests.systems.certificates import certificate
from tests.systems.scripted_http import Script, says, scripted

LOOPBACK = ["127.0.0.0/8"]


@pytest.fixture
def script() -> Iterator[Script]:
    with scripted() as server:
        yield server


def client(base: Any, slept: list[float] | None = None, allow: Any = LOOPBACK, **reach: Any) -> Any:
    """A client of the script, or of any other place; what it would sleep is noted."""
    upstream = modules.shared("upstream")
    place = base if isinstance(base, str) else f"{base.url}/v4"
    pauses: list[float] = [] if slept is None else slept
    return upstream.Upstream("Fake", place, {}, upstream.Reach(allow, timeout_s=5, **reach), pauses.append)


def refused(call: Any, *arguments: Any, **named: Any) -> Any:
    with pytest.raises(modules.shared("upstream").UpstreamError) as caught:
        call(*arguments, **named)
    return caught.value


def test_a_document_is_read_and_the_call_counted(script: Script) -> None:
    script.lines = [says(200, {"ok": True})]
    api = client(script)
    assert api.get("/zones", page=2, name=None, tag=["a", "b"]) == {"ok": True}
    assert script.asked == [("GET", "/v4/zones?page=2&tag=a&tag=b", b"")]
    assert api.calls == 1


def test_a_limit_is_waited_for_even_when_something_is_written(script: Script) -> None:
    script.lines = [says(429, Retry_After="7"), says(429, Retry_After="soon"), says(200, {"id": 1})]
    slept: list[float] = []
    api = client(script, slept)
    assert api.call("POST", "/batch", body={"a": 1}).document == {"id": 1}
    assert 7 <= slept[0] <= 7 * 1.2
    assert api.waited_s == pytest.approx(sum(slept))
    assert len(script.asked) == 3


def test_a_limit_that_does_not_end_is_given_up(script: Script) -> None:
    script.lines = [says(429, Retry_After="0")] * 6
    api = client(script)
    assert refused(api.get, "/zones").code == "rate_limited"
    assert api.calls == 6


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_what_may_run_twice_is_tried_again_after_a_failure_of_the_server(script: Script, method: str) -> None:
    script.lines = [says(503), None, says(200, {"ok": True})]
    slept: list[float] = []
    api = client(script, slept)
    assert api.call(method, "/x").document == {"ok": True}
    assert len(slept) == 2


@pytest.mark.parametrize("line", [says(502), None])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_may_have_been_done_is_not_repeated(script: Script, method: str, line: Any) -> None:
    script.lines = [line]
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
def test_a_refusal_is_named_and_explained_by_the_upstream_itself(script: Script, status: int, code: str) -> None:
    script.lines = [says(status, {"errors": [{"message": "no DNS:Edit"}]})]
    api = client(script)
    api.explain = lambda document: document["errors"][0]["message"]
    error = refused(api.get, "/zones")
    assert (error.code, error.status, api.calls) == (code, status, 1)
    assert str(error) == f"Fake answered {status}: no DNS:Edit"
    assert not error.may_have_acted


def test_a_redirect_is_not_followed(script: Script) -> None:
    script.lines = [says(302, Location="http://169.254.169.254/")]
    api = client(script)
    assert refused(api.get, "/zones").status == 302
    assert len(script.asked) == 1


def test_an_answer_that_is_not_json_is_a_fault_of_the_upstream(script: Script) -> None:
    script.lines = [(200, {}, b"<html>")]
    api = client(script)
    assert refused(api.get, "/zones").code == "upstream_5xx"


def test_limits_and_failures_that_alternate_end_in_a_failure_of_the_upstream(script: Script) -> None:
    script.lines = [*[says(429, Retry_After="0")] * 5, *[says(503)] * 4]
    assert refused(client(script).get, "/zones").code == "upstream_5xx"
    assert len(script.asked) == 9


def test_after_three_failures_in_a_row_nothing_more_is_asked(script: Script) -> None:
    script.lines = [says(500)] * 3
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


def test_a_certificate_that_nobody_vouches_for_is_refused_unless_it_is_to_be_taken(tmp_path: Path) -> None:
    with scripted(certificate(tmp_path, days=10)) as script:
        assert refused(client(script.url).get, "/").code == "tls"
        script.lines = [says(200, {"ok": 1})]
        assert client(script.url, verify=False).get("/") == {"ok": 1}
