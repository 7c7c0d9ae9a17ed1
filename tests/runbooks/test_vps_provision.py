"""vps_provision as a real play: ordered from Hetzner's double, set up on a real ssh host that the order starts."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.runbooks.inputs import check_output
from tests.runbooks.plays import Play, over_ssh, run_play, spec
from tests.runbooks.test_server_hardening import login
from tests.systems import cloudflare as cf
from tests.systems import first_start
from tests.systems import hetzner as hz
from tests.systems.keys import make_key
from tests.systems.sshhosts import SshHost
from tests.systems.vps import vps_hosts

NAME = "vps_provision"
PREVIEW = ("--check", "--diff")
ORDER: dict[str, Any] = {
    "provider": "hetzner", "name": "web-1", "server_type": "cx22", "location": "fsn1", "ssh_keys": ["ops"],
    "bootstrap": {"docker": False},
}  # fmt: skip


@pytest.fixture
def machine() -> Iterator[SshHost]:
    with vps_hosts(1) as (started,):
        yield started


@pytest.fixture
def server(machine: SshHost) -> Iterator[hz.Hetzner]:
    with hz.hetzner(lambda _, user_data: first_start.start(machine, user_data)) as running:
        yield running


class Plays:
    """Plays against one project and one zone; each has its own folder, and its output holds the runbook's schema."""

    def __init__(self, folder: Path, server: hz.Hetzner, key: str, zones: cf.Cloudflare | None = None) -> None:
        self.folder, self.server, self.key, self.zones = folder, server, key, zones
        self.count = 0
        self.token = hz.TOKEN

    def __call__(
        self, *options: str, snapshot: Path | None = None, plan: str = "", targets: Any = None, **inputs: Any
    ) -> Play:
        self.count += 1
        self.artifacts = self.folder / str(self.count)
        self.artifacts.mkdir()
        self.server.forget()
        orch = {
            "job_id": f"job_{self.count}",
            "connections": self._connections(),
            "artifacts_dir": str(self.artifacts),
            "expect_plan": plan,
            "snapshot_path": str(snapshot or ""),
            "egress_allow": ["127.0.0.0/8", "10.98.0.0/16"],
        }
        play = run_play(self.artifacts, NAME, inputs or ORDER, targets, *options, **orch)
        assert check_output(spec(NAME).output_schema, play.output) == (), play.text
        for secret in (hz.TOKEN, cf.TOKEN, "PRIVATE KEY"):
            assert secret not in play.text + json.dumps(play.output)
        return play

    def _connections(self) -> dict[str, dict[str, str]]:
        documents = {"hetzner": {"token": self.token, "url": self.server.url}, "ssh": {"user": "ops"}}
        if self.zones:
            documents["cloudflare"] = {"apiToken": cf.TOKEN, "url": self.zones.url}
        found: dict[str, dict[str, str]] = {}
        for slot, document in documents.items():
            path = self.folder / f"{slot}.json"
            path.write_text(json.dumps({"type": slot, **document}))
            found[slot] = {"path": str(path), "name": slot, "type": slot}
        found["ssh"]["key_path"] = self.key
        return found


@pytest.mark.long
def test_order_again_and_delete(tmp_path: Path, server: hz.Hetzner, machine: SshHost) -> None:
    with cf.cloudflare() as zones:
        zone = zones.add_zone("example.com")
        order = {**ORDER, "dns": {"zone_id": zone.id, "name": "web-1"}, "max_monthly_cost": 7}
        play = Plays(tmp_path, server, machine.private_key, zones)

        seen = play(*PREVIEW, **order)
        assert (seen.rc, server.writes, zones.writes) == (0, 0, 0), seen.text
        plan = json.loads((play.artifacts / "plan.json").read_text())
        assert [item["kind"] for item in plan["items"]] == [
            "firewall", "server", "backups", "protection", "machine", "record"
        ]  # fmt: skip

        done = play(plan=seen.output["plan_sha256"], **order)
        snapshot = play.artifacts / "snapshot.json"
        assert done.rc == 0, done.text
        (host,) = done.output["hosts"]
        assert (host["name"], host["address"], host["user"]) == ("web-1", machine.address, "ops")
        assert (play.artifacts / "known_hosts").read_text() == f"{machine.address} {host['host_key']}\n"
        assert (login(machine, "root", "true")[0], login(machine, "ops", "true")[0]) == (255, 0)
        assert zone.texts() == [f"A web-1.example.com {machine.address}"]

        again = play(**order)
        assert again.rc == 0, again.text
        assert (again.output["changed"], again.output["items"], server.writes) == (False, [], 0)

        shown = play(*PREVIEW, snapshot=snapshot, **order)
        assert [item["kind"] for item in shown.output["items"]] == ["protection", "server", "firewall"], shown.text
        gone = play(snapshot=snapshot, plan=shown.output["plan_sha256"], **order)
        assert gone.rc == 0, gone.text
        assert (server.tables["servers"], server.tables["firewalls"]) == ([], [])
        assert gone.output["hosts"] == [
            {"name": "web-1", "address": machine.address, "port": 22, "host_key": host["host_key"], "state": "absent"}
        ]


@pytest.mark.long
def test_a_server_that_shows_another_key_is_never_entered(tmp_path: Path, server: hz.Hetzner, machine: SshHost) -> None:
    server.boot = lambda _name, _data: machine.address
    done = Plays(tmp_path, server, machine.private_key)(**ORDER, first_start_s=10)
    assert (done.rc != 0, done.output["failure"]["code"]) == (True, "unreachable"), done.text
    assert (done.output["hosts"], len(server.tables["servers"])) == ([], 1)
    assert [item["id"] for item in done.output["items"] if item["action"] == "error"] == ["web-1"]
    assert login(machine, "ops", "true")[0] == 255


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Plays]:
    """Plays with a provider, and no machine that anything could be done on."""
    make_key(tmp_path, "ed25519")
    with hz.hetzner() as running:
        yield Plays(tmp_path, running, str(tmp_path / "key"))


def test_a_preview_makes_nothing_and_has_the_price_in_its_plan(alone: Plays) -> None:
    seen = alone(*PREVIEW)
    assert (seen.rc, alone.server.writes, seen.output["changed"]) == (0, 0, False), seen.text
    (price,) = seen.output["price"]
    assert (price["monthly"], price["currency"], price["servers_now"]) == ("6.01", "EUR", 0)
    plan = json.loads((alone.artifacts / "plan.json").read_text())
    assert plan["facts"]["price"]["monthly"] == "6.01"
    assert [item["kind"] for item in plan["items"]] == ["firewall", "server", "backups", "protection", "machine"]
    assert (alone(plan="0" * 64).output["failure"]["code"], alone.server.writes) == ("stale_plan", 0)


@pytest.mark.parametrize(
    ("inputs", "code", "said"),
    [
        ({**ORDER, "max_monthly_cost": 1}, "validation", "it costs 6.01 EUR a month"),
        ({**ORDER, "server_type": "cx99"}, "not_found", "no server type cx99"),
        ({"provider": "existing_host"}, "validation", "choose some"),
        ({**ORDER, "name": "targets"}, "validation", "means something else"),
        ({**ORDER, "dns": {"zone_id": "0" * 32, "name": "a"}}, "validation", "needs the connection cloudflare"),
        (
            {**ORDER, "bootstrap": {"swarm": "join-worker"}},
            "validation",
            "swarm; a Swarm behind the firewall",
        ),
    ],
)
def test_an_order_that_cannot_be_carried_out_makes_nothing(alone: Plays, inputs: Any, code: str, said: str) -> None:
    done = alone(**inputs)
    assert (done.rc, done.output["failure"]["code"], alone.server.writes) == (2, code, 0), done.text
    assert said in done.output["failure"]["message"]


@pytest.mark.long
def test_a_host_that_exists_is_set_up_without_a_provider(tmp_path: Path, server: hz.Hetzner, machine: SshHost) -> None:
    play = Plays(tmp_path, server, machine.private_key)
    inputs = {"provider": "existing_host", "bootstrap": {"docker": False, "timezone": "America/Sao_Paulo"}}
    done = play(targets={machine.name: over_ssh(machine)}, **inputs)
    assert done.rc == 0, done.text
    assert (done.output["hosts"], server.calls) == ([{"name": machine.name, "user": "ops"}], [])
    assert "America/Sao_Paulo" in login(machine, "ops", "cat", "/etc/timezone")[1]
