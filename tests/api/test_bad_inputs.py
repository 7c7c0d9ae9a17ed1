"""A catalogue of nonsense, generated over all routes: 0 answers of 500 and above, and each refusal is a problem."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.websockets import WebSocketDisconnect

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.inventory import connections, hosts
from orch_app.domains.inventory.wire import NewConnection, NewHost
from orch_app.domains.jobs import service
from orch_app.kit.db import unit_of_work
from orch_app.kit.queue import install_bell
from orch_app.kit.rest import PROBLEM_TYPE
from tests.api.conftest import MakeClient
from tests.api.route_table import FILLED, TABLE
from tests.domains.jobs.orders import launch_in, sync_runbooks
from tests.systems.asgi import TestClient, WebSocketDenialResponse
from tests.systems.people import add_user

Answers = list[tuple[str, httpx.Response]]

# What nobody means. What cannot be stored or read at all (NUL, NaN, half characters) is in test_problems.
VALUES: list[Any] = [
    None,
    True,
    -1,
    2**63,
    1e308,
    "",
    "../../etc/passwd",
    "{{ lookup('pipe', 'id') }}\r\n\x1b[31m\u202e",
    "x" * 10_001,
    [[]],
    {"__proto__": {"$ref": "http://127.0.0.1/"}},
]
PLACES = ["..%2f..%2forch.db", "%2e%2e", "x" * 5000, "%F0%9F%92%A5", "%ff%fe", "'%20OR%201=1--", "%0d%0aX-A:b", "*"]
NUMBERS = ["-1", "0", "99999999999999999999", "1e3", "٣", "NaN", "", "0x10", "9" * 5000]
MOMENTS = [
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2024-01-01T00:00:00",
    "2024-01-01",
    "1e18",
    "-62135596801",
    "now",
]
TEXTS = ["%", "_", "\\", "'", '"', "%ff", "\u0130" * 60, "a" * 5000, "[", "#99999999999", "#٣"]
ETAGS = [b"", b"*", b"W/", b'"x"', b"x" * 201, b"\xff\xfe", b'W/"a", W/"b"']
KEYS = [b"", b"x" * 256, b"x" * 255, b"\xff", b" ", b"../..", b"'--"]
LISTS = ("/v1/users", "/v1/jobs", "/v1/hosts", "/v1/connections")
MORE_FIELDS = {
    ("POST", "/v1/runbooks/{name}/execute"): {
        "hosts": None,
        "connections": {},
        "requestReason": "",
        "environment": "stage",
    },
    ("POST", "/v1/jobs/{job_id}/retry"): {"onlyFailedHosts": False},
    ("PATCH", "/v1/users/{user_id}"): {"role": "viewer", "status": "active"},
    ("PATCH", "/v1/hosts/{host_id}"): {
        "address": "192.0.2.2",
        "port": 22,
        "user": "",
        "connectionId": None,
        "labels": {},
    },
    ("PATCH", "/v1/connections/{connection_id}"): {"payload": {"user": "ops"}},
    ("POST", "/v1/hosts/{host_id}/scan-key"): {"pin": None},
    ("POST", "/v1/connections/{connection_id}/test"): {"hostId": None},
    ("POST", "/v1/hosts"): {"port": 22, "user": "", "connectionId": None, "labels": {"a": "b"}},
    ("POST", "/v1/users"): {"name": ""},
    ("PATCH", "/v1/me"): {"name": "", "language": "en"},
}
# These ask a machine, so they are called with the id of nothing.
ON_THE_NETWORK = ("/scan-key", "/test")


@dataclass
class Filled:
    """A script of an admin and ids of things that exist, by the names in paths."""

    client: TestClient
    known: dict[str, str]

    def address(self, path: str) -> str:
        for name, value in {**FILLED, **({} if path.endswith(ON_THE_NETWORK) else self.known)}.items():
            path = path.replace(name, value)
        return path

    def send(self, method: str, path: str, **how: Any) -> httpx.Response:
        return self.client.request(method, self.address(path), **how)


@pytest.fixture
def filled(database: str, make_client: MakeClient, admin: Actor) -> Filled:
    install_bell(lambda _name, _payload: None, lambda: True)
    sync_runbooks(admin)
    user = add_user(Role.VIEWER)
    with unit_of_work() as session:
        key = NewConnection(type="ssh", name="key", environment="stage", payload={"user": "ops", "password": "x"})
        host = NewHost(name="web-9", address="192.0.2.1", environment="stage")
        known = {
            "{connection_id}": connections.create(session, admin, key).id,
            "{host_id}": hosts.create(session, admin, host).id,
            "{job_id}": launch_in(session, admin).id,
            "{user_id}": user.user_id or "",
            "{name}": "host_report",
        }
        service.cancel(session, admin, known["{job_id}"])
    return Filled(make_client(Role.ADMIN), known)


def assert_sound(answers: Answers) -> None:
    """No fault of ours, and every refusal is a problem whose id is also in the header."""
    assert [(what, answer.text[-60:]) for what, answer in answers if answer.status_code >= 500] == []
    for what, answer in answers:
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == PROBLEM_TYPE, what
            assert answer.json()["requestId"] == answer.headers["x-request-id"], what


def bodies() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every route that takes a body, with one that is good but for its order of magnitude."""
    for (method, path), line in TABLE.items():
        body = {**(line.body or {}), **MORE_FIELDS.get((method, path), {})}
        if body:
            yield method, path, body


def spoiled(body: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The body with each of its fields, also one level down, replaced by each bad value."""
    for name, good in body.items():
        for bad in VALUES:
            yield name, {**body, name: bad}
        if isinstance(good, dict):
            yield from ((f"{name}/x", {**body, name: {**good, "x": bad}}) for bad in VALUES)
            yield from ((f"{name}/{inner}", {**body, name: {**good, inner: bad}}) for inner in good for bad in VALUES)


def test_every_field_of_every_body_with_every_bad_value(filled: Filled) -> None:
    answers = [
        (f"{method} {path} {name} {json.dumps(sent)[:200]}", filled.send(method, path, json=sent))
        for method, path, body in bodies()
        for name, sent in spoiled(body)
    ]
    assert len(answers) > 300
    assert_sound(answers)
    reached = [answer for _, answer in answers if answer.status_code in {401, 429}]
    assert len(reached) < len(answers) / 5, "most of them must get past the sign-in and the limits"


def test_bodies_that_are_no_objects(filled: Filled) -> None:
    documents: list[Any] = [[], [1], 5, "x", True, {"a" * 5000: 1}, {"": {}}, [[[{}]]]]
    answers = [
        (f"{method} {path} {json.dumps(sent)[:40]}", filled.send(method, path, json=sent))
        for method, path, _ in bodies()
        for sent in documents
    ]
    assert_sound(answers)
    assert {answer.status_code // 100 for _, answer in answers} == {4}


def test_ids_that_are_none(filled: Filled) -> None:
    answers: Answers = []
    for (method, path), line in TABLE.items():
        if method == "WEBSOCKET" or "{" not in path:
            continue
        for place in PLACES:
            for name in filled.known:
                if name in path:
                    address = filled.address(path.replace(name, place))
                    answers.append(
                        (f"{method} {address[:120]}", filled.client.request(method, address, json=line.body))
                    )
    assert len(answers) > 150
    assert_sound(answers)
    assert [what for what, answer in answers if answer.status_code < 400] == []


def cursors() -> Iterator[str]:
    for values in ([5], [None], ["x"], [2**70], [1.5], ["next", "name", "a", "b"], ["next", "name", 5, None], [True]):
        yield base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")
    yield from ("x", "%ff", "====", "e30", "W1tbW1td", "-" * 299)


@pytest.mark.parametrize("path", LISTS)
def test_cursors_of_nobody(filled: Filled, path: str) -> None:
    assert_sound([(cursor, filled.client.get(f"{path}?cursor={cursor}")) for cursor in cursors()])


def test_parameters_of_lists(filled: Filled) -> None:
    job = f"/v1/jobs/{filled.known['{job_id}']}"
    asked = [
        *((path, name, value) for path in LISTS for name in ("limit", "withTotal") for value in NUMBERS),
        *((path, "q", value) for path in (*LISTS, f"{job}/logs", "/v1/runbooks") for value in TEXTS),
        *(("/v1/jobs", name, value) for name in ("page", "pageSize") for value in NUMBERS),
        *(("/v1/jobs", name, value) for name in ("createdAfter", "createdBefore") for value in MOMENTS),
        *(("/v1/jobs", name, value) for name in ("host", "createdBy", "runbook") for value in TEXTS),
        *((f"{job}/logs", name, value) for name in ("afterSeq", "limit") for value in NUMBERS),
        *((f"{job}/logs/stream", "afterSeq", value) for value in NUMBERS),
        *(
            (path, "sort", value)
            for path in ("/v1/hosts", "/v1/connections")
            for value in ["-", ",", "id," * 60, *TEXTS]
        ),
    ]
    answers = [
        (f"{path} {name}={value[:60]}", filled.client.get(path, params={name: value})) for path, name, value in asked
    ]
    assert_sound(answers)


def test_where_a_stream_is_to_go_on(filled: Filled) -> None:
    path = f"/v1/jobs/{filled.known['{job_id}']}/logs/stream"
    wanted = [value.encode() for value in NUMBERS]
    assert_sound([(str(value), filled.client.get(path, headers={"Last-Event-ID": value})) for value in wanted])


def ending_of(client: TestClient, path: str) -> int:
    """How a socket ends: 200 after its last event, the status or code of a refusal; a fault of ours is raised."""
    try:
        with client.websocket_connect(path) as socket:
            while socket.receive_json()["type"] != "end":
                pass
    except WebSocketDenialResponse as refused:
        return refused.status_code
    except WebSocketDisconnect as refused:
        return refused.code
    return 200


def test_where_a_socket_is_to_go_on(filled: Filled) -> None:
    path = f"/v1/ws/jobs/{filled.known['{job_id}']}?afterSeq="
    endings = {after: ending_of(filled.client, path + after) for after in NUMBERS}
    assert set(endings.values()) <= {200, 400}
    assert (endings["-1"], endings["NaN"]) == (400, 400)


@pytest.mark.parametrize("path", ["/v1/ws?afterSeq=1", "/v1/ws/jobs/{job_id}?after_seq=1", "/v1/ws/jobs/{job_id}?q="])
def test_what_a_socket_does_not_know_in_its_address_is_refused(filled: Filled, path: str) -> None:
    address = path.replace("{job_id}", filled.known["{job_id}"])
    with pytest.raises(WebSocketDenialResponse) as refused, filled.client.websocket_connect(address):
        pass
    assert (refused.value.status_code, refused.value.json()["code"]) == (400, "unknown_parameter")


def test_versions_that_never_were(filled: Filled) -> None:
    changes: dict[str, Any] = {path: line.body for (method, path), line in TABLE.items() if method == "PATCH"}
    answers = [
        (f"PATCH {path} {tag!r}", filled.send("PATCH", path, json=body, headers={"If-Match": tag}))
        for path, body in changes.items()
        for tag in ETAGS
    ]
    assert_sound(answers)
    assert {400, 412} <= {answer.status_code for _, answer in answers}


def test_idempotency_keys_that_are_none(filled: Filled) -> None:
    path = "/v1/runbooks/host_report/execute"
    answers = [
        (str(key), filled.send("POST", path, json={}, headers={"Idempotency-Key": key})) for key in KEYS for _ in "12"
    ]
    assert_sound(answers)
    assert [answer.status_code for _, answer in answers[:4]] == [400] * 4


def test_headers_that_prove_nothing(filled: Filled) -> None:
    proofs = [b"", b"Bearer", b"Bearer ", b"Bearer \xff", b"bearer " + b"x" * 9000, b"Basic YTpi", b"Bearer a.b.c"]
    filled.client.headers.pop("Authorization")
    answers = [(str(proof), filled.client.get("/v1/me", headers={"Authorization": proof})) for proof in proofs]
    cookies = [b"orch_session=" + value for value in (b"", b"\xff", b"x" * 43, b'"', b"a; orch_session=b", b"x" * 9000)]
    answers += [(str(value), filled.client.get("/v1/me", headers={"Cookie": value})) for value in cookies]
    assert_sound(answers)
    assert {answer.status_code for _, answer in answers} == {401}


def test_bodies_that_say_they_are_something_else(filled: Filled) -> None:
    kinds = [
        "text/plain",
        "application/xml",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "é",
    ]
    answers = [
        (f"{method} {path} {kind}", filled.send(method, path, content=b"{}", headers={"Content-Type": kind.encode()}))
        for method, path, _ in bodies()
        for kind in kinds
    ]
    assert_sound(answers)
