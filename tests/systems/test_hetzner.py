"""Our Hetzner keeps to the vendor's contract, and does what Hetzner is known for."""

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.systems.contracts import contract
from tests.systems.hetzner import TOKEN, Fault, Hetzner, hetzner

ORDER: dict[str, Any] = {
    "name": "web-1", "server_type": "cx22", "image": "debian-12", "location": "fsn1", "ssh_keys": ["ops"], "labels": {},
    "firewalls": [], "networks": [], "user_data": "", "public_net": {"enable_ipv4": True, "enable_ipv6": True},
}  # fmt: skip


@pytest.fixture
def server() -> Iterator[Hetzner]:
    with hetzner() as running:
        yield running


def ask(server: Hetzner, method: str, path: str, token: str = TOKEN, **sent: Any) -> httpx.Response:
    return httpx.request(method, server.url + path, headers={"Authorization": f"Bearer {token}"}, **sent)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_lists_prices_and_pages_are_answered_as_described(server: Hetzner) -> None:
    server.add_network("inner")
    server.limit, first = 99, ask(server, "POST", "/servers", json=ORDER)
    assert first.status_code == 201
    for what in ("locations", "server_types", "images", "ssh_keys", "networks", "firewalls", "servers", "datacenters"):
        assert ask(server, "GET", f"/{what}?page=1&per_page=1").json()["meta"]["pagination"]["page"] == 1
    pages = ask(server, "GET", "/server_types?page=2&per_page=2").json()
    assert (len(pages["server_types"]), pages["meta"]["pagination"]["next_page"]) == (1, None)
    assert ask(server, "GET", "/pricing").json()["pricing"]["currency"] == "EUR"
    assert ask(server, "GET", "/images?name=debian-12&architecture=arm").json()["images"][0]["architecture"] == "arm"


def test_a_request_outside_the_contract_is_refused_and_remembered() -> None:
    with Hetzner(contract("hcloud.json")) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        answers = [
            ask(server, "GET", "/servers?size=1"),
            ask(server, "GET", "/nowhere"),
            ask(server, "POST", "/servers", json={"name": "web-1"}),
            ask(server, "POST", "/firewalls", json={"name": "a", "rules": [{"direction": "both", "protocol": "tcp"}]}),
        ]
        server.shutdown()
    assert [code(answer) for answer in answers] == [(400, "invalid_input")] * 4
    assert len(server.violations) >= 4


def test_actions_take_a_few_questions(server: Hetzner) -> None:
    made = ask(server, "POST", "/servers", json=ORDER).json()
    asked = [ask(server, "GET", f"/actions?id={made['action']['id']}").json()["actions"][0]["status"] for _ in "123"]
    assert (made["action"]["status"], asked) == ("running", ["running", "success", "success"])


def test_names_stock_limits_and_scopes_are_refused_as_hetzner_does(server: Hetzner) -> None:
    server.tokens["reader"] = "read"
    assert code(ask(server, "GET", "/servers", token="nobody")) == (401, "unauthorized")
    assert code(ask(server, "POST", "/servers", token="reader", json=ORDER)) == (403, "token_readonly")
    assert ask(server, "POST", "/servers", json=ORDER).status_code == 201
    assert code(ask(server, "POST", "/servers", json=ORDER)) == (409, "uniqueness_error")
    arm = {**ORDER, "name": "web-2", "server_type": "cax11", "location": "nbg1"}
    assert code(ask(server, "POST", "/servers", json=arm)) == (412, "resource_unavailable")
    server.limit = 1
    assert code(ask(server, "POST", "/servers", json={**ORDER, "name": "web-3"})) == (403, "resource_limit_exceeded")


def test_a_protected_server_and_a_firewall_in_use_stay(server: Hetzner) -> None:
    wall = ask(server, "POST", "/firewalls", json={"name": "wall", "labels": {}, "rules": []}).json()["firewall"]["id"]
    row = ask(server, "POST", "/servers", json={**ORDER, "firewalls": [{"firewall": wall}]}).json()["server"]
    protection = f"/servers/{row['id']}/actions/change_protection"
    ask(server, "POST", protection, json={"delete": True, "rebuild": True})
    assert code(ask(server, "DELETE", f"/servers/{row['id']}")) == (403, "protected")
    assert code(ask(server, "DELETE", f"/firewalls/{wall}")) == (422, "resource_in_use")
    ask(server, "POST", protection, json={"delete": False, "rebuild": False})
    gone = ask(server, "DELETE", f"/servers/{row['id']}").json()["action"]["id"]
    assert code(ask(server, "DELETE", f"/firewalls/{wall}")) == (422, "resource_in_use")
    for _ in range(server.polls):
        ask(server, "GET", f"/actions?id={gone}")
    assert ask(server, "DELETE", f"/firewalls/{wall}").status_code == 204
    assert server.counted() == {"POST firewalls": 1, "POST servers": 3, "DELETE servers": 2, "DELETE firewalls": 3}


def test_the_budget_of_requests_is_told_and_ends(server: Hetzner) -> None:
    server.budget = 1
    assert ask(server, "GET", "/servers").headers["RateLimit-Remaining"] == "0"
    assert code(ask(server, "GET", "/servers")) == (429, "rate_limit_exceeded")


def test_faults_befall_the_calls_that_they_are_meant_for(server: Hetzner) -> None:
    server.faults = [Fault("POST", "/servers", 503, "unavailable", skip=1)]
    answers = [ask(server, "POST", "/servers", json={**ORDER, "name": f"web-{number}"}) for number in range(3)]
    assert [answer.status_code for answer in answers] == [201, 503, 201]
