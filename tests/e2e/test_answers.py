"""Every answer of the web process, asked for over a real socket, says what a browser may do with it."""

import re
from collections.abc import Iterator

import httpx
import pytest

from orch_app.kit.web_headers import ALWAYS
from tests.e2e.house import House
from tests.e2e.product import ROOT

CLIENT = ROOT / ".web" / "build" / "client"
PREFLIGHT = {"Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "authorization"}


@pytest.fixture
def stranger(house: House) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=house.product.url) as client:
        yield client


def built(pattern: str) -> str:
    """The address of one file that the build has made."""
    return "/" + next(CLIENT.glob(pattern)).relative_to(CLIENT).as_posix()


def paths() -> dict[str, int]:
    return {
        built("assets/*.js"): 200,
        built("assets/*.css"): 200,
        built("fonts/*"): 200,
        "/favicon.svg": 200,
        "/login/": 200,
        "/login": 307,
        "/dashboard/": 200,
        "/jobs/job_x/": 200,
        "/nothing/of/that/name": 404,
        "/assets/nothing-00000000.js": 404,
        "/assets/../../csp.json": 404,
        "/assets/%2e%2e/%2e%2e/csp.json": 404,
        "/health": 503,
        "/ping": 200,
        "/_event/?EIO=4&transport=polling": 400,
        "/v1/me": 401,
        "/v1/nothing": 404,
        "/v1/docs": 200,
        "/v1/openapi.json": 200,
    }


def test_every_answer_carries_the_headers_and_an_id(stranger: httpx.Client) -> None:
    answers = {path: stranger.get(path) for path in paths()}
    assert {path: answer.status_code for path, answer in answers.items()} == paths()
    lacking = {path: [name for name in ALWAYS if name not in answer.headers] for path, answer in answers.items()}
    assert {path: names for path, names in lacking.items() if names} == {}
    assert {answer.headers["x-content-type-options"] for answer in answers.values()} == {"nosniff"}
    assert all("content-security-policy" in answer.headers for answer in answers.values())
    assert all(re.fullmatch(r"[0-9A-Z]{26}", answer.headers["x-request-id"]) for answer in answers.values())


def test_answers_to_other_sites_carry_them_too(stranger: httpx.Client) -> None:
    asked = stranger.options("/v1/me", headers=PREFLIGHT | {"Origin": "https://example.org"})
    sent = stranger.post("/v1/auth/login", headers={"Origin": "https://example.org"})
    assert (asked.status_code, sent.status_code) == (400, 403)
    for answer in (asked, sent):
        assert "access-control-allow-origin" not in answer.headers
        assert [name for name in ALWAYS if name not in answer.headers] == []


def test_files_named_by_their_content_are_kept_and_others_asked_for_again(stranger: httpx.Client) -> None:
    kept = stranger.get(built("assets/*.js"))
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert kept.headers["content-encoding"] == "gzip"
    again = stranger.get(built("assets/*.js"), headers={"If-None-Match": kept.headers["etag"]})
    assert (again.status_code, again.headers["x-content-type-options"]) == (304, "nosniff")
    assert "content-security-policy" not in again.headers
    assert stranger.get("/assets/nothing-00000000.js").headers["cache-control"] == "no-cache"
    assert stranger.get("/login/").headers["cache-control"] == "no-cache"


def test_a_broken_request_is_answered_without_a_trace(stranger: httpx.Client) -> None:
    for path in ("/%00", "/v1/%ff%fe", "/v1/jobs?limit=%00", "/assets/%00.js"):
        answer = stranger.get(path)
        assert answer.status_code < 500
        assert "Traceback" not in answer.text
