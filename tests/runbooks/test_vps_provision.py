"""vps_provision as a play of its own: what ends before a server is entered, and hosts that exist.

A whole order, from its preview to its deletion, is in `tests/domains/jobs/test_run_provisioning.py`.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.runbooks.inputs import check_output
from tests.runbooks.plays import Play, over_ssh, run_play, spec
from tests.systems import hetzner as hz
from tests.systems.keys import make_key
from tests.systems.sshhosts import SshHost
from tests.systems.vps import login, vps_hosts

NAME = "vps_provision"
PREVIEW = ("--check", "--diff")
ORDER: dict[str, Any] = {
    "provider": "hetzner", "name": "web-1", "server_type": "cx22", "location": "fsn1", "ssh_keys": ["ops"],
    "bootstrap": {"docker": False},
}  # fmt: skip


@pytest.fixture(scope="module")
def machines() -> Iterator[list[SshHost]]:
    """One to enter, and one that nobody may enter."""
    with vps_hosts(2) as started:
        yield started


class Plays:
    """Plays against one project; each has its own folder, and its output holds the runbook's schema."""

    def __init__(self, folder: Path, server: hz.Hetzner, key: str) -> None:
        self.folder, self.server, self.key = folder, server, key
        self.count = 0

    def __call__(self, *options: str, plan: str = "", targets: Any = None, **inputs: Any) -> Play:
        self.count += 1
        self.artifacts = self.folder / str(self.count)
        self.artifacts.mkdir()
        self.server.forget()
        orch = {
            "job_id": f"job_{self.count}",
            "connections": self._connections(),
            "artifacts_dir": str(self.artifacts),
            "expect_plan": plan,
            "snapshot_path": "",
            "egress_allow": ["127.0.0.0/8", "10.98.0.0/16"],
        }
        play = run_play(self.artifacts, NAME, inputs or ORDER, targets, *options, **orch)
        assert check_output(spec(NAME).output_schema, play.output) == (), play.text
        for secret in (hz.TOKEN, "PRIVATE KEY"):
            assert secret not in play.text + json.dumps(play.output)
        return play

    def _connections(self) -> dict[str, dict[str, str]]:
        documents = {"hetzner": {"token": hz.TOKEN, "url": self.server.url}, "ssh": {"user": "ops"}}
        found: dict[str, dict[str, str]] = {}
        for slot, document in documents.items():
            path = self.folder / f"{slot}.json"
            path.write_text(json.dumps({"type": slot, **document}))
            found[slot] = {"path": str(path), "name": slot, "type": slot}
        found["ssh"]["key_path"] = self.key
        return found


@pytest.mark.long
def test_a_server_that_shows_another_key_is_never_entered(tmp_path: Path, machines: list[SshHost]) -> None:
    _, machine = machines
    with hz.hetzner(lambda _name, _data: machine.address) as server:
        done = Plays(tmp_path, server, machine.private_key)(**ORDER, first_start_s=10)
    assert (done.rc != 0, done.output["failure"]["code"]) == (True, "unreachable"), done.text
    assert (done.output["hosts"], len(server.tables["servers"])) == ([], 1)
    assert [item["id"] for item in done.output["items"] if item["action"] == "error"] == ["web-1"]
    assert "user ops" not in login(machine, "root", "cat", "/var/log/auth.log")[1]


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
    ("inputs", "said"),
    [
        ({"provider": "existing_host"}, ["choose some"]),
        (
            {
                **ORDER,
                "name": "targets",
                "dns": {"zone_id": "0" * 32, "name": "a"},
                "bootstrap": {"swarm": "join-worker", "docker": False},
            },
            ["means something else", "connection cloudflare", "connection swarm", "swarm_from", "needs Docker"],
        ),
    ],
)
def test_an_order_that_lacks_something_makes_nothing(alone: Plays, inputs: Any, said: list[str]) -> None:
    done = alone(**inputs)
    assert (done.rc, done.output["failure"]["code"], alone.server.writes) == (2, "validation", 0), done.text
    assert [words for words in said if words not in done.output["failure"]["message"]] == []


@pytest.mark.long
def test_a_host_that_exists_is_set_up_without_a_provider(alone: Plays, machines: list[SshHost]) -> None:
    machine, _ = machines
    inputs: dict[str, Any] = {
        "provider": "existing_host",
        "bootstrap": {"docker": False, "timezone": "America/Sao_Paulo"},
    }
    done = alone(targets={machine.name: over_ssh(machine)}, **inputs)
    assert done.rc == 0, done.text
    assert (done.output["hosts"], alone.server.calls) == ([{"name": machine.name, "user": "ops"}], [])
    assert "America/Sao_Paulo" in login(machine, "ops", "cat", "/etc/timezone")[1]
