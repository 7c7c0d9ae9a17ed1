"""server_hardening as a real play on real ssh hosts: hardened once, root refused, somebody banned, nobody shut out."""

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.runbooks.inputs import check_output
from tests.runbooks.plays import Play, over_ssh, run_play, spec
from tests.systems.sshhosts import SshHost
from tests.systems.vps import vps_hosts

NAME = "server_hardening"
PREVIEW = ("--check", "--diff")
OPTIONS = ("-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null")
QUICK = ("-o", "LogLevel=ERROR", "-o", "ConnectTimeout=5", "-o", "IdentitiesOnly=yes")
SSHD = "/etc/ssh/sshd_config.d/00-orch-hardening.conf"


@pytest.fixture
def machines() -> Iterator[list[SshHost]]:
    with vps_hosts(2) as started:
        yield started


def login(host: SshHost, user: str, *command: str, key: str = "") -> tuple[int, str]:
    """Exit code and what was said by a login of its own."""
    argv = ["ssh", *OPTIONS, *QUICK, "-i", key or host.private_key, f"{user}@{host.address}", *command]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return done.returncode, (done.stdout + done.stderr).strip()


def as_root(host: SshHost, *command: str) -> str:
    """What a command says on a hardened host, through the administrator."""
    code, text = login(host, "ops", "sudo", "-n", *command)
    assert code == 0, text
    return text


def wait_for_ban(host: SshHost, address: str) -> None:
    """fail2ban reads its log every second or so."""
    for _ in range(50):
        if address in as_root(host, "fail2ban-client", "status", "sshd"):
            return
        time.sleep(0.2)
    pytest.fail(as_root(host, "tail", "/var/log/auth.log", "/var/log/fail2ban.log"))


@dataclass
class Plays:
    """Plays on some machines; each has its own folder, and its output holds the runbook's schema."""

    folder: Path
    machines: list[SshHost]
    user: str = "root"
    count: int = 0

    def __call__(self, *options: str, snapshot: Path | None = None, plan: str = "", **inputs: Any) -> Play:
        self.count += 1
        self.artifacts = self.folder / str(self.count)
        self.artifacts.mkdir()
        targets = {host.name: over_ssh(host, ansible_user=self.user) for host in self.machines}
        orch = {"artifacts_dir": str(self.artifacts), "expect_plan": plan, "snapshot_path": str(snapshot or "")}
        play = run_play(self.artifacts, NAME, inputs, targets, *options, **orch)
        assert check_output(spec(NAME).output_schema, play.output) == (), play.text
        return play


@pytest.fixture
def play(machines: list[SshHost], tmp_path: Path) -> Plays:
    return Plays(tmp_path, machines)


@pytest.mark.long
def test_preview_apply_again_and_rollback(play: Plays, machines: list[SshHost]) -> None:
    machine, other = machines
    play.machines = [machine]
    ours = f"{machine.address.rpartition('.')[0]}.1"
    wishes: Any = {"fail2ban": {"max_retry": 3, "find_s": 60, "ban_s": 600}, "never_ban": [ours]}
    seen = play(*PREVIEW, **wishes)
    assert seen.rc == 0, seen.text
    assert "+PermitRootLogin no" in seen.text
    assert (seen.output["changed"], seen.output["services"], login(machine, "ops", "true")[0]) == (False, [], 255)

    done = play(plan=seen.output["plan_sha256"], **wishes)
    snapshot = play.artifacts / "snapshot.json"
    assert done.rc == 0, done.text
    assert (done.output["changed"], done.output["snapshot_ref"]) == (True, "snapshot.json")
    assert done.output["hosts"] == [{"name": machine.name, "user": "ops"}]
    assert {told["unit"] for told in done.output["services"]} == {"ssh", "fail2ban", "guard"}
    require_hardened(machine)

    play.user = "ops"
    again = play(**wishes)
    assert again.rc == 0, again.text
    assert (again.output["changed"], again.output["items"], again.output["services"]) == (False, [], [])
    assert again.output["counts"]["noop"] == done.output["counts"]["create"] + done.output["counts"]["noop"]

    require_ban(machine, other)

    shown = play(*PREVIEW, snapshot=snapshot, **wishes)
    assert {item["action"] for item in shown.output["items"]} == {"delete"}
    back = play(snapshot=snapshot, plan=shown.output["plan_sha256"], **wishes)
    assert (back.rc, back.output["hosts"]) == (0, []), back.text
    assert (login(machine, "root", "ls", SSHD)[0], login(machine, "ops", "true")[0]) == (2, 0)


def require_hardened(host: SshHost) -> None:
    """Root is refused, the administrator becomes root, the firewall stands, and nothing waits to be confirmed."""
    assert login(host, "root", "true")[0] == 255
    assert as_root(host, "id", "-u") == "0"
    assert "policy drop" in as_root(host, "nft", "list", "table", "inet", "orch_guard")
    assert login(host, "ops", "sudo", "ls", "/var/lib/orch-hardening/pending.json")[0] != 0


def require_ban(host: SshHost, other: SshHost) -> None:
    """Somebody who guesses names at the door is shut out."""
    knock = " ".join(["ssh", *OPTIONS, *QUICK, f"intruder@{host.address}", "true"])
    for _ in range(4):
        login(other, "root", knock)
    wait_for_ban(host, other.address)
    assert login(other, "root", f"timeout 3 bash -c '</dev/tcp/{host.address}/22'")[0] != 0


@pytest.mark.long
def test_whoever_would_be_shut_out_is_not_and_the_other_machine_is_hardened(
    play: Plays, machines: list[SshHost]
) -> None:
    """The first host lets only root in, by a line of its own: the administrator cannot enter, so nothing is closed."""
    first, second = machines
    assert login(first, "root", "echo AllowUsers root >> /etc/ssh/sshd_config; service ssh reload")[0] == 0
    done = play()
    assert (done.rc != 0, done.output["failure"]["code"]) == (True, "verify_failed"), done.text
    assert "could not get in, so nothing was closed" in done.output["failure"]["message"]
    assert [host["name"] for host in done.output["hosts"]] == [second.name]
    assert login(first, "root", "ls", SSHD)[0] == 2
    assert (login(second, "root", "true")[0], login(second, "ops", "true")[0]) == (255, 0)


@pytest.mark.long
def test_what_shuts_the_operator_out_is_opened_again(play: Plays, machines: list[SshHost]) -> None:
    """ssh only from a network where nobody is: the second login fails, the first connection opens everything again."""
    first, _ = machines
    play.machines = [first]
    done = play(ssh_from=["203.0.113.0/24"])
    assert (done.rc != 0, done.output["failure"]["code"]) == (True, "verify_failed"), done.text
    assert "so it was opened again" in done.output["failure"]["message"]
    assert (done.output["hosts"], login(first, "root", "ls", SSHD)[0]) == ([], 2)
    assert "orch_guard" not in login(first, "root", "nft", "list", "ruleset")[1]


@pytest.mark.long
def test_a_stale_plan_touches_nothing(play: Plays, machines: list[SshHost]) -> None:
    play.machines = machines[:1]
    done = play(plan="0" * 64)
    assert (done.rc != 0, done.output["failure"]["code"], done.output["changed"]) == (True, "stale_plan", False)
    assert json.loads((play.artifacts / "plan.json").read_text())["summary"]["create"] > 5
    assert login(machines[0], "ops", "true")[0] == 255
