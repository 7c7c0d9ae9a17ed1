"""Our NetBox keeps to what NetBox publishes, and does what it is known for."""

from typing import Any

import httpx
import pytest

from tests.systems.netbox import FIRST, SECOND, NetBox, netbox
from tests.systems.netbox_contract import document, judge


def ask(server: NetBox, path: str, word: str = f"Token {FIRST}") -> httpx.Response:
    return httpx.get(server.url + path, headers={"Authorization": word})


def names(answer: httpx.Response) -> list[str]:
    return [row["name"] for row in answer.json()["results"]]


def test_pages_name_the_next_one_and_filters_are_any_of_their_values() -> None:
    with netbox() as server:
        server.page = 2
        for name, site in (("a", "ams1"), ("b", "ams1"), ("c", "fra1"), ("d", "ber1")):
            server.device(name, site=site, tags=["core", "edge"] if name == "a" else ["core"])
        first = ask(server, "/api/dcim/devices/?limit=0&site=ams1&site=fra1")
        second = httpx.get(first.json()["next"], headers={"Authorization": f"Bearer {SECOND}"})
        assert (names(first), names(second), second.json()["next"]) == (["a", "b"], ["c"], None)
        assert names(ask(server, "/api/dcim/devices/?tag=core&tag=edge")) == ["a"]


def test_a_token_that_it_does_not_know_and_a_right_that_is_missing_are_both_403() -> None:
    with netbox() as server:
        server.denied = {"dcim/sites"}
        unknown, denied = ask(server, "/api/status/", "Token x"), ask(server, "/api/dcim/sites/")
    assert [(one.status_code, one.json()["detail"]) for one in (unknown, denied)] == [
        (403, "Invalid v1 token"),
        (403, "You do not have permission to perform this action."),
    ]


def test_it_serves_its_own_description() -> None:
    with netbox() as server:
        assert ask(server, "/api/schema/?format=json").json() == document()


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/dcim/devices/", {"sight": ["ams1"]}),
        ("/api/dcim/devices/", {"limit": ["many"]}),
        ("/api/dcim/frogs/", {}),
    ],
)
def test_what_netbox_does_not_describe_is_found_out(path: str, query: dict[str, Any]) -> None:
    assert judge().faults_of_request("GET", path, query, None) != []
