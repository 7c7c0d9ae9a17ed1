"""Connections and hosts over REST, as a script uses them; and that no secret ever comes out."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import text

from orch_app.domains.access.permissions import Role
from orch_app.domains.inventory.types import TYPES
from orch_app.kit import db
from orch_app.kit.settings import settings
from tests.api.conftest import MakeClient
from tests.systems.asgi import TestClient
from tests.systems.keys import make_key
from tests.systems.sshd import SshServer, ssh_server

PASSWORD_CANARY = "canary-pass-7Q2x"
BECOME_CANARY = "canary-sudo-9Zk1"
NEW_CANARY = "canary-next-4Vb8"
PASSPHRASE_CANARY = "canary-phrase-1Lm3"
GOOD_HOST = {"name": "web-1", "address": "10.0.0.5", "environment": "stage"}


@pytest.fixture(autouse=True)
def _with_database(database: str) -> None:
    """Every test here runs on both back ends."""


@pytest.fixture
def admin(make_client: MakeClient) -> TestClient:
    return make_client(Role.ADMIN)


@pytest.fixture
def operator(make_client: MakeClient) -> TestClient:
    return make_client(Role.OPERATOR)


@pytest.fixture
def viewer(make_client: MakeClient) -> TestClient:
    return make_client(Role.VIEWER)


@pytest.fixture(scope="module")
def server() -> Iterator[SshServer]:
    with ssh_server() as started:
        yield started


def connection_body(name: str = "root", **payload: Any) -> dict[str, Any]:
    body = payload or {"user": "root", "password": PASSWORD_CANARY}
    return {"type": "ssh", "name": name, "environment": "stage", "payload": body}


def created(client: TestClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"{path}/{answer.json()['id']}"
    return answer.json()


def pointers(answer: Any) -> list[str]:
    return [error["pointer"] for error in answer.json()["errors"]]


def test_a_connection_is_made_read_changed_and_removed(admin: TestClient) -> None:
    made = created(admin, "/v1/connections", connection_body())
    assert made["payload"] == {"user": "root", "becomeMethod": "sudo"}
    assert made["maskedFields"]["password"]["set"] is True
    assert made["maskedFields"]["privateKey"] == {"set": False, "setAt": None}
    path = f"/v1/connections/{made['id']}"

    read = admin.get(path)
    assert read.json() == made
    changed = admin.patch(path, json={"name": "new"}, headers={"If-Match": read.headers["ETag"]})
    assert (changed.status_code, changed.json()["name"], changed.json()["version"]) == (200, "new", 2)
    assert changed.headers["ETag"] != read.headers["ETag"]
    stale = admin.patch(path, json={"name": "x"}, headers={"If-Match": read.headers["ETag"]})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    assert admin.delete(path, headers={"If-Match": read.headers["ETag"]}).status_code == 412
    assert admin.delete(path, headers={"If-Match": changed.headers["ETag"]}).status_code == 204
    assert admin.get(path).status_code == 404


def test_a_host_is_made_read_changed_and_removed(admin: TestClient) -> None:
    connection = created(admin, "/v1/connections", connection_body())
    made = created(admin, "/v1/hosts", {**GOOD_HOST, "connectionId": connection["id"], "labels": {"role": "web"}})
    assert (made["status"], made["hostKey"], made["port"]) == ("unknown", None, 22)
    path = f"/v1/hosts/{made['id']}"
    read = admin.get(path)
    assert read.json() == made
    assert admin.get(f"/v1/connections/{connection['id']}/usage").json()["items"][0]["id"] == made["id"]
    blocked = admin.delete(f"/v1/connections/{connection['id']}")
    assert (blocked.status_code, blocked.json()["code"]) == (409, "connection_in_use")

    changed = admin.patch(path, json={"port": 2200, "connectionId": None}, headers={"If-Match": read.headers["ETag"]})
    assert (changed.json()["port"], changed.json()["connectionId"]) == (2200, None)
    assert admin.patch(path, json={"port": 1}, headers={"If-Match": read.headers["ETag"]}).status_code == 412
    assert admin.delete(path).status_code == 204
    assert admin.delete(path).status_code == 404


def test_types_are_listed_with_form_and_schema(operator: TestClient) -> None:
    ssh, *others = operator.get("/v1/connection-types").json()
    assert [kind["name"] for kind in others] == [name for name in TYPES if name != "ssh"]
    assert others[0]["policy"][0] == "Zone / Zone: Read"
    assert ssh["name"] == "ssh"
    assert ssh["secretFields"] == ["privateKey", "passphrase", "password", "becomePassword"]
    assert ssh["form"][0]["titlePt"] == "Usuário"
    assert "privateKey" in ssh["schema"]["properties"]


def test_lists_have_pages_filters_sort_and_a_link(admin: TestClient) -> None:
    for number in range(5):
        created(admin, "/v1/hosts", {**GOOD_HOST, "name": f"h{number}"})
    first = admin.get("/v1/hosts", params={"limit": 2, "sort": "-name", "withTotal": 1, "environment": "stage"})
    assert [host["name"] for host in first.json()["items"]] == ["h4", "h3"]
    assert (first.json()["total"], first.json()["prevCursor"]) == (5, None)
    following = admin.get(first.headers["Link"].split(">")[0].removeprefix("<"))
    assert [host["name"] for host in following.json()["items"]] == ["h2", "h1"]
    back = admin.get("/v1/hosts", params={"limit": 2, "sort": "-name", "cursor": following.json()["prevCursor"]})
    assert [host["name"] for host in back.json()["items"]] == ["h4", "h3"]
    assert admin.get("/v1/hosts", params={"environment": "prod"}).json()["items"] == []
    assert len(admin.get("/v1/hosts?environment=&status=&q=").json()["items"]) == 5
    assert admin.get("/v1/connections?type=ssh&environment=stage&environment=prod").json()["items"] == []


@pytest.mark.parametrize(
    "query",
    [
        "colour=red",
        "sort=secret",
        "cursor=nonsense",
        "limit=0",
        "limit=201",
        "limit=x",
        "environment=dev",
        "q=%00",
        "withTotal=maybe",
        f"q={'x' * 201}",
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(operator: TestClient, query: str) -> None:
    for path in ("/v1/hosts", "/v1/connections"):
        answer = operator.get(f"{path}?{query}")
        assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json"), answer.text


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"type": "telepathy"}, "/type"),
        ({"name": ""}, "/name"),
        ({"environment": "dev"}, "/environment"),
        ({"payload": {"user": "root"}}, "/payload/privateKey"),
        ({"payload": {"user": "root", "password": ["x"]}}, "/payload/password"),
        ({"payload": {"user": "root", "privateKey": "x"}}, "/payload/privateKey"),
        (
            {"payload": {"user": "root", "password": "x", "jumpHost": {"address": "::1%lo"}}},
            "/payload/jumpHost/address",
        ),
        ({"payload": {"user": "root", "password": "x", "extra": {}}}, "/payload/extra"),
        ({"payload": []}, "/payload"),
        ({"surplus": 1}, "/surplus"),
    ],
)
def test_a_bad_connection_is_refused_at_its_place(admin: TestClient, change: dict[str, Any], pointer: str) -> None:
    answer = admin.post("/v1/connections", json={**connection_body(), **change})
    assert (answer.status_code, pointers(answer)) == (422, [pointer])


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": "all"}, "/name"),
        ({"address": "169.254.169.254"}, "/address"),
        ({"address": "a b"}, "/address"),
        ({"port": 70000}, "/port"),
        ({"connectionId": "con_01J9ZC5V0G3M5W6YQX4T2R8S7K"}, "/connectionId"),
        ({"labels": {"x": 1}}, "/labels/x"),
        ({"hostKey": "ssh-ed25519 AAAA"}, "/hostKey"),
    ],
)
def test_a_bad_host_is_refused_at_its_place(admin: TestClient, change: dict[str, Any], pointer: str) -> None:
    answer = admin.post("/v1/hosts", json={**GOOD_HOST, **change})
    assert (answer.status_code, pointers(answer)) == (422, [pointer])


def test_each_role_may_what_it_may(admin: TestClient, operator: TestClient, viewer: TestClient) -> None:
    connection = created(admin, "/v1/connections", connection_body())["id"]
    host = created(admin, "/v1/hosts", GOOD_HOST)["id"]
    for client, allowed in [(viewer, {"/v1/hosts"}), (operator, {"/v1/hosts", "/v1/connections"})]:
        for path in ("/v1/hosts", "/v1/connections"):
            assert client.get(path).status_code == (200 if path in allowed else 403)
            assert client.post(path, json={}).status_code in {403, 422}
        assert client.post("/v1/hosts", json=GOOD_HOST).status_code == 403
        assert client.post("/v1/connections", json=connection_body("x")).status_code == 403
        assert client.patch(f"/v1/hosts/{host}", json={}).status_code == 403
        assert client.delete(f"/v1/connections/{connection}").status_code == 403
        assert client.post(f"/v1/hosts/{host}/scan-key").status_code == 403
    assert viewer.post(f"/v1/connections/{connection}/test").status_code == 403
    assert operator.post(f"/v1/connections/{connection}/test").status_code == 200


def test_the_first_contact_over_rest(admin: TestClient, server: SshServer) -> None:
    body = connection_body(user=server.user, privateKey=server.private_key)
    connection = created(admin, "/v1/connections", body)["id"]
    fields = {**GOOD_HOST, "address": "127.0.0.1", "port": server.port, "connectionId": connection}
    path = f"/v1/hosts/{created(admin, '/v1/hosts', fields)['id']}/scan-key"

    scan = admin.post(path).json()
    assert (scan["matchesPinned"], scan["host"]["hostKey"]) == (None, None)
    assert scan["keys"][0]["line"] == server.host_key
    early = admin.post(f"/v1/connections/{connection}/test", json={"hostId": scan["host"]["id"]})
    assert (early.status_code, pointers(early)) == (422, ["/hostId"])
    wrong = admin.post(path, json={"pin": "SHA256:" + "A" * 43})
    assert (wrong.status_code, wrong.json()["code"], pointers(wrong)) == (409, "host_key_mismatch", ["/pin"])
    assert admin.post(path, json={"pin": "MD5:00"}).status_code == 422

    pinned = admin.post(path, json={"pin": scan["keys"][0]["fingerprint"]}).json()
    assert (pinned["matchesPinned"], pinned["host"]["hostKey"]) == (True, scan["keys"][0])
    tested = admin.post(f"/v1/connections/{connection}/test", json={"hostId": scan["host"]["id"]}).json()
    assert (tested["ok"], tested["code"]) == (True, "ok")
    assert admin.get(f"/v1/connections/{connection}").json()["lastTest"]["ok"] is True
    assert admin.get(f"/v1/hosts/{scan['host']['id']}").json()["status"] == "ok"


def test_no_secret_comes_out_anywhere(
    admin: TestClient,
    operator: TestClient,
    server: SshServer,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "canary").mkdir()
    key = make_key(tmp_path / "canary", "ed25519", passphrase=PASSPHRASE_CANARY)
    key_canary = key.splitlines()[3]
    payload = {"user": server.user, "privateKey": key, "passphrase": PASSPHRASE_CANARY, "password": PASSWORD_CANARY}
    answers: list[Any] = []
    with structlog.testing.capture_logs() as logs:
        answers += drive(admin, operator, payload, server)
    assert {answer.status_code for answer in answers} <= {200, 201, 204, 409, 422}
    with db.reading() as session:
        audit = [str(row) for row in session.execute(text("SELECT * FROM audit_log")).all()]

    (tmp_path / "canary" / "key").unlink()
    out = capfd.readouterr()
    haystacks = {
        "answers": " ".join(answer.text + str(answer.headers) for answer in answers),
        "audit": " ".join(audit),
        "logs": f"{logs} {caplog.text} {out.out} {out.err}",
        "database": stored_bytes(tmp_path),
    }
    assert len(audit) >= 6
    for canary in (PASSWORD_CANARY, BECOME_CANARY, NEW_CANARY, PASSPHRASE_CANARY, key_canary):
        for spelling in (canary, base64.b64encode(canary.encode()).decode()[:-4], canary.encode().hex()):
            found = [place for place, hay in haystacks.items() if spelling in hay]
            assert found == []


def drive(admin: TestClient, operator: TestClient, payload: dict[str, Any], server: SshServer) -> list[Any]:
    """Everything one can do with a connection, also what is refused."""
    good = connection_body("canary", **payload, becomePassword=BECOME_CANARY)
    made = admin.post("/v1/connections", json=good)
    path = f"/v1/connections/{made.json()['id']}"
    host = {**GOOD_HOST, "address": "127.0.0.1", "port": server.port, "connectionId": made.json()["id"]}
    added = admin.post("/v1/hosts", json=host)
    scan_path = f"/v1/hosts/{added.json()['id']}/scan-key"
    scan = admin.post(scan_path)
    pinned = admin.post(scan_path, json={"pin": scan.json()["keys"][0]["fingerprint"]})
    bad = {**payload, "user": "a b", "password": PASSWORD_CANARY + "\n", "passphrase": NEW_CANARY}
    return [
        made,
        added,
        scan,
        pinned,
        admin.post("/v1/connections", json=good),
        admin.post("/v1/connections", json=connection_body("bad", **bad)),
        admin.post("/v1/connections", json={**good, "name": 5, "surplus": PASSWORD_CANARY}),
        admin.post("/v1/connections", json={**good, "payload": PASSWORD_CANARY}),
        operator.post(f"{path}/test", json={"hostId": added.json()["id"]}),
        operator.post(f"{path}/test"),
        admin.patch(path, json={"payload": {"password": NEW_CANARY}}),
        admin.patch(path, json={"payload": {"passphrase": NEW_CANARY}}),
        operator.get(path),
        operator.get("/v1/connections"),
        operator.get(f"{path}/usage"),
        admin.get("/v1/hosts"),
        admin.delete(path),
    ]


def stored_bytes(folder: Path) -> str:
    """Everything on disk below the data folder, and on PostgreSQL every row as text."""
    parts = [file.read_bytes().decode("latin-1") for file in folder.rglob("*") if file.is_file()]
    if not settings().is_embedded:
        with db.engine().connect() as connection:
            names = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars()
            for name in list(names):
                parts += [str(row) for row in connection.execute(text(f'SELECT t::text FROM "{name}" t')).scalars()]
    return json.dumps(parts)
