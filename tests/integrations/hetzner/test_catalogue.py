"""What servers can be made of, as Hetzner's API answers it, page by page."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import pytest

from orch_app.integrations.hetzner import catalogue
from orch_app.integrations.hetzner.catalogue import Named, ServerType
from orch_app.kit.breaker import Breaker
from orch_app.kit.upstream import Reach, Upstream
from tests.systems.scripted_http import Script, says, scripted

Result = TypeVar("Result")


@pytest.fixture
def hetzner() -> Iterator[Script]:
    with scripted() as server:
        yield server


def ask(server: Script, find: Callable[[Upstream], Result]) -> Result:
    with Upstream("Hetzner", Reach(server.url, ("127.0.0.0/8",)), breaker=Breaker()) as api:
        return find(api)


def page(what: str, *rows: dict[str, Any], following: int | None = None) -> Any:
    return says(200, {what: list(rows), "meta": {"pagination": {"next_page": following}}})


def a_type(name: str, memory: float, **more: Any) -> dict[str, Any]:
    price = {"location": "fsn1", "price_monthly": {"net": "3.79", "gross": "4.51"}}
    return {"name": name, "cores": 2, "memory": memory, "architecture": "x86", "prices": [price], **more}


def test_types_come_from_every_page_the_smaller_first_without_those_that_end(hetzner: Script) -> None:
    old = a_type(
        "cx11", 2, deprecation={"announced": "2024-06-01T00:00:00Z", "unavailable_after": "2024-09-01T00:00:00Z"}
    )
    hetzner.lines = [
        page("server_types", a_type("cx32", 8.0), old, following=2),
        page("server_types", a_type("cx22", 4.0)),
    ]
    found = ask(hetzner, catalogue.server_types)
    assert [one.name for one in found] == ["cx22", "cx32"]
    assert found[0] == ServerType("cx22", 2, 4.0, "x86", {"fsn1": "4.51"})
    assert [parse_qs(urlsplit(path).query)["page"] for _, path, _ in hetzner.asked] == [["1"], ["2"]]


def test_places_and_keys_have_a_word_about_them(hetzner: Script) -> None:
    hetzner.lines = [page("locations", {"name": "fsn1", "city": "Falkenstein", "country": "DE"})]
    assert ask(hetzner, catalogue.locations) == [Named("fsn1", "Falkenstein, DE")]
    hetzner.lines = [page("ssh_keys", {"name": "ops", "fingerprint": "b7:2f"})]
    assert ask(hetzner, catalogue.ssh_keys) == [Named("ops", "b7:2f")]


def test_an_image_is_one_name_for_all_architectures(hetzner: Script) -> None:
    debian = {"name": "debian-12", "description": "Debian 12", "deprecated": None}
    old = {"name": "debian-10", "description": "Debian 10", "deprecated": "2024-06-01T00:00:00Z"}
    hetzner.lines = [page("images", debian, debian | {"architecture": "arm"}, old)]
    assert ask(hetzner, catalogue.images) == [Named("debian-12", "Debian 12")]
    asked = parse_qs(urlsplit(hetzner.asked[0][1]).query)
    assert (asked["type"], asked["status"]) == (["system"], ["available"])


def test_a_list_that_names_an_earlier_page_as_its_next_ends(hetzner: Script) -> None:
    key = {"name": "ops", "fingerprint": "b7:2f"}
    hetzner.lines = [page("ssh_keys", key, following=2), page("ssh_keys", key, following=2)]
    assert ask(hetzner, catalogue.ssh_keys) == [Named("ops", "b7:2f")] * 2
