"""Signing in, out and on again, as scripts and browsers do it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts import service
from orch_app.kit.db import unit_of_work
from tests.api.conftest import ORIGIN
from tests.systems.asgi import TestClient
from tests.systems.people import PASSWORD, add_user, audited, later

OWN_PAGE = {"Origin": ORIGIN}
WRONG = {"email": "admin@example.com", "password": "not the right one"}


@pytest.fixture(autouse=True)
def _with_database(database: str) -> None:
    """Every test here runs on both back ends."""


def login(client: TestClient, role: Role = Role.ADMIN) -> dict[str, str]:
    answer = client.post("/v1/auth/login", json={"email": f"{role.value}@example.com", "password": PASSWORD})
    assert answer.status_code == 200
    return answer.json()


def open_browser(client: TestClient, **more: object) -> None:
    body = {"email": "admin@example.com", "password": PASSWORD, "browser": True, **more}
    assert client.post("/v1/auth/login", json=body, headers=OWN_PAGE).status_code == 200


def bearer(pair: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {pair['accessToken']}"}


def test_a_script_gets_a_pair_of_tokens_and_is_known_by_it(client: TestClient) -> None:
    add_user(Role.OPERATOR)
    pair = login(client, Role.OPERATOR)
    me = client.get("/v1/me", headers=bearer(pair)).json()
    assert pair["expiresIn"] == 900
    assert (me["email"], me["roles"], "jobs:cancel" in me["permissions"]) == (
        "operator@example.com",
        ["operator"],
        True,
    )
    assert "users:write" not in me["permissions"]
    assert "set-cookie" not in client.get("/v1/me", headers=bearer(pair)).headers
    assert [entry.metadata_json["how"] for entry in audited("login.succeeded")] == ["api"]


def test_a_browser_gets_a_cookie_that_scripts_cannot_read_and_no_tokens(client: TestClient) -> None:
    add_user(Role.ADMIN)
    body = {"email": "Admin@Example.com ", "password": PASSWORD, "browser": True}
    answer = client.post("/v1/auth/login", json=body, headers=OWN_PAGE)
    cookie = answer.headers["set-cookie"]
    assert set(answer.json()) == {"user"}
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert "Path=/" in cookie
    assert "Secure" not in cookie
    assert "Max-Age" not in cookie
    assert client.get("/v1/me").json()["email"] == "admin@example.com"


def test_the_cookie_is_secure_behind_https_and_lives_on_when_it_is_to_be_remembered(
    client: TestClient,
) -> None:
    add_user(Role.ADMIN)
    client.base_url = "https://127.0.0.1:8000"
    body = {"email": "admin@example.com", "password": PASSWORD, "browser": True, "remember": True}
    cookie = client.post("/v1/auth/login", json=body, headers=OWN_PAGE).headers["set-cookie"]
    assert "Secure" in cookie
    assert "Max-Age=2592000" in cookie


def test_logging_in_again_ends_the_session_that_the_browser_had(client: TestClient) -> None:
    add_user(Role.ADMIN)
    open_browser(client)
    first = client.cookies["orch_session"]
    open_browser(client)
    assert client.cookies["orch_session"] != first
    client.cookies.clear()
    assert client.get("/v1/me", headers={"Cookie": f"orch_session={first}"}).status_code == 401


def test_unknown_users_and_wrong_passwords_get_the_same_answer_and_both_are_audited(client: TestClient) -> None:
    add_user(Role.ADMIN)
    wrong = client.post("/v1/auth/login", json=WRONG)
    unknown = client.post("/v1/auth/login", json=WRONG | {"email": "nobody@example.com"})
    shown = [{k: v for k, v in answer.json().items() if k != "requestId"} for answer in (wrong, unknown)]
    assert wrong.status_code == unknown.status_code == 401
    assert shown[0] == shown[1]
    assert [entry.metadata_json["reason"] for entry in audited("login.refused")] == ["wrong_password", "unknown_user"]
    assert {entry.ip for entry in audited("login.refused")} == {"192.0.2.7"}


def test_both_take_one_hash(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    add_user(Role.ADMIN)
    hashed: list[str] = []
    monkeypatch.setattr("bcrypt.checkpw", lambda _, stored: hashed.append(stored[:7].decode()))
    client.post("/v1/auth/login", json=WRONG)
    client.post("/v1/auth/login", json=WRONG | {"email": "nobody@example.com"})
    assert hashed == ["$2b$04$", "$2b$04$"]


def test_what_was_typed_into_the_address_is_kept_only_when_it_is_an_address(client: TestClient) -> None:
    client.post("/v1/auth/login", json={"email": "my secret password", "password": "x"})
    assert audited("login.refused")[0].actor_name == "(not an address)"


def test_a_disabled_user_cannot_sign_in_and_open_sessions_end(client: TestClient) -> None:
    add_user(Role.ADMIN)
    user_id = add_user(Role.VIEWER).user_id
    pair, admin = login(client, Role.VIEWER), login(client)
    answer = client.patch(f"/v1/users/{user_id}", json={"status": "disabled"}, headers=bearer(admin))
    assert answer.json()["status"] == "disabled"
    assert client.get("/v1/me", headers=bearer(pair)).status_code == 401
    assert client.post("/v1/auth/refresh", json={"refreshToken": pair["refreshToken"]}).status_code == 401
    refused = client.post("/v1/auth/login", json={"email": "viewer@example.com", "password": PASSWORD})
    assert refused.json()["code"] == "wrong_credentials"
    assert audited("login.refused")[0].metadata_json == {"reason": "disabled"}


def test_the_sixth_refused_login_has_to_wait_and_others_do_not(client: TestClient) -> None:
    add_user(Role.ADMIN)
    add_user(Role.VIEWER)
    answers = [client.post("/v1/auth/login", json=WRONG) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) == answers[-1].json()["retryAfter"] > 0
    right = client.post("/v1/auth/login", json=WRONG | {"password": PASSWORD})
    assert right.status_code == 429
    assert login(client, Role.VIEWER)
    elsewhere = TestClient(client.app, base_url=ORIGIN, client=("198.51.100.9", 1))
    assert login(elsewhere)


def test_an_account_that_does_not_exist_is_limited_just_the_same(client: TestClient) -> None:
    ghost = WRONG | {"email": "nobody@example.com"}
    assert [client.post("/v1/auth/login", json=ghost).status_code for _ in range(6)] == [401] * 5 + [429]


def test_typing_errors_before_a_right_password_are_forgiven(client: TestClient) -> None:
    add_user(Role.ADMIN)
    for _ in range(3):
        assert [client.post("/v1/auth/login", json=WRONG).status_code for _ in range(4)] == [401] * 4
        login(client)


def test_an_address_that_guesses_at_many_accounts_is_stopped(client: TestClient) -> None:
    codes = [client.post("/v1/auth/login", json=WRONG | {"email": f"a{n}@example.com"}).status_code for n in range(51)]
    assert codes == [401] * 50 + [429]


def test_a_refresh_token_works_once_and_its_second_use_ends_the_family(client: TestClient) -> None:
    add_user(Role.ADMIN)
    first = login(client)
    second = client.post("/v1/auth/refresh", json={"refreshToken": first["refreshToken"]}).json()
    third = client.post("/v1/auth/refresh", json={"refreshToken": second["refreshToken"]}).json()
    assert len({pair["refreshToken"] for pair in (first, second, third)}) == 3
    with later(seconds=11):
        reused = client.post("/v1/auth/refresh", json={"refreshToken": first["refreshToken"]})
    assert (reused.status_code, reused.json()["code"]) == (401, "token_reused")
    assert client.post("/v1/auth/refresh", json={"refreshToken": third["refreshToken"]}).status_code == 401
    assert client.get("/v1/me", headers=bearer(third)).status_code == 401
    assert [entry.result for entry in audited("token.reused")] == ["denied"]


def test_fifty_refreshes_of_one_token_at_once_give_one_successor(client: TestClient) -> None:
    add_user(Role.ADMIN)
    body = {"refreshToken": login(client)["refreshToken"]}
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: client.post("/v1/auth/refresh", json=body), range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refreshToken"] for answer in answers}) == 1
    assert audited("token.reused") == []


def test_logout_ends_the_session_and_clears_the_cookie(client: TestClient) -> None:
    add_user(Role.ADMIN)
    open_browser(client)
    cookie = client.cookies["orch_session"]
    answer = client.post("/v1/auth/logout", headers=OWN_PAGE)
    assert answer.status_code == 204
    assert 'orch_session=""' in answer.headers["set-cookie"]
    assert client.get("/v1/me", headers={"Cookie": f"orch_session={cookie}"}).status_code == 401
    assert [entry.target_type for entry in audited("logout")] == ["session"]


def test_logout_with_a_refresh_token_ends_the_family(client: TestClient) -> None:
    add_user(Role.ADMIN)
    pair = login(client)
    assert client.post("/v1/auth/logout", json={"refreshToken": pair["refreshToken"]}).status_code == 204
    assert client.get("/v1/me", headers=bearer(pair)).status_code == 401
    assert client.post("/v1/auth/logout", json={"refreshToken": pair["refreshToken"]}).status_code == 204
    assert [entry.target_type for entry in audited("logout")] == ["token_family"]


def test_the_first_admin_is_made_with_the_token_of_the_console_and_is_signed_in(client: TestClient) -> None:
    with unit_of_work() as session:
        token = service.issue_setup_token(session)
    body = {"token": token, "email": "first@example.com", "password": PASSWORD, "browser": True}
    assert client.get("/v1/setup").json() == {"needed": True}
    weak = client.post("/v1/setup", json=body | {"password": "password1234"}, headers=OWN_PAGE)
    assert (weak.status_code, weak.json()["errors"][0]["pointer"]) == (422, "/password")
    wrong = client.post("/v1/setup", json=body | {"token": "x" * 43}, headers=OWN_PAGE)
    assert (wrong.status_code, len(audited("setup.refused"))) == (401, 1)
    made = client.post("/v1/setup", json=body, headers=OWN_PAGE)
    assert (made.status_code, made.json()["user"]["role"]) == (201, "admin")
    assert client.get("/v1/me").json()["email"] == "first@example.com"
    assert client.get("/v1/setup").json() == {"needed": False}
    assert client.post("/v1/setup", json=body, headers=OWN_PAGE).status_code == 409
    assert len(audited("setup.completed")) == 1


def test_a_setup_token_works_for_half_an_hour(client: TestClient) -> None:
    with unit_of_work() as session:
        token = service.issue_setup_token(session)
    body = {"token": token, "email": "first@example.com", "password": PASSWORD}
    with later(minutes=31):
        assert client.post("/v1/setup", json=body).status_code == 401
    assert client.post("/v1/setup", json=body).status_code == 201


def test_setting_up_is_limited(client: TestClient) -> None:
    body = {"token": "x", "email": "first@example.com", "password": PASSWORD}
    assert [client.post("/v1/setup", json=body).status_code for _ in range(11)] == [401] * 10 + [429]


def test_a_changed_password_ends_every_other_session(client: TestClient) -> None:
    add_user(Role.ADMIN)
    pair, other = login(client), login(client)
    body = {"currentPassword": "wrong", "newPassword": "another tractor 92"}
    wrong = client.post("/v1/me/password", json=body, headers=bearer(pair))
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/currentPassword")
    done = client.post("/v1/me/password", json=body | {"currentPassword": PASSWORD}, headers=bearer(pair))
    assert done.status_code == 204
    assert client.get("/v1/me", headers=bearer(pair)).status_code == 200
    assert client.get("/v1/me", headers=bearer(other)).status_code == 401
    assert client.post("/v1/auth/login", json=WRONG | {"password": PASSWORD}).status_code == 401
    assert client.post("/v1/auth/login", json=WRONG | {"password": "another tractor 92"}).status_code == 200
    assert (len(audited("password.changed")), len(audited("password.refused"))) == (1, 1)


def test_users_are_read_forth_and_back(client: TestClient) -> None:
    add_user(Role.ADMIN)
    for number in range(4):
        add_user(Role.VIEWER, f"person{number}@example.com")
    head = bearer(login(client, Role.ADMIN))
    first = client.get("/v1/users", params={"limit": 2}, headers=head)
    second = client.get(first.links["next"]["url"], headers=head).json()
    assert first.json()["prevCursor"] is None
    assert [user["email"] for user in second["items"]] == ["person1@example.com", "person2@example.com"]
    assert [user["role"] for user in second["items"]] == ["viewer"] * 2
    back = client.get("/v1/users", params={"limit": 2, "cursor": second["prevCursor"]}, headers=head).json()
    assert back["items"] == first.json()["items"]
    found = client.get("/v1/users", params={"q": "PERSON3"}, headers=head).json()
    assert [user["email"] for user in found["items"]] == ["person3@example.com"]
