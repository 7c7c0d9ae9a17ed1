"""Bad requests get a clear answer: a problem with a code, a place and a request id, and never a 5xx."""

import re
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from orch_app.api import LARGER_BODIES
from orch_app.domains.access.permissions import Role
from orch_app.kit.errors import Conflict
from tests.api.conftest import MakeClient
from tests.api.route_table import FILLED, TABLE
from tests.systems.asgi import TestClient

JSON = {"Content-Type": "application/json"}
WITH_BODY = [key for key, line in TABLE.items() if key[0] in {"POST", "PATCH"} and line.body]


def fill(path: str) -> str:
    for name, value in FILLED.items():
        path = path.replace(name, value)
    return path


@pytest.fixture
def admin_client(database: str, make_client: MakeClient) -> TestClient:
    return make_client(Role.ADMIN)


def assert_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), body
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["requestId"] == answer.headers["x-request-id"]
    assert body["type"] == f"/problems/{code.replace('_', '-')}"
    assert body["status"] == status
    return body


def test_a_body_that_does_not_fit_is_422_with_a_pointer_to_each_fault(admin_client: TestClient) -> None:
    answer = admin_client.post("/v1/users", json={"email": 5, "password": "x", "rôle/~": 1, "role": "king"})
    body = assert_problem(answer, 422, "validation")
    assert {fault["pointer"] for fault in body["errors"]} == {"/email", "/role", "/rôle~1~0"}


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"{", 400, "malformed_json"),
        (b'{"email": NaN}', 400, "malformed_json"),
        (b'{"email": -Infinity}', 400, "malformed_json"),
        (b'{"email": 1e999}', 400, "malformed_json"),
        (b'{"email": "a", "email": "b"}', 400, "duplicate_name"),
        (b'{"email": "\xff"}', 400, "malformed_json"),
        (b'\xef\xbb\xbf{"email": "a"}', 400, "malformed_json"),
        ('{"email": "a"}'.encode("utf-16"), 400, "malformed_json"),
        (b"[" * 100_000, 400, "too_deep"),
        (b'{"a":' * 80 + b"1" + b"}" * 80, 400, "too_deep"),
        (b'{"email": ' + b"9" * 5000 + b"}", 400, "malformed_json"),
        (b'{"email": "a\\u0000b"}', 422, "bad_text"),
        (b'{"a\\u0000": 1}', 422, "bad_text"),
        (b'{"email": "\\ud800"}', 422, "bad_text"),
        (b'"just text"', 422, "validation"),
        (b"null", 422, "validation"),
        (b"", 422, "validation"),
        (b'{"email": "' + b"x" * 1_048_576 + b'"}', 413, "too_large"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_is_not_one_clear_document_is_refused_by_every_route(
    sqlite_admin: TestClient, raw: bytes, status: int, code: str
) -> None:
    for method, path in WITH_BODY:
        answer = sqlite_admin.request(method, fill(path), content=raw, headers=JSON)
        if code != "validation":
            larger = any(pattern.fullmatch(fill(path)) for pattern in LARGER_BODIES) and code == "too_large"
            assert larger or (answer.status_code, answer.json()["code"]) == (status, code), (path, answer.text)
        assert 400 <= answer.status_code < 500, (path, answer.text)


@pytest.fixture
def sqlite_admin(sqlite: None, make_client: MakeClient) -> TestClient:
    return make_client(Role.ADMIN)


def test_the_pointer_names_the_text_that_cannot_be_stored(sqlite_admin: TestClient) -> None:
    raw = b'{"email": "a", "list": [1, {"a/b": "x\\u0000"}, "\\ud83d"]}'
    body = assert_problem(sqlite_admin.post("/v1/users", content=raw, headers=JSON), 422, "bad_text")
    assert {fault["pointer"] for fault in body["errors"]} == {"/list/1/a~1b", "/list/2"}


def test_whole_characters_beyond_the_basic_plane_are_welcome(admin_client: TestClient) -> None:
    raw = b'{"name": "\\ud83d\\ude00 \xf0\x9f\x98\x80"}'
    assert admin_client.patch("/v1/me", content=raw, headers=JSON).json()["name"] == "😀 😀"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/xml"])
def test_bodies_are_json_and_say_so(sqlite_admin: TestClient, kind: str) -> None:
    answer = sqlite_admin.post("/v1/users", content=b"{}", headers={"Content-Type": kind})
    assert_problem(answer, 400, "not_json")


def test_a_body_without_an_announced_length_is_counted_too(sqlite_admin: TestClient) -> None:
    chunks = (b" " * 65_536 for _ in range(17))
    assert_problem(sqlite_admin.post("/v1/users", content=chunks, headers=JSON), 413, "too_large")


@pytest.mark.parametrize("path", ["/v1/users/%00", "/v1/jobs?q=%00", "/v1/runbooks/a%00b", "/v1/hosts?q=a%00"])
def test_addresses_hold_no_nul(sqlite_admin: TestClient, path: str) -> None:
    assert_problem(sqlite_admin.get(path), 400, "bad_address")


def test_no_route_takes_a_parameter_that_it_does_not_know(api: FastAPI, sqlite_admin: TestClient) -> None:
    seen = 0
    for context in iter_route_contexts(api.routes):
        if not isinstance(context.original_route, APIRoute) or not context.original_route.include_in_schema:
            continue
        for method in context.methods or ():
            path = str(context.path)
            answer = sqlite_admin.request(method, f"{fill(path)}?colour=red", json=TABLE[method, path].body)
            assert answer.status_code == 400, (context.path, answer.text)
            assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/query/colour"]
            seen += 1
    assert seen > 40


def test_a_parameter_of_the_wrong_kind_is_400(sqlite_admin: TestClient) -> None:
    body = assert_problem(sqlite_admin.get("/v1/jobs?limit=many"), 400, "bad_parameter")
    assert body["errors"][0]["pointer"] == "/query/limit"


@pytest.mark.parametrize(
    "cursor", ["x", "WyJ4Il0", "W10", "bnVsbA", "WyJcdTAwMDAiXQ", "W1tbW1td", "e30", "WzVd", "%ff"]
)
@pytest.mark.parametrize("path", ["/v1/users", "/v1/jobs", "/v1/hosts", "/v1/connections"])
def test_a_cursor_of_nobody_is_no_fault_of_ours(admin_client: TestClient, path: str, cursor: str) -> None:
    assert admin_client.get(f"{path}?cursor={cursor}").status_code in {200, 400}


def test_an_unknown_address_below_v1_is_a_problem_and_not_a_page(sqlite_admin: TestClient) -> None:
    assert_problem(sqlite_admin.get("/v1/nothing/here"), 404, "not_found")
    assert_problem(sqlite_admin.get("/v1/me/"), 404, "not_found")


def test_another_method_is_405_and_names_the_right_ones(sqlite_admin: TestClient) -> None:
    answer = sqlite_admin.delete("/v1/me")
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, PATCH"


def test_an_older_version_is_412(admin_client: TestClient) -> None:
    first = admin_client.get("/v1/me").headers["ETag"]
    changed = admin_client.patch("/v1/me", json={"theme": "light"}, headers={"If-Match": first})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first
    assert_problem(
        admin_client.patch("/v1/me", json={"theme": "dark"}, headers={"If-Match": first}), 412, "stale_version"
    )


def test_a_fault_that_nobody_foresaw_is_a_plain_500(
    sqlite_admin: TestClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the password is 12345")

    monkeypatch.setattr("orch_app.domains.accounts.queries.get_me", fail)
    answer = sqlite_admin.get("/v1/me", headers={"X-Request-ID": "my-id-1"})
    assert_problem(answer, 500, "internal_error")
    assert "12345" not in answer.text
    assert "Traceback" not in answer.text
    assert re.search(r"request\.failed.*my-id-1", capsys.readouterr().out)


def test_a_commit_that_fails_is_never_answered_with_success(
    admin_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise Conflict("somebody else was first", "conflict")

    monkeypatch.setattr("sqlmodel.Session.commit", fail)
    assert_problem(admin_client.patch("/v1/me", json={"theme": "light"}), 409, "conflict")
    monkeypatch.undo()
    assert admin_client.get("/v1/me").json()["theme"] == ""
