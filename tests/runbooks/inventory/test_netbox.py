"""Devices and virtual machines of NetBox, read by NetBox's own plugin from our NetBox."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.runbooks.inventory.imports import Site
from tests.systems.netbox import FIRST, SECOND, NetBox, netbox
from tests.systems.processes import free_port

BASE: dict[str, Any] = {"from": "netbox", "name": "prod-netbox"}


@pytest.fixture
def vendor(site: Site) -> Iterator[NetBox]:
    with netbox() as server:
        site.connect("netbox", token=FIRST, url=server.url, tlsVerify=True)
        server.site("ams1", region="eu-west")
        server.page = 2
        server.device("sw1", role="switch", address="10.0.0.1/24", tags=["core"])
        server.device("web1", address="10.0.0.2/24", serial="S1", custom_fields={"rack_unit": 3})
        server.device("web2", site="fra1", address="10.0.0.3/24", status="planned")
        server.device("panel", role="patch-panel")
        server.device(None, address="10.0.0.9/24")
        server.device("twin", address="10.0.0.7/24")
        server.device("twin", site="fra1", address="10.0.0.8/24")
        server.machine("vm-1", address="2001:db8::5/64", tags=["core"])
        yield server


def test_what_has_a_name_and_an_address_comes_in_groups(site: Site, vendor: NetBox) -> None:
    done = site.apply(**BASE, netbox={"group_by": ["site", "role", "tag", "region", "is_virtual", "status"]})
    assert done.failure == {}
    hosts, groups = site.there["hosts"], site.there["groups"]
    assert {name: host["address"] for name, host in hosts.items()} == {
        "sw1": "10.0.0.1", "web1": "10.0.0.2", "web2": "10.0.0.3", "vm-1": "2001:db8::5",
    }  # fmt: skip
    members = {name: group["hosts"] or group["children"] for name, group in groups.items()}
    assert members == {
        "is_virtual": ["vm-1"],
        "region_eu_west": ["site_ams1"],
        "role_server": ["vm-1", "web1", "web2"],
        "role_switch": ["sw1"],
        "site_ams1": ["sw1", "vm-1", "web1"],
        "site_fra1": ["web2"],
        "status_active": ["sw1", "vm-1", "web1"],
        "status_planned": ["web2"],
        "tag_core": ["sw1", "vm-1"],
    }
    about = hosts["web1"]["variables"]
    assert {name: about[f"netbox_{name}"] for name in ("site", "role", "serial", "custom_fields", "is_virtual")} == {
        "site": "ams1", "role": "server", "serial": "S1", "custom_fields": {"rack_unit": 3}, "is_virtual": False,
    }  # fmt: skip
    assert not [name for name in about if not name.startswith(("netbox_", "primary_ip"))]
    assert [one.partition(":")[0] for one in done.warnings] == ["host twin", "1 devices of NetBox", "host panel"]
    assert (vendor.headers, FIRST in str(done)) == ({f"Token {FIRST}"}, False)
    assert (
        site.apply(**BASE, netbox={"group_by": ["site", "role", "tag", "region", "is_virtual", "status"]}).items == []
    )


def test_filters_narrow_it_down_and_a_token_of_version_2_is_a_bearer(site: Site, vendor: NetBox) -> None:
    site.connect("netbox", token=SECOND, url=f"{vendor.url}/", tlsVerify=True)
    chosen: dict[str, Any] = {"sites": ["ams1"], "roles": ["server"], "group_by": []}
    done = site.apply(**BASE, netbox={**chosen, "query_filters": [{"name": "status", "value": "active"}]})
    assert (done.failure, sorted(site.there["hosts"])) == ({}, ["twin", "vm-1", "web1"])
    assert vendor.headers == {f"Bearer {SECOND}"}


def test_a_filter_that_netbox_does_not_know_brings_not_everything_but_nothing(site: Site, vendor: NetBox) -> None:
    refused = site.ask(**BASE, netbox={"query_filters": [{"name": "sight", "value": "ams1"}]}).failure
    assert (refused["code"], "no filter sight" in refused["message"]) == ("validation", True)


def test_what_is_wrong_with_the_connection_is_said_with_what_to_do(site: Site, vendor: NetBox) -> None:
    site.connect("netbox", token="f" * 40, url=vendor.url)
    refused = site.ask(**BASE).failure
    assert (refused["code"], "Invalid v1 token" in refused["message"]) == ("auth_failed", True)
    assert "Make a new token" in refused["message"]
    site.connect("netbox", token=FIRST, url=f"http://127.0.0.1:{free_port()}")
    assert site.ask(**BASE).failure["code"] == "unreachable"
    site.connect("netbox", token=FIRST, url=f"{vendor.url}/wrong")
    vendor.violations.clear()
    assert site.ask(**BASE).failure["code"] == "not_found"
    vendor.violations.clear()


@pytest.mark.parametrize("denied", ["dcim/devices", "dcim/sites", "virtualization/clusters"])
def test_what_the_token_may_not_see_is_named_instead_of_being_missing(site: Site, vendor: NetBox, denied: str) -> None:
    vendor.denied = {denied}
    refused = site.ask(**BASE).failure
    assert (refused["code"], denied in refused["message"]) == ("insufficient_scopes", True)
    assert "permission to view" in refused["message"]


def test_a_netbox_that_fails_in_the_middle_leaves_everything_as_it_is(site: Site, vendor: NetBox) -> None:
    vendor.broken = {"dcim/platforms"}
    refused = site.ask(**BASE)
    assert (refused.failure["code"], refused.inventory) == ("inventory_unreadable", {})
