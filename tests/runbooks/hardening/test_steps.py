"""Hardening step by step on a machine in memory: what is wished, what is made first, and who is never shut out."""

from pathlib import Path
from typing import Any

import pytest

from tests.domains.inventory.samples import HOST_KEY
from tests.runbooks import modules
from tests.runbooks.hardening.memory_machine import GUARD, SSHD, Failed, File, MemoryMachine, machine_module

steps, wishes, watchdog = (modules.shared(f"hardening.{name}") for name in ("steps", "wishes", "watchdog"))
parts, swarm = modules.shared("hardening.parts"), modules.shared("hardening.swarm")
BAN = {"max_retry": 5, "find_s": 600, "ban_s": 3600}
INPUTS: dict[str, Any] = {
    "admin_user": "ops", "authorized_keys": [], "firewall": True, "open_ports": ["443/tcp"], "ssh_from": [],
    "fail2ban": BAN, "never_ban": ["192.0.2.7"], "unattended_upgrades": True,
}  # fmt: skip
JAIL = "/etc/fail2ban/jail.d/orch.local"
KEYS = "/home/ops/.ssh/authorized_keys"


@pytest.fixture(autouse=True)
def left_behind(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Watchdogs that would run on the machine, by their tokens: a test has no process to leave behind."""
    found: list[str] = []
    monkeypatch.setattr(watchdog, "leave_behind", lambda token, *_: found.append(token))
    return found


def hardening(machine: MemoryMachine, undo: Any = None, **inputs: Any) -> Any:
    wished = wishes.Wishes.of({**INPUTS, **inputs}, (HOST_KEY,))
    return steps.Hardening(machine, wished, undo)


def open_ids(report: Any) -> list[str]:
    return [item["id"] for item in report.items if item["action"] != "noop"]


def harden(machine: MemoryMachine, **inputs: Any) -> Any:
    """All steps, with somebody who gets in each time; answers what was there before."""
    kept = hardening(machine, **inputs).look().kept
    hardening(machine, **inputs).prepare()
    hardening(machine, **inputs).close("job_1")
    hardening(machine, **inputs).confirm()
    return kept


def test_looking_writes_nothing_and_tells_all_that_is_missing() -> None:
    machine = MemoryMachine()
    report = hardening(machine).look()
    assert (machine.files, machine.accounts, report.ssh_ports) == ({}, set(), [22])
    assert {"package:fail2ban", "account:ops", f"file:{SSHD}", f"file:{GUARD}", "service:fail2ban"} <= set(
        open_ids(report)
    )
    assert all(path in report.kept["files"] for path in (SSHD, GUARD, JAIL))


@pytest.mark.parametrize("systemd", [True, False])
def test_a_second_run_finds_nothing_to_do(systemd: bool) -> None:
    machine = MemoryMachine(systemd=systemd)
    harden(machine)
    report = hardening(machine).look()
    assert open_ids(report) == []
    assert hardening(machine).prepare().made == []
    machine.asked.clear()
    assert (hardening(machine).close("job_2").made, watchdog.pending(machine)) == ([], None)
    assert not [line for line in machine.told() if line.startswith(("systemctl", "service", "nft -f"))]


def test_what_lets_people_in_comes_before_anything_is_closed() -> None:
    machine = MemoryMachine()
    report = hardening(machine).prepare()
    assert (SSHD in machine.files, GUARD in machine.files, machine.loaded) == (False, False, "")
    assert machine.files[KEYS].content == f"{HOST_KEY}\n"
    assert (machine.files[KEYS].mode, machine.files[KEYS].owner) == (0o600, "ops")
    assert "NOPASSWD" in machine.files["/etc/sudoers.d/90-orch-ops"].content
    assert "account:ops" in report.made


def test_a_files_mode_is_told_in_the_digits_of_chmod_and_read_back() -> None:
    kept = File("text\n", 0o440, "ops")
    assert kept.document()["mode"] == "0440"
    assert File.of(kept.document()) == kept


def test_nobodys_key_is_taken_away() -> None:
    machine = MemoryMachine(accounts={"ops"}, files={KEYS: File("ssh-rsa AAAA theirs", 0o600, "ops")})
    hardening(machine).prepare()
    assert machine.files[KEYS].content == f"ssh-rsa AAAA theirs\n{HOST_KEY}\n"


def test_services_are_told_after_their_files_were_judged() -> None:
    machine = MemoryMachine()
    hardening(machine).prepare()
    report = hardening(machine).close("job_1")
    told = machine.told()
    assert told.index("sshd -t") < told.index("systemctl try-reload-or-restart ssh")
    assert told.index(f"nft -c -f {GUARD}") < told.index(f"nft -f {GUARD}")
    assert {"unit": "ssh", "action": "try-reload-or-restart ssh", "by": "systemctl"} in report.services


def test_without_systemd_service_is_told_and_a_warning_says_so() -> None:
    machine = MemoryMachine(systemd=False)
    hardening(machine).prepare()
    report = hardening(machine).close("job_1")
    assert {"unit": "ssh", "action": "ssh reload", "by": "service"} in report.services
    assert "no systemd" in hardening(machine).look().warnings[0]
    assert "logpath = /var/log/auth.log" in machine.files[JAIL].content


def test_a_file_that_is_refused_is_put_back_and_so_is_all_that_was_closed_with_it(left_behind: list[str]) -> None:
    machine = MemoryMachine(refuses=[["sshd", "-t"]], files={JAIL: File("theirs\n")})
    hardening(machine).prepare()
    with pytest.raises(Failed, match="sshd does not want to"):
        hardening(machine).close("job_1")
    assert (SSHD in machine.files, GUARD in machine.files, machine.loaded) == (False, False, "")
    assert (machine.files[JAIL].content, watchdog.pending(machine)) == ("theirs\n", None)
    assert left_behind == ["job_1"], "it stands by before anything is closed"


def test_what_nobody_confirms_is_opened_again_and_what_somebody_confirms_stays(left_behind: list[str]) -> None:
    machine = MemoryMachine()
    hardening(machine).prepare()
    hardening(machine).close("job_1")
    assert left_behind == ["job_1"]
    watchdog.wait_and_restore("job_1", 3, machine, lambda _: None)
    assert (SSHD in machine.files, machine.loaded, watchdog.pending(machine)) == (False, "", None)
    assert machine.asked[-1] == ["fail2ban-client", "unban", "--all"], "what it reads of the past bans nobody"

    hardening(machine).close("job_2")
    watchdog.wait_and_restore("job_1", 3, machine, lambda _: None)
    assert SSHD in machine.files, "an older watchdog leaves a later run alone"
    hardening(machine).confirm()
    watchdog.wait_and_restore("job_2", 3, machine, lambda _: None)
    assert SSHD in machine.files


def test_what_two_runs_closed_and_nobody_confirmed_is_opened_as_it_was_before_the_first() -> None:
    machine = MemoryMachine()
    hardening(machine).prepare()
    hardening(machine).close("job_1")
    hardening(machine, ssh_from=["192.0.2.0/24"]).close("job_2")
    watchdog.wait_and_restore("job_2", 3, machine, lambda _: None)
    assert (SSHD in machine.files, GUARD in machine.files, machine.loaded) == (False, False, "")


def test_whoever_could_not_get_in_opens_it_at_once() -> None:
    machine = MemoryMachine()
    hardening(machine).prepare()
    hardening(machine).close("job_1")
    told = hardening(machine).restore().services
    assert SSHD not in machine.files
    assert ["fail2ban-client", "unban", "--all"] in machine.asked, "root was refused, and may have been banned for it"
    assert list(dict.fromkeys(one["unit"] for one in told)) == ["guard", "ssh", "fail2ban"]
    assert hardening(machine).restore().services == []


def test_settings_that_another_file_overrules_are_not_confirmed() -> None:
    machine = MemoryMachine()
    hardening(machine).prepare()
    hardening(machine).close("job_1")
    machine.files["kept elsewhere"] = machine.files.pop(SSHD)
    with pytest.raises(Failed, match="PermitRootLogin"):
        hardening(machine).confirm()
    assert watchdog.pending(machine) is not None


def test_a_snapshot_brings_the_files_back_and_leaves_the_way_in() -> None:
    machine = MemoryMachine(files={JAIL: File("[sshd]\nenabled = false\n")})
    kept = harden(machine)
    back = hardening(machine, undo=kept)
    assert {item["action"] for item in back.look().items} == {"delete", "update"}
    assert back.prepare().made == []
    back.close("job_2")
    back.confirm()
    assert (SSHD in machine.files, GUARD in machine.files, machine.loaded) == (False, False, "")
    assert machine.files[JAIL].content == "[sshd]\nenabled = false\n"
    assert (KEYS in machine.files, machine.accounts) == (True, {"ops"})
    assert open_ids(hardening(machine, undo=kept).look()) == []
    assert machine.told().count("systemctl daemon-reload") == 2


def test_a_machine_of_which_a_snapshot_keeps_nothing_is_not_touched_when_it_is_taken_back() -> None:
    assert hardening(MemoryMachine(), undo={"files": {}}).look().items == []


@pytest.mark.parametrize(
    ("inputs", "keys", "said"),
    [
        ({"admin_user": "root"}, (HOST_KEY,), "no name for the account"),
        ({}, (), "no key would open the account"),
        ({"authorized_keys": ["hello"]}, (HOST_KEY,), "no public key"),
        ({"open_ports": ["80"]}, (HOST_KEY,), "80 is no port"),
        ({"ssh_from": ["192.0.2.0/33"]}, (HOST_KEY,), "neither an address nor a network"),
    ],
)
def test_what_cannot_be_wished_is_refused_before_anything_is_done(inputs: Any, keys: Any, said: str) -> None:
    with pytest.raises(wishes.Refused, match=said):
        wishes.Wishes.of({**INPUTS, **inputs}, keys)


def test_a_machine_that_is_not_debian_is_refused() -> None:
    with pytest.raises(wishes.Refused, match="only Debian"):
        hardening(MemoryMachine(refuses=[["dpkg-query"]])).look()


def test_the_ports_of_a_swarm_are_open_to_its_machines_only() -> None:
    machine = MemoryMachine()
    harden(machine, swarm="init", swarm_from=["10.0.0.0/16"])
    rules = machine.files[GUARD].content
    assert "ip saddr { 10.0.0.0/16 } udp dport { 4789, 7946 } accept" in rules
    assert "ip saddr { 10.0.0.0/16 } meta l4proto esp accept" in rules
    assert "    udp dport { 4789" not in rules


def test_ssh_can_be_open_to_some_networks_only() -> None:
    machine = MemoryMachine()
    harden(machine, ssh_from=["192.0.2.0/24", "2001:db8::/32"], open_ports=["443/tcp", "7000-7010/udp"])
    rules = machine.files[GUARD].content
    assert "ip saddr { 192.0.2.0/24 } tcp dport { 22 } accept" in rules
    assert "ip6 saddr { 2001:db8::/32 } tcp dport { 22 } accept" in rules
    assert "udp dport 7000-7010 accept" in rules
    assert "    tcp dport { 22 } accept" not in rules


@pytest.mark.parametrize(("wish", "manager"), [("init", True), ("join-worker", False)])
def test_a_machine_enters_a_swarm_once(wish: str, manager: bool) -> None:
    machine = MemoryMachine()
    door = {"address": "192.0.2.1:2377", "token": "SWMTKN-1-secret"}
    asked = hardening(machine, docker=True, swarm=wish)
    report = asked.join(door)
    assert report.made == ["swarm:swarm"]
    assert "secret" not in str(report)
    assert "secret" not in str(machine.asked)
    if wish == "join-worker":
        assert machine.swarm["said"]["JoinToken"] == "SWMTKN-1-secret"
    assert (machine.swarm["ControlAvailable"], asked.join(door).made) == (manager, [])
    other = "join-worker" if manager else "init"
    with pytest.raises(wishes.Refused, match="in another role"):
        hardening(machine, docker=True, swarm=other).join(door)


def test_a_machine_without_an_engine_has_none_and_makes_no_swarm(tmp_path: Path) -> None:
    machine = machine_module.Machine()
    machine.engine_socket = str(tmp_path / "docker.sock")
    engine = parts.Part("service", "docker", parts.PREPARE, {"running": True})
    assert (parts.found(engine, machine, frozenset()), swarm.found(machine)) == (None, None)
    with pytest.raises(Failed, match="no container engine answers"):
        swarm.enter("init", {}, machine)
