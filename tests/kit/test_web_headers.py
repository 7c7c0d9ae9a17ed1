"""Headers of pages, also of pages that the browser has kept."""

import pytest
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from orch_app.kit.web_headers import AnswerHeaders
from tests.systems.asgi import TestClient


def answering(response: Response) -> AnswerHeaders:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] = {}
        await response(scope, receive, send)

    return AnswerHeaders(app)


def test_a_kept_page_keeps_its_policy():
    client = TestClient(answering(Response(status_code=304)))
    assert "content-security-policy" not in client.get("/hosts/").headers


def test_a_page_is_asked_for_again_before_it_is_shown():
    headers = TestClient(answering(HTMLResponse("<h1>x</h1>"))).get("/hosts/").headers
    assert headers["cache-control"] == "no-cache"
    assert "script-src 'self'" in headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/v1/hosts", "/health"])
def test_what_is_no_page_may_load_nothing(path: str):
    client = TestClient(answering(Response("{}", media_type="application/json")))
    assert client.get(path).headers["content-security-policy"].startswith("default-src 'none'")


def test_what_an_answer_varies_by_is_said_once():
    answer = Response("x", headers={"Vary": "Origin, Accept-Encoding"})
    answer.headers.append("Vary", "Origin")
    answer.headers.append("Vary", "origin , Accept-Language")
    found = TestClient(answering(answer)).get("/").headers
    assert found.get_list("vary") == ["Origin, Accept-Encoding, Accept-Language"]
