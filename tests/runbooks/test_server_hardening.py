"""server_hardening as a real play on real ssh hosts: hardened once, root refused, somebody banned, nobody shut out.

A second run, which changes nothing, is in `tests/domains/jobs/test_run_hardening.py`, through the whole product.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.runbooks.inputs import check_inputs, check_output
from tests.runbooks.plays import Play, over_ssh, play_environment, run_play, spec
from tests.systems.sshhosts import SshHost
from tests.systems.vps import OPTIONS, REFUSED, login, vps_hosts

NAME = "server_hardening"
PREVIEW = ("--check", "--diff")
SSHD = "/etc/ssh/sshd_config.d/00-orch-hardening.conf"
NO_SUCH_FILE = 2


@pytest.fixture(scope="module")
def machines() -> Iterator[list[SshHost]]:
    """Started once: what a test does to one of them does not matter to the others."""
    with vps_hosts(3) as started:
        yield started


def gateway(host: SshHost) -> str:
    """The address that the host sees us by."""
    return f"{host.address.rpartition('.')[0]}.1"


def as_root(host: SshHost, *command: str) -> str:
    """What a command says on a hardened host, through the administrator."""
    code, text = login(host, "ops", "sudo", "-n", *command)
    assert code == 0, text
    return text


def wait_until(seen: Callable[[], bool], otherwise: Callable[[], str]) -> None:
    """Services look every second or so."""
    for _ in range(100):
        if seen():
            return
        time.sleep(0.2)
    pytest.fail(otherwise())


@dataclass
class Plays:
    """Plays on some machines; each has its own folder, and its output holds the runbook's schema."""

    folder: Path
    machines: list[SshHost]
    users: dict[str, str] = field(default_factory=dict)
    count: int = 0

    def __call__(self, *options: str, snapshot: Path | None = None, plan: str = "", **inputs: Any) -> Play:
        self.count += 1
        self.artifacts = self.folder / str(self.count)
        self.artifacts.mkdir()
        users = {host.name: self.users.get(host.name, "root") for host in self.machines}
        targets = {host.name: over_ssh(host, ansible_user=users[host.name]) for host in self.machines}
        orch = {"artifacts_dir": str(self.artifacts), "expect_plan": plan, "snapshot_path": str(snapshot or "")}
        play = run_play(self.artifacts, NAME, inputs, targets, *options, **orch)
        assert check_output(spec(NAME).output_schema, play.output) == (), play.text
        return play


@pytest.mark.long
def test_preview_apply_and_rollback(tmp_path: Path, machines: list[SshHost]) -> None:
    machine, stranger, _ = machines
    play = Plays(tmp_path, [machine])
    wishes: Any = {"fail2ban": {"max_retry": 3, "find_s": 60, "ban_s": 600}, "never_ban": [gateway(machine)]}
    seen = play(*PREVIEW, **wishes)
    assert seen.rc == 0, seen.text
    assert "+PermitRootLogin no" in seen.text
    assert (seen.output["changed"], seen.output["services"], login(machine, "ops", "true")[0]) == (False, [], REFUSED)

    done = play(plan=seen.output["plan_sha256"], **wishes)
    snapshot = play.artifacts / "snapshot.json"
    assert done.rc == 0, done.text
    assert (done.output["changed"], done.output["snapshot_ref"]) == (True, "snapshot.json")
    assert done.output["hosts"] == [{"name": machine.name, "user": "ops"}]
    assert {told["unit"] for told in done.output["services"]} == {"ssh", "fail2ban", "guard"}
    require_hardened(machine)
    require_ban(machine, stranger)

    play.machines, play.users = [machine, stranger], {machine.name: "ops"}
    back = play(snapshot=snapshot, **wishes)
    assert (back.rc, back.output["hosts"]) == (0, []), back.text
    undone = {(item["id"].partition("/")[0], item["action"]) for item in back.output["items"]}
    assert undone == {(machine.name, "delete")}
    assert (login(machine, "root", "ls", SSHD)[0], login(machine, "ops", "true")[0]) == (NO_SUCH_FILE, 0)


def require_hardened(host: SshHost) -> None:
    """Root is refused, the administrator becomes root, the firewall stands, and nothing waits to be confirmed."""
    assert login(host, "root", "true")[0] == REFUSED
    assert as_root(host, "id", "-u") == "0"
    assert "policy drop" in as_root(host, "nft", "list", "table", "inet", "orch_guard")
    assert login(host, "ops", "sudo", "ls", "/var/lib/orch-hardening/pending.json")[0] != 0


def require_ban(host: SshHost, stranger: SshHost) -> None:
    """Somebody who guesses names at the door is shut out."""
    # A ban that comes in the middle of a login leaves ssh waiting for an answer that never comes.
    knock = " ".join(["timeout", "10", "ssh", *OPTIONS, f"intruder@{host.address}", "true"])
    for _ in range(4):
        login(stranger, "root", knock)
    wait_until(
        lambda: stranger.address in as_root(host, "fail2ban-client", "status", "sshd"),
        lambda: as_root(host, "tail", "/var/log/auth.log", "/var/log/fail2ban.log"),
    )
    assert login(stranger, "root", f"timeout 3 bash -c '</dev/tcp/{host.address}/22'")[0] != 0


@pytest.mark.long
def test_nobody_is_shut_out(tmp_path: Path, machines: list[SshHost]) -> None:
    """One machine lets only root in by a line of its own; ssh to both is wished from a network where nobody is.

    The one closes nothing, because its administrator cannot enter. On the other the second login fails, and the
    connection that is open already opens everything again.
    """
    _, own_rule, other = machines
    assert login(own_rule, "root", "echo AllowUsers root >> /etc/ssh/sshd_config; service ssh reload")[0] == 0
    done = Plays(tmp_path, [own_rule, other])(ssh_from=["203.0.113.0/24"])
    assert (done.output["failure"]["code"], done.output["hosts"]) == ("verify_failed", []), done.text
    assert done.rc != 0
    said = {item["name"]: item["error"]["message"] for item in done.output["items"] if item["action"] == "error"}
    assert "could not get in, so nothing was closed" in said[own_rule.name]
    assert "so it was opened again" in said[other.name]
    for host in (own_rule, other):
        assert login(host, "root", "ls", SSHD)[0] == NO_SUCH_FILE
        assert "orch_guard" not in login(host, "root", "nft", "list", "ruleset")[1]


@pytest.mark.long
def test_what_nobody_confirms_is_opened_by_the_machine_itself(tmp_path: Path, machines: list[SshHost]) -> None:
    """Whoever closed it is never heard of again; the process that was left behind notices."""
    host = machines[-1]
    made = close(tmp_path, host, patience_s=4)
    assert {f"file:{SSHD}", "rules:inet orch_guard"} <= set(made)
    wait_until(lambda: login(host, "root", "ls", SSHD)[0] == NO_SUCH_FILE, lambda: "nothing was opened again")
    assert "orch_guard" not in login(host, "root", "nft", "list", "ruleset")[1]


def close(folder: Path, host: SshHost, *, patience_s: int) -> list[str]:
    """The step `close` alone, by the module itself; answers what it made. Asking again and again must not ban us."""
    wishes = {"never_ban": [gateway(host)]}
    inputs, public = check_inputs(spec(NAME).schema, wishes).values, Path(f"{host.private_key}.pub").read_text()
    wished = {"inputs": inputs, "public_keys": [public], "undo": {}}
    (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": {host.name: over_ssh(host)}}}))
    words = json.dumps({"step": "close", "patience_s": patience_s, "wished": wished})
    ansible = str(Path(sys.executable).with_name("ansible"))
    argv = [ansible, host.name, "-i", "inventory.json", "-m", NAME, "-a", words]
    done = subprocess.run(argv, cwd=folder, env=play_environment(folder), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.partition("=> ")[2])["report"]["made"]
