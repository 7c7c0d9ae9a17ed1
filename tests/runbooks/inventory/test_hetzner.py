"""The servers of a project of Hetzner Cloud, read by the vendor's own plugin from our Hetzner."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.runbooks.inventory.imports import Site, shown
from tests.systems.hetzner import TOKEN, Fault, Hetzner, hetzner
from tests.systems.processes import free_port

BASE: dict[str, Any] = {"from": "hcloud", "name": "prod-hetzner"}


@pytest.fixture
def vendor(site: Site) -> Iterator[Hetzner]:
    with hetzner() as server:
        site.connect("hetzner", token=TOKEN, url=server.url)
        server.add_server("web-1", "192.0.2.10", env="prod", team="web")
        server.add_server("db-1", "192.0.2.11", "nbg1", env="prod")
        server.add_server("old-1", "192.0.2.12", env="prod", old="")
        server.add_server("test-1", "192.0.2.13", env="test")
        server.add_server("hidden-1", "", env="prod")
        yield server


def test_servers_come_with_labels_groups_and_facts_as_data(site: Site, vendor: Hetzner) -> None:
    chosen: dict[str, Any] = {"label_selector": "env=prod,!old", "group_by_labels": ["env"]}
    done = site.apply(**BASE, hcloud=chosen, group_prefix="hz_", default_user="ops")
    assert done.failure == {}
    hosts, groups = site.there["hosts"], site.there["groups"]
    assert {name: host["address"] for name, host in hosts.items()} == {"web-1": "192.0.2.10", "db-1": "192.0.2.11"}
    assert hosts["web-1"]["labels"] == {"env": "prod", "team": "web"}
    assert hosts["web-1"]["variables"]["hcloud_location"] == "fsn1"
    assert {name: group["hosts"] for name, group in groups.items() if name != "hz_all"} == {
        "hz_hcloud": ["db-1", "web-1"],
        "hz_location_fsn1": ["web-1"],
        "hz_location_nbg1": ["db-1"],
        "hz_type_cx22": ["db-1", "web-1"],
        "hz_label_env_prod": ["db-1", "web-1"],
    }
    assert (done.inventory["trusted"], vendor.writes) == (False, 0)
    assert done.warnings == ["host hidden-1: it has no address there, and is left out"]
    assert TOKEN not in str(done)
    assert site.apply(**BASE, hcloud=chosen, group_prefix="hz_", default_user="ops").inventory == {}


def test_a_server_that_is_gone_goes_from_the_inventory_too(site: Site, vendor: Hetzner) -> None:
    site.apply(**BASE, hcloud={"group_by": []})
    vendor.tables["servers"] = [row for row in vendor.tables["servers"] if row["name"] != "old-1"]
    done = site.ask(**BASE, hcloud={"group_by": []}, remove_missing=True)
    assert shown(done) == [("delete", "host:old-1"), ("update", "group:hcloud")]


def test_what_is_wrong_with_the_connection_is_said_with_what_to_do(site: Site, vendor: Hetzner) -> None:
    site.connect("hetzner", token="nobodys-token", url=vendor.url)
    refused = site.ask(**BASE).failure
    assert (refused["code"], "make a new token" in refused["message"].lower()) == ("auth_failed", True)
    assert "nobodys-token" not in refused["message"]
    site.connect("hetzner", token=TOKEN, url=vendor.url)
    vendor.faults = [Fault("GET", "/locations", 403, "forbidden")]
    assert site.ask(**BASE).failure["code"] == "insufficient_scopes"
    site.connect("hetzner", token=TOKEN, url=f"http://127.0.0.1:{free_port()}/v1")
    dead = site.ask(**BASE).failure
    assert (dead["code"], "Check the API address" in dead["message"]) == ("unreachable", True)
    site.connect("hetzner", token="{{ lookup('pipe', 'id') }}", url=vendor.url)
    assert site.ask(**BASE).failure["code"] == "validation"
    site.slots.clear()
    assert "slot hetzner" in site.ask(**BASE).failure["message"]


def test_a_private_network_that_is_not_there_is_ansibles_to_say(site: Site, vendor: Hetzner) -> None:
    inner = {"connect_with": "private_ipv4", "network": "inner"}
    refused = site.ask(**BASE, hcloud=inner).failure
    assert (refused["code"], "inner" in refused["message"]) == ("inventory_unreadable", True)


def test_an_address_out_of_reach_is_not_connected_to(site: Site, vendor: Hetzner) -> None:
    site.connect("hetzner", token=TOKEN, url="http://169.254.169.254/v1")
    assert site.ask(**BASE).failure["code"] == "validation"
    assert vendor.calls == []
