"""What other systems have becomes choices: ids with names, and what helps to tell them apart."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.inventory.types import type_named
from orch_app.domains.runbooks.choices import elsewhere
from orch_app.domains.runbooks.choices.found import Asked, Choice, Found
from orch_app.kit.errors import Invalid
from orch_app.kit.upstream_failures import UpstreamError
from tests.systems.engine import FakeContainer, fake_engine
from tests.systems.portainer import DOWN, FakeEndpoint, FakePortainer, fake_portainer
from tests.systems.scripted_http import Script, says, scripted


@pytest.fixture
def system() -> Iterator[Script]:
    with scripted() as server:
        yield server


def asked(find: Callable[[Any, Asked], Found], kind: str, url: str, secret: str = "s" * 40, **params: Any) -> Found:
    name = {"cloudflare": "apiToken", "hetzner": "token", "portainer": "apiKey"}[kind]
    return find(type_named(kind).parse({"url": url, name: secret}), Asked("stage", params))


def asked_portainer(find: Callable[[Any, Asked], Found], double: FakePortainer, **params: Any) -> Found:
    return asked(find, "portainer", double.url, double.key, **params)


def test_a_zone_is_its_id_and_one_that_is_not_active_says_so(system: Script) -> None:
    rows = [
        {"id": "a" * 32, "name": "example.com", "status": "active", "account": {"name": "Ours"}},
        {"id": "b" * 32, "name": "example.org", "status": "pending"},
    ]
    system.lines = [says(200, {"result": rows, "result_info": {"total_count": 60}})]
    found = asked(elsewhere.cloudflare_zones, "cloudflare", system.url)
    assert found.items == (Choice("a" * 32, "example.com", "Ours"), Choice("b" * 32, "example.org", "pending"))
    assert found.truncated


def test_types_of_servers_are_those_of_the_place_with_its_price(system: Script) -> None:
    def a_type(name: str, place: str) -> dict[str, Any]:
        price = {"location": place, "price_monthly": {"gross": "4.5100"}}
        return {"name": name, "cores": 2, "memory": 4.0, "architecture": "x86", "prices": [price]}

    rows = {"server_types": [a_type("cx22", "fsn1"), a_type("cpx11", "ash")]}
    system.lines = [says(200, rows), says(200, rows)]
    found = asked(elsewhere.hetzner_server_types, "hetzner", system.url, location="fsn1")
    assert found.items == (Choice("cx22", "cx22", "2 vCPU, 4 GB, x86, 4.51/month"),)
    assert len(asked(elsewhere.hetzner_server_types, "hetzner", system.url).items) == 2


def test_an_image_of_the_project_may_be_given_though_it_is_not_listed(system: Script) -> None:
    system.lines = [says(200, {"images": [{"name": "debian-12", "description": "Debian 12"}]})]
    found = asked(elsewhere.hetzner_images, "hetzner", system.url)
    assert found == Found((Choice("debian-12", "debian-12", "Debian 12"),), truncated=True)


def test_places_and_keys_are_chosen_by_name(system: Script) -> None:
    system.lines = [says(200, {"locations": [{"name": "fsn1", "city": "Falkenstein", "country": "DE"}]})]
    assert asked(elsewhere.hetzner_locations, "hetzner", system.url).items[0].hint == "Falkenstein, DE"
    system.lines = [says(200, {"ssh_keys": [{"name": "ops", "fingerprint": "b7:2f"}]})]
    assert asked(elsewhere.hetzner_ssh_keys, "hetzner", system.url).items == (Choice("ops", "ops", "b7:2f"),)


@pytest.fixture
def portainer(tmp_path: Path) -> Iterator[FakePortainer]:
    with fake_engine(tmp_path) as engine, fake_portainer() as made:
        labels = {"com.docker.swarm.service.name": "shop_web"}
        engine.containers = [FakeContainer("a" * 64, "shop_web.1.x", labels=labels), FakeContainer("b" * 64, "db")]
        made.endpoints = [
            FakeEndpoint(2, "swarm", engine.socket, snapshot={"Swarm": True}),
            FakeEndpoint(3, "away", engine.socket, status=DOWN),
            FakeEndpoint(5, "kubernetes", engine.socket, kind=5),
        ]
        yield made


def test_environments_with_docker_are_numbers_and_may_be_narrowed_to_swarms(portainer: FakePortainer) -> None:
    found = asked_portainer(elsewhere.portainer_endpoints, portainer)
    assert found.items == (Choice(3, "away", "down"), Choice(2, "swarm"))
    assert [one.value for one in asked_portainer(elsewhere.portainer_endpoints, portainer, swarm=True).items] == [2]


def test_containers_and_services_are_those_of_the_environment_and_an_id_is_as_good(portainer: FakePortainer) -> None:
    found = asked_portainer(elsewhere.portainer_containers, portainer, endpoint_id=2)
    assert [one.value for one in found.items] == ["db", "shop_web", "shop_web.1.x"]
    assert not found.refuses("a" * 64)


@pytest.mark.parametrize("endpoint", ["two", "2", 2.5, True, 0, -1, [2], {}])
def test_an_environment_that_is_no_number_is_the_callers_fault(portainer: FakePortainer, endpoint: Any) -> None:
    with pytest.raises(Invalid) as error:
        asked_portainer(elsewhere.portainer_containers, portainer, endpoint_id=endpoint)
    assert error.value.errors[0].pointer == "/inputs/endpoint_id"


@pytest.mark.parametrize("document", [{}, [], [5], "welcome", 5, {"result": 5}, {"server_types": [{}]}])
@pytest.mark.parametrize(
    ("find", "kind"), [(elsewhere.cloudflare_zones, "cloudflare"), (elsewhere.hetzner_server_types, "hetzner")]
)
def test_what_is_no_answer_of_that_system_is_its_failure(system: Script, find: Any, kind: str, document: Any) -> None:
    system.lines = [says(200, document)]
    with pytest.raises(UpstreamError) as error:
        asked(find, kind, system.url)
    assert error.value.kind == "validation"
