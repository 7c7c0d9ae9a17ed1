"""What surrounds every answer: origins, proxies, headers, request ids, limits and the page of the API."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from orch_app.api import wrap
from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts.open_connections import open_connections
from orch_app.domains.jobs import live_api
from orch_app.kit import web_headers
from orch_app.kit.settings import settings
from tests.api.conftest import ORIGIN, MakeClient
from tests.systems.asgi import TestClient, WebSocketDenialResponse
from tests.systems.people import PASSWORD, add_user, audited

SOCKET = "ws://127.0.0.1:8000/v1/ws"
FOREIGN = [
    "null",
    "",
    "https://evil.example",
    "http://127.0.0.1:8001",
    "http://127.0.0.1",
    "https://127.0.0.1:8000",
    "http://127.0.0.1.evil.example:8000",
    "http://evil.example:8000",
    "http://localhost:8000@evil.example",
    "http://user@127.0.0.1:8000",
    "http://[::1]:8000",
    "http://0.0.0.0.evil.example",
    "http://127.0.0.2:8000",
    "http://127.1:8000",
    "http://2130706433:8000",
    "http://LOCALHOST.:8000",
    "file://",
    "chrome-extension://abcdefghijklmnop",
    "ftp://127.0.0.1:8000",
    "http://127.0.0.1:99999",
    "http://127.0.0.1:x",
    "//127.0.0.1:8000",
    "127.0.0.1:8000",
    "http:/127.0.0.1:8000",
    "http://127.0.0.1:8000.evil.example",
    "http://xn--lcalhost-54a:8000",
    "http://127.0.0.1:8000, http://evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "http://localhost%00:8000",
    "http://[::ffff:127.0.0.1]:8000",
    "http://127.0.0.1:08001",
    "ws://127.0.0.1:8000",
    "http://127.0.0.1:80000",
    "http://example.com#127.0.0.1:8000",
    "http://example.com?127.0.0.1:8000",
    "http://example.com/127.0.0.1:8000",
    "http://example.com\\@127.0.0.1:8000",
    "http://192.168.1.5:8000",
    "http://testserver",
    "http://jarvis:8000",
]


@pytest.fixture(autouse=True)
def _with_database(sqlite: None) -> None:
    """Nothing here depends on the back end."""


@pytest.fixture
def browser(client: TestClient) -> TestClient:
    """Signed in by cookie."""
    add_user(Role.ADMIN)
    body = {"email": "admin@example.com", "password": PASSWORD, "browser": True}
    assert client.post("/v1/auth/login", json=body, headers={"Origin": ORIGIN}).status_code == 200
    return client


def patch_me(client: TestClient, **headers: str) -> int:
    return client.patch("/v1/me", json={"theme": "light"}, headers=headers).status_code


def test_there_are_forty_foreign_origins() -> None:
    assert len(set(FOREIGN)) > 40


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_page_changes_nothing_and_opens_no_websocket(browser: TestClient, origin: str) -> None:
    before = browser.get("/v1/me").json()
    assert patch_me(browser, Origin=origin) == 403
    body = {"email": "admin@example.com", "password": PASSWORD, "browser": True}
    assert browser.post("/v1/auth/login", json=body, headers={"Origin": origin}).status_code == 403
    assert browser.post("/v1/auth/logout", headers={"Origin": origin}).status_code == 403
    with pytest.raises(WebSocketDisconnect), browser.websocket_connect(SOCKET, headers={"Origin": origin}):
        pass
    assert browser.get("/v1/me").json() == before


@pytest.mark.parametrize("origin", [ORIGIN, "http://localhost:8000", "HTTP://127.0.0.1:8000"])
def test_our_own_pages_may(browser: TestClient, origin: str) -> None:
    assert patch_me(browser, Origin=origin) == 200
    with browser.websocket_connect(SOCKET, headers={"Origin": origin}):
        pass


def test_a_cookie_without_a_word_from_the_browser_changes_nothing(browser: TestClient) -> None:
    assert patch_me(browser) == 403
    assert patch_me(browser, **{"Sec-Fetch-Site": "cross-site"}) == 403
    assert patch_me(browser, **{"Sec-Fetch-Site": "same-site"}) == 403
    assert patch_me(browser, **{"Sec-Fetch-Site": "none"}) == 403
    assert patch_me(browser, **{"Sec-Fetch-Site": "same-origin"}) == 200
    with pytest.raises(WebSocketDenialResponse) as refused, browser.websocket_connect(SOCKET):
        pass
    assert refused.value.status_code == 403


def test_a_script_with_a_token_needs_no_origin(make_client: MakeClient) -> None:
    assert patch_me(make_client(Role.VIEWER)) == 200


def test_a_phone_may_sign_in_by_the_address_of_a_machine_that_is_bound_everywhere(
    api: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_user(Role.ADMIN)
    body = {"email": "admin@example.com", "password": PASSWORD, "browser": True}
    phone = TestClient(wrap(api), base_url="http://192.168.1.5:8000")
    own = {"Origin": "http://192.168.1.5:8000"}
    assert phone.post("/v1/auth/login", json=body, headers=own).status_code == 403
    monkeypatch.setenv("ORCH_HOST", "0.0.0.0")
    settings.cache_clear()
    assert phone.post("/v1/auth/login", json=body, headers=own).status_code == 200
    assert patch_me(phone, **own) == 200
    rebound = TestClient(wrap(api), base_url="http://evil.example:8000")
    assert rebound.post("/v1/auth/login", json=body, headers={"Origin": "http://evil.example:8000"}).status_code == 403
    assert patch_me(phone, Origin="http://192.168.1.6:8000") == 403


def test_the_public_address_is_our_own(api: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    add_user(Role.ADMIN)
    monkeypatch.setenv("ORCH_PUBLIC_URL", "https://JARVIS.example.com:443/")
    settings.cache_clear()
    outside = TestClient(wrap(api), base_url="https://jarvis.example.com")
    body = {"email": "admin@example.com", "password": PASSWORD, "browser": True}
    answer = outside.post("/v1/auth/login", json=body, headers={"Origin": "https://jarvis.example.com"})
    assert answer.status_code == 200


def test_no_answer_is_shared_with_another_site(browser: TestClient) -> None:
    answer = browser.get("/v1/me", headers={"Origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    preflight = browser.options("/v1/me", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"})
    assert preflight.status_code == 405


def seen_by(api: FastAPI, proxy: str, **headers: str) -> str:
    speaker = TestClient(wrap(api), base_url=ORIGIN, client=(proxy, 1))
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    speaker.post("/v1/auth/login", json={"email": "x@example.com", "password": "x"}, headers=names)
    return audited("login.refused")[-1].ip


def test_forwarded_addresses_are_believed_from_trusted_proxies_only(
    api: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert seen_by(api, "10.0.0.1", X_Forwarded_For="203.0.113.5") == "10.0.0.1"
    monkeypatch.setenv("ORCH_TRUSTED_PROXIES", "10.0.0.1, 172.16.0.0/12")
    settings.cache_clear()
    assert seen_by(api, "10.0.0.1", X_Forwarded_For="203.0.113.5") == "203.0.113.5"
    assert seen_by(api, "10.0.0.1", X_Forwarded_For="1.1.1.1, 203.0.113.6, 172.16.5.5") == "203.0.113.6"
    assert seen_by(api, "10.0.0.1", X_Forwarded_For="nonsense") == "10.0.0.1"
    assert seen_by(api, "10.0.0.1") == "10.0.0.1"
    assert seen_by(api, "10.0.0.2", X_Forwarded_For="203.0.113.5") == "10.0.0.2"


def test_https_in_front_of_a_trusted_proxy_makes_the_cookie_secure(
    api: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_user(Role.ADMIN)
    monkeypatch.setenv("ORCH_TRUSTED_PROXIES", "10.0.0.1")
    settings.cache_clear()
    body = {"email": "admin@example.com", "password": PASSWORD, "browser": True}
    headers = {"Origin": ORIGIN, "X-Forwarded-Proto": "https"}
    for proxy, is_secure in (("10.0.0.1", True), ("10.0.0.2", False)):
        speaker = TestClient(wrap(api), base_url=ORIGIN, client=(proxy, 1))
        answer = speaker.post("/v1/auth/login", json=body, headers=headers)
        assert ("Secure" in answer.headers["set-cookie"], "strict-transport-security" in answer.headers) == (
            is_secure,
            is_secure,
        )


def test_a_sane_request_id_is_kept_and_another_is_replaced(client: TestClient) -> None:
    assert client.get("/v1/setup", headers={"X-Request-ID": "abc-1.2:3"}).headers["x-request-id"] == "abc-1.2:3"
    for odd in ("x" * 65, "<script>", "a b", ""):
        given = client.get("/v1/setup", headers={"X-Request-ID": odd}).headers["x-request-id"]
        assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{26}", given)


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize("path", ["/v1/setup", "/v1/me", "/v1/nothing"])
def test_a_trace_goes_on_through_every_answer(client: TestClient, path: str) -> None:
    sent = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    answered = client.get(path, headers=sent).headers["traceparent"]
    assert re.fullmatch(f"00-{TRACE}-[0-9a-f]{{16}}-01", answered)
    assert answered != sent["traceparent"]
    for odd in ({}, {"traceparent": "x"}, {"traceparent": f"ff-{TRACE}-00f067aa0ba902b7-01"}):
        assert re.fullmatch(
            "00-(?!0{32}|4bf9)[0-9a-f]{32}-[0-9a-f]{16}-00", client.get(path, headers=odd).headers["traceparent"]
        )


def test_an_act_is_audited_with_its_trace_and_its_request(browser: TestClient) -> None:
    sent = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "X-Request-ID": "mine", "Origin": ORIGIN}
    assert patch_me(browser, **sent) == 200
    (entry,) = audited("profile.changed")
    assert (entry.trace_id, entry.request_id) == (TRACE, "mine")
    (signed_in,) = audited("login.succeeded")
    assert len(signed_in.trace_id) == 32
    (created,) = audited("user.created")
    assert created.trace_id == ""


@pytest.mark.parametrize("path", ["/v1/setup", "/v1/me", "/v1/nothing", "/v1/docs", "/v1/openapi.json"])
def test_every_answer_has_the_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "camera=()" in headers["permissions-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in headers
    assert "unsafe-eval" not in headers["content-security-policy"]


def test_json_says_how_it_is_written_and_a_problem_keeps_its_own_type(client: TestClient) -> None:
    assert client.get("/v1/setup").headers["content-type"] == "application/json; charset=utf-8"
    assert client.get("/v1/me").headers["content-type"] == "application/problem+json"


def test_json_may_do_nothing_and_pages_only_what_they_need(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / "csp.json").write_text(json.dumps(["sha256-abc="]), "utf-8")
    monkeypatch.setattr(web_headers, "HASHES", tmp_path / "csp.json")
    web_headers._hashes.cache_clear()
    page, document = (client.get(path).headers["content-security-policy"] for path in ("/v1/docs", "/v1/setup"))
    web_headers._hashes.cache_clear()
    assert document.startswith("default-src 'none'; frame-ancestors 'none'")
    assert "script-src 'self' 'sha256-abc=';" in page
    assert "connect-src 'self' ws://127.0.0.1:8000 wss://127.0.0.1:8000;" in page
    odd = client.get("/v1/docs", headers={"Host": "a b; script-src *"}).headers["content-security-policy"]
    assert "ws://" not in odd


def test_the_limit_of_calls_is_told_and_kept(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    viewer, operator = make_client(Role.VIEWER), make_client(Role.OPERATOR)
    monkeypatch.setenv("ORCH_API_LIMIT", "3/minute")
    settings.cache_clear()
    answers = [viewer.get("/v1/me") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["RateLimit-Policy"] == '"default";q=3;w=60'
    assert re.fullmatch(r'"default";r=2;t=\d+', answers[0].headers["RateLimit"])
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert answers[3].json()["code"] == "rate_limited"
    assert 0 < int(answers[3].headers["Retry-After"]) <= 60
    assert operator.get("/v1/me").status_code == 200


def test_calls_without_a_valid_token_are_limited_by_address(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORCH_API_LIMIT", "3/minute")
    settings.cache_clear()
    tries = [client.get("/v1/me", headers={"Authorization": f"Bearer {n}"}).status_code for n in range(4)]
    assert tries == [401, 401, 401, 429]
    assert client.get("/v1/setup").status_code == 429


def refused_socket(client: TestClient, address: str = SOCKET) -> dict[str, Any]:
    with pytest.raises(WebSocketDenialResponse) as refused, client.websocket_connect(address):
        pass
    return {"status": refused.value.status_code} | json.loads(refused.value.text)


def test_what_one_login_keeps_open_is_limited_and_free_again_when_it_ends(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer, operator = make_client(Role.VIEWER), make_client(Role.OPERATOR)
    monkeypatch.setenv("ORCH_LOGIN_CONNECTIONS", "2")
    settings.cache_clear()
    with viewer.websocket_connect(SOCKET), viewer.websocket_connect(SOCKET):
        refused = refused_socket(viewer)
        assert (refused["status"], refused["code"], refused["retryAfter"]) == (429, "too_many_connections", 10)
        stream = viewer.get("/v1/jobs/job_none/logs/stream")
        assert (stream.status_code, stream.headers["Retry-After"]) == (429, "10")
        assert viewer.get("/v1/me").status_code == 200
        with operator.websocket_connect(SOCKET):
            """Somebody else is not held up."""
    for _ in range(3):
        assert viewer.get("/v1/jobs/job_none/logs/stream").status_code == 404
        with viewer.websocket_connect(SOCKET):
            """Those before have ended."""


def test_a_stream_counts_for_as_long_as_it_lasts(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []

    async def events(*_: object) -> AsyncIterator[str]:
        counts.append(len(open_connections))
        yield "event: end\n\n"

    monkeypatch.setattr(live_api, "_require_job", lambda *_: None)
    monkeypatch.setattr(live_api, "_events", events)
    before = len(open_connections)
    assert make_client(Role.VIEWER).get("/v1/jobs/job_1/logs/stream").text == "event: end\n\n"
    assert counts == [before + 2]  # of a login and of an address
    assert len(open_connections) == before


async def silent_screens(scope: Scope, receive: Receive, send: Send) -> None:
    """In the place of Reflex: takes a tab and waits until it goes."""
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        """Nothing is answered."""


def test_tabs_count_among_what_one_login_keeps_open(browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCH_LOGIN_CONNECTIONS", "1")
    settings.cache_clear()
    tabs = TestClient(wrap(silent_screens), base_url=ORIGIN, cookies=browser.cookies, headers={"Origin": ORIGIN})
    tab = "ws://127.0.0.1:8000/_event/?token=1"
    with tabs.websocket_connect(tab):
        assert refused_socket(tabs, tab)["code"] == "too_many_connections"
        with pytest.raises(WebSocketDenialResponse), browser.websocket_connect(SOCKET, headers={"Origin": ORIGIN}):
            pass
    with tabs.websocket_connect(tab):
        """There is room again."""


def test_tabs_without_a_login_are_counted_by_their_address(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCH_ADDRESS_CONNECTIONS", "1")
    settings.cache_clear()
    tab = "ws://127.0.0.1:8000/_event/?token=1"
    here, there = (
        TestClient(wrap(silent_screens), base_url=ORIGIN, client=(ip, 1)) for ip in ("192.0.2.1", "192.0.2.9")
    )
    with here.websocket_connect(tab), there.websocket_connect(tab):
        assert refused_socket(here, tab)["status"] == 429


def test_the_page_of_the_api_brings_everything_itself(client: TestClient) -> None:
    page = client.get("/v1/docs").text
    used = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert [path for path in used if not path.startswith(("/v1/docs/", "data:"))] == []
    assert "<script>" not in page
    assert {client.get(path).status_code for path in used if path.startswith("/")} == {200}
    assert client.get("/v1/docs/LICENSE").status_code == 404


def test_the_description_is_openapi_3_1_and_every_operation_has_a_name_and_errors(client: TestClient) -> None:
    document = client.get("/v1/openapi.json").json()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert document["openapi"].startswith("3.1")
    assert len(set(names)) == len(names) > 40
    assert all(operation["summary"] and operation["description"] for operation in operations)
    problem = {"$ref": "#/components/responses/Problem"}
    assert all(operation["responses"]["default"] == problem for operation in operations)
    assert "HTTPValidationError" not in json.dumps(document)
