"""The single things that are wished of a machine, in the order in which they are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Iterator, Mapping, Sequence

from ansible.module_utils.orch.hardening import swarm, texts
from ansible.module_utils.orch.hardening.machine import File, Machine
from ansible.module_utils.orch.hardening.wishes import Wishes

PREPARE, CLOSE, JOIN = "prepare", "close", "join"
SSHD_FILE = "/etc/ssh/sshd_config.d/00-orch-hardening.conf"
GUARD_FILE = "/etc/nftables.d/orch-guard.nft"
GUARD_UNIT = "/etc/systemd/system/orch-guard.service"
JAIL_FILE = "/etc/fail2ban/jail.d/orch.local"
UPGRADES_FILE = "/etc/apt/apt.conf.d/52orch-upgrades"
ZONES = "/usr/share/zoneinfo"
# Which service has to hear that a file is another one, and who judges the file before it does.
_UNITS = {SSHD_FILE: "ssh", GUARD_FILE: "guard", JAIL_FILE: "fail2ban"}
_JUDGES = {SSHD_FILE: ("sshd", "-t"), GUARD_FILE: ("nft", "-c", "-f", GUARD_FILE)}


@dataclass(frozen=True)
class Part:
    """One thing as it shall be. `after` is what a plan shows of it; None: it shall be gone.

    What is of the stage `prepare` lets people in and harms nobody; what is of `close` could shut somebody out; `join`
    needs somebody else's word.
    """

    kind: str
    name: str
    stage: str
    after: Mapping[str, Any] | None
    judge: tuple[str, ...] = ()
    unit: str = ""

    @property
    def id(self) -> str:
        """Its name among all parts of a machine."""
        return f"{self.kind}:{self.name}"


def wished(wishes: Wishes, machine: Machine, ssh_ports: Sequence[int]) -> list[Part]:
    """All parts of a hardened machine."""
    return [
        *(_package(name) for name in _packages(wishes, journal=machine.has_systemd())),
        *_entrance(wishes, machine),
        *([_file(UPGRADES_FILE, File(texts.upgrades()), PREPARE)] if wishes.upgrades else []),
        *([Part("timezone", "timezone", PREPARE, {"timezone": wishes.timezone})] if wishes.timezone else []),
        *([Part("service", "docker", PREPARE, {"running": True}, unit="docker")] if wishes.docker else []),
        *(_firewall(wishes, machine, ssh_ports) if wishes.firewall else []),
        *_bans(wishes, machine, ssh_ports),
        _file(SSHD_FILE, File(texts.sshd(), 0o600), CLOSE),
        *([Part("swarm", "swarm", JOIN, swarm.wanted(wishes.swarm))] if wishes.swarm != "none" else []),
    ]


def undone(kept: Mapping[str, Any]) -> list[Part]:
    """The parts that make the files what a snapshot says they were. Who was let in stays in."""
    parts = [_file(path, File.of(row) if row else None, CLOSE) for path, row in sorted(kept["files"].items())]
    if GUARD_FILE in kept["files"]:
        row = kept["files"][GUARD_FILE]
        after = {"version": texts.version_in(row["content"])} if row else None
        parts.append(Part("rules", texts.TABLE, CLOSE, after, unit="guard"))
    return parts


def kept(parts: Sequence[Part], machine: Machine) -> dict[str, Any]:
    """What a snapshot keeps: the files that could shut somebody out, as they are now."""
    paths = [part.name for part in parts if part.kind == "file" and part.stage == CLOSE]
    found = {path: machine.read(path) for path in paths}
    return {"files": {path: file.document() if file else None for path, file in found.items()}}


def found(part: Part, machine: Machine, packages: frozenset[str]) -> dict[str, Any] | None:
    """The same thing as it is now, in the words of `after`; None where it is not there."""
    if part.kind == "package":
        return {"installed": True} if part.name in packages else None
    return _FOUND[part.kind](part.name, machine)


def _account(name: str, machine: Machine) -> dict[str, Any] | None:
    return {"exists": True} if machine.home(name) else None


def _content(path: str, machine: Machine) -> dict[str, Any] | None:
    file = machine.read(path)
    return file.document() if file else None


def _loaded(table: str, machine: Machine) -> dict[str, Any] | None:
    code, text = machine.run(["nft", "list", "table", *table.split()])
    return {"version": texts.version_in(text)} if code == 0 else None


def _timezone(_: str, machine: Machine) -> dict[str, Any] | None:
    file = machine.read("/etc/timezone")
    return {"timezone": file.content.strip()} if file else None


def _running(service: str, machine: Machine) -> dict[str, Any] | None:
    """Asked of the service itself: a machine without systemd has nobody else to ask."""
    return {"running": True} if _ANSWERS[service](machine) else None


_ANSWERS: dict[str, Callable[[Machine], bool]] = {
    "fail2ban": lambda machine: machine.run(["fail2ban-client", "ping"])[0] == 0,
    "docker": lambda machine: machine.engine("GET", "/version") is not None,
}
_FOUND = {
    "account": _account,
    "file": _content,
    "rules": _loaded,
    "timezone": _timezone,
    "service": _running,
    "swarm": lambda _, machine: swarm.found(machine),
}


def _packages(wishes: Wishes, *, journal: bool) -> Iterator[str]:
    yield "sudo"
    yield "fail2ban"
    yield "nftables"  # fail2ban bans with it, firewall or not
    if journal:
        yield "python3-systemd"
    if wishes.upgrades:
        yield "unattended-upgrades"
    if wishes.docker:
        yield "docker.io"


def _entrance(wishes: Wishes, machine: Machine) -> Iterator[Part]:
    """The account, its keys, and its way to root."""
    home = machine.home(wishes.admin) or f"/home/{wishes.admin}"
    path = f"{home}/.ssh/authorized_keys"
    there = machine.read(path)
    keys = texts.authorized_keys(there.content if there else "", wishes.keys)
    yield Part("account", wishes.admin, PREPARE, {"exists": True})
    yield _file(path, File(keys, 0o600, wishes.admin), PREPARE)
    rule = f"/etc/sudoers.d/90-orch-{wishes.admin}"
    yield _file(rule, File(texts.sudoers(wishes.admin), 0o440), PREPARE, ("visudo", "-cf", rule))


def _firewall(wishes: Wishes, machine: Machine, ssh_ports: Sequence[int]) -> Iterator[Part]:
    rules = texts.guard(wishes, ssh_ports)
    yield _file(GUARD_FILE, File(rules), CLOSE)
    if machine.has_systemd():
        yield _file(GUARD_UNIT, File(texts.UNIT), CLOSE)
    yield Part("rules", texts.TABLE, CLOSE, {"version": texts.version_in(rules)}, unit="guard")


def _bans(wishes: Wishes, machine: Machine, ssh_ports: Sequence[int]) -> Iterator[Part]:
    text = texts.jail(wishes.ban, ssh_ports, wishes.trusted, journal=machine.has_systemd())
    yield _file(JAIL_FILE, File(text), CLOSE)
    yield Part("service", "fail2ban", CLOSE, {"running": True}, unit="fail2ban")


def _package(name: str) -> Part:
    return Part("package", name, PREPARE, {"installed": True})


def _file(path: str, file: File | None, stage: str, judge: tuple[str, ...] = ()) -> Part:
    after = file.document() if file else None
    return Part("file", path, stage, after, judge or (_JUDGES.get(path, ()) if file else ()), _UNITS.get(path, ""))
