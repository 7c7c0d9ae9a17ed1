"""Ordering servers from Hetzner's double: price, stock and limits first, what is missing made once, and taken back."""

import email
from collections.abc import Iterator
from typing import Any

import pytest

from tests.runbooks import modules
from tests.runbooks.vps.orders import PUBLIC, Orders, told
from tests.systems.hetzner import Fault, Hetzner, hetzner

host_key, cloud_init = modules.shared("vps.host_key"), modules.shared("vps.cloud_init")
ALL = ["firewall:web-1-firewall", "server:web-1", "backups:web-1", "protection:web-1"]


@pytest.fixture
def server() -> Iterator[Hetzner]:
    with hetzner() as running:
        yield running


@pytest.fixture
def orders(server: Hetzner) -> Orders:
    return Orders(server)


def ids(report: Any) -> list[str]:
    return [item["id"] for item in report.items]


class TestLooking:
    """Before anything is made."""

    def test_the_price_is_that_of_the_server_its_address_and_its_backups_with_tax(self, orders: Orders) -> None:
        report = orders.look()
        assert (report.failure, ids(report), orders.server.writes) == ({}, ALL, 0)
        parts = {"server": "4.51", "ipv4": "0.60", "backups": "0.90"}
        assert report.price == {"currency": "EUR", "monthly": "6.01", "hourly": "0.0096", "parts": parts}
        assert report.left_at == ("fsn1", "nbg1")
        assert orders.look(backups=False, enable_ipv4=False).price["monthly"] == "4.51"

    def test_a_price_above_the_limit_is_refused(self, orders: Orders) -> None:
        report = orders.look(max_monthly_cost=6)
        assert report.failure == {
            "code": "validation",
            "message": "it costs 6.01 EUR a month, and max_monthly_cost is 6. Nothing was made",
        }
        assert orders.look(max_monthly_cost=6.01).failure == {}

    def test_a_type_that_is_sold_out_comes_with_others(self, orders: Orders) -> None:
        orders.server.stock["fsn1"] -= {1}
        report = orders.look()
        assert report.failure["code"] == "resource_unavailable"
        assert "no cx22 is left at fsn1; there are cx22 at nbg1 and cx32 at fsn1" in report.failure["message"]

    @pytest.mark.parametrize(
        ("inputs", "said"),
        [
            ({"server_type": "cx99"}, "no server type cx99"),
            ({"server_type": "cax11", "location": "nbg1"}, "cax11 is not sold at nbg1, but at fsn1"),
            ({"image": "debian-9"}, "no image debian-9 for x86"),
            ({"ssh_keys": ["ops", "gone"]}, "no ssh key gone"),
            ({"networks": ["inner"]}, "no network inner"),
        ],
    )
    def test_what_the_project_does_not_have_is_told(self, orders: Orders, inputs: Any, said: str) -> None:
        report = orders.look(**inputs)
        assert report.failure["code"] == "not_found"
        assert said in report.failure["message"]

    @pytest.mark.parametrize(("token", "code"), [("nobody", "auth_failed"), ("reader", "")])
    def test_looking_needs_a_token_that_reads(self, orders: Orders, token: str, code: str) -> None:
        orders.server.tokens["reader"] = "read"
        orders.token = token
        assert orders.look().failure.get("code", "") == code


class TestMaking:
    """What is missing is made, in an order in which no server stands without its firewall."""

    def test_all_is_made_once_and_a_second_time_changes_nothing(self, orders: Orders, server: Hetzner) -> None:
        server.add_network("inner")
        wishes: Any = {"networks": ["inner"], "labels": {"team": "web"}, "firewall": "web"}
        report = orders.make(**wishes)
        assert (report.failure, report.made, report.server["address"]) == ({}, ALL, "192.0.2.10")
        assert [path for method, path in server.calls if method == "POST"][:2] == ["/firewalls", "/servers"]
        row = server.row("servers", "web-1")
        assert row is not None
        assert (row["labels"]["team"], row["labels"]["orch-job"], row["protection"]["delete"]) == ("web", "job_1", True)
        again = orders.look(**wishes)
        assert (again.failure, again.items, again.noop, server.writes) == ({}, [], 4, 0)
        assert orders.make("job_2", **wishes).made == []

    def test_the_first_connection_is_verified_by_the_key_that_the_server_was_given(
        self, orders: Orders, server: Hetzner
    ) -> None:
        report = orders.make()
        (config,) = told(server)
        assert config["ssh_keys"]["ed25519_public"] == report.server["host_key"]
        assert config["ssh_keys"]["ed25519_private"].startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
        (account,) = config["users"]
        assert (account["name"], account["ssh_authorized_keys"], account["lock_passwd"]) == ("ops", [PUBLIC], True)
        assert orders.look().server["host_key"] == report.server["host_key"]
        assert config["ssh_keys"]["ed25519_private"] not in str(report)

    def test_another_server_of_the_name_is_a_conflict_and_nobodys_server_is_resized(self, orders: Orders) -> None:
        orders.make()
        report = orders.look(server_type="cx32", firewall="web")
        assert report.failure["code"] == "conflict"
        assert "server_type is cx22, asked for is cx32" in report.failure["message"]
        assert orders.server.writes == 0

    def test_a_server_that_somebody_else_made_cannot_be_trusted(self, orders: Orders, server: Hetzner) -> None:
        orders.make()
        row = server.row("servers", "web-1")
        assert row is not None
        del row["labels"]["orch-host-key"]
        assert orders.look().failure["code"] == "conflict"

    @pytest.mark.parametrize(
        ("token", "limit", "code"), [("reader", 10, "insufficient_scopes"), ("", 0, "quota_exceeded")]
    )
    def test_a_limit_or_a_scope_is_met_while_making(self, orders: Orders, token: str, limit: int, code: str) -> None:
        orders.server.tokens["reader"], orders.server.limit = "read", limit
        orders.token = token or orders.token
        report = orders.make()
        assert report.failure["code"] == ("partial_apply" if report.made else code)
        assert "run it again" in report.failure["message"]
        assert orders.server.tables["servers"] == []

    def test_a_half_done_order_is_gone_on_with(self, orders: Orders, server: Hetzner) -> None:
        server.faults = [Fault("POST", "/enable_backup", 503, "unavailable", times=9)]
        report = orders.make()
        assert (report.failure["code"], report.made) == ("partial_apply", ALL[:2])
        server.faults.clear()
        assert ids(orders.look()) == ALL[2:]
        assert orders.make("job_2").made == ALL[2:]
        assert len(server.tables["servers"]) == 1

    def test_a_budget_that_is_used_up_is_waited_for(self, orders: Orders, server: Hetzner) -> None:
        server.budget = 3
        assert orders.make().failure == {}
        assert orders.slept

    def test_an_action_that_fails_ends_the_order(
        self, orders: Orders, server: Hetzner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        failed = {"status": "error", "error": {"code": "placement_error", "message": "no host found"}}
        monkeypatch.setattr(server, "_asked", lambda number: {**server.actions[number], **failed})
        report = orders.make()
        assert report.failure["code"] == "partial_apply"
        assert "could not carry out create_server: no host found" in report.failure["message"]


class TestDeleting:
    """A rollback deletes what the job made, and nothing else."""

    def test_what_the_job_made_goes_with_its_protection(self, orders: Orders, server: Hetzner) -> None:
        made = orders.make()
        seen = orders.look_back()
        assert ids(seen) == ["protection:web-1", "server:web-1", "firewall:web-1-firewall"]
        assert (seen.server["host_key"], server.writes) == (made.server["host_key"], 0)
        gone = orders.delete()
        assert (gone.failure, gone.made) == ({}, ids(seen))
        assert (server.tables["servers"], server.tables["firewalls"]) == ([], [])
        assert (orders.delete().made, server.writes) == ([], 0)

    def test_what_another_job_made_stays(self, orders: Orders, server: Hetzner) -> None:
        orders.make("job_1")
        report = orders.delete("job_2")
        assert (report.failure, report.made, report.noop, server.writes) == ({}, [], 3, 0)


def test_a_public_key_fits_a_label_whole() -> None:
    made = host_key.make()
    label = host_key.to_label(made.public)
    assert (len(label), label.isalnum(), host_key.from_label(label)) == (52, True, made.public)
    assert [host_key.from_label(text) for text in ("", "no!", "mfrgg")] == ["", "", ""]


def test_what_a_person_tells_the_server_comes_first_and_ours_wins() -> None:
    key = host_key.make()
    whole = email.message_from_string(cloud_init.user_data(key, "ops", [PUBLIC], "#!/bin/sh\ntrue\n"))
    _both, first, last = whole.walk()
    assert (first.get_content_type(), last.get_content_type()) == ("text/x-shellscript", "text/cloud-config")
    assert key.public.encode() in (last.get_payload(decode=True) or b"")
    for own in ("neither", "#!" + "x" * 40_000):
        with pytest.raises(modules.shared("vps.ordered").Unfit):
            cloud_init.user_data(key, "ops", [PUBLIC], own)
