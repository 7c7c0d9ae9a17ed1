"""The steps of hardening one machine, each a call of its own, because between them somebody tries to get in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping

from ansible.module_utils.orch.hardening import changes, parts, swarm, texts, watchdog
from ansible.module_utils.orch.hardening.machine import Failed, Machine
from ansible.module_utils.orch.hardening.parts import CLOSE, JOIN, PREPARE, Part
from ansible.module_utils.orch.hardening.wishes import Refused, Wishes

PATIENCE_S = 120
_ANYBODY = "user=root,host=somewhere.invalid,addr=192.0.2.1"


@dataclass
class Report:
    """What a step found or did: items of a plan, ids of what was `made`, and what a snapshot keeps of the machine."""

    items: list[dict[str, Any]] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)
    services: list[dict[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    ssh_ports: list[int] = field(default_factory=list)


class Hardening:
    """One machine and what is wished of it; `undo` is what a snapshot kept of it, when that shall come back."""

    def __init__(self, machine: Machine, wishes: Wishes, undo: Mapping[str, Any] | None = None) -> None:
        self._machine = machine
        self._wishes = wishes
        self._undo = undo

    def look(self) -> Report:
        """Compare; nothing is written. Raises Refused, Failed."""
        if self._machine.run(["dpkg-query", "--version"])[0]:
            raise Refused("only Debian and its kin are hardened by this runbook")
        ports = ssh_ports(self._machine)
        wished = self._parts(ports)
        items = changes.compare(wished, self._machine)
        return Report(items, kept=parts.kept(wished, self._machine), warnings=list(self._warnings()), ssh_ports=ports)

    def prepare(self) -> Report:
        """Make what lets people in. Raises Failed."""
        open_parts, _ = self._open(PREPARE)
        return Report(made=[part.id for part in open_parts], services=changes.make(open_parts, self._machine))

    def close(self, token: str, patience_s: float = PATIENCE_S) -> Report:
        """Make what could shut somebody out, with a watchdog beside it. Raises Failed or OSError, with all put back."""
        open_parts, wished = self._open(CLOSE)
        report = Report(made=[part.id for part in open_parts])
        if not open_parts:
            return report
        units = [part.unit for part in open_parts if part.unit]
        watchdog.note(parts.kept(wished, self._machine), units, token, self._machine)
        # Before anything is closed: whatever happens to us from here on, it is there.
        watchdog.leave_behind(token, patience_s, self._machine)
        try:
            report.services = changes.make(open_parts, self._machine)
        except (Failed, OSError):
            watchdog.restore(self._machine)
            raise
        return report

    def confirm(self) -> Report:
        """Called by a new connection: whoever calls has got in. Raises Failed where sshd does otherwise than wished."""
        if self._undo is None:
            self._require_settings()
        watchdog.confirm(self._machine)
        return Report()

    def join(self, door: Mapping[str, Any]) -> Report:
        """Enter the Swarm that is wished; `door` is `{address, token}` of a manager. Raises Refused, Failed."""
        open_parts, _ = self._open(JOIN)
        if not open_parts:
            return Report()
        told = swarm.enter(self._wishes.swarm, door, self._machine)
        return Report(made=[part.id for part in open_parts], services=[told])

    def restore(self) -> Report:
        """Open again what was closed and never confirmed."""
        return Report(services=watchdog.restore(self._machine))

    def _parts(self, ports: list[int]) -> list[Part]:
        if self._undo is not None:
            return parts.undone(self._undo)
        return parts.wished(self._wishes, self._machine, ports)

    def _open(self, stage: str) -> tuple[list[Part], list[Part]]:
        """The parts of a stage that are still to be made, and all parts of the machine."""
        wished = self._parts(ssh_ports(self._machine))
        return changes.needed(wished, changes.compare(wished, self._machine), stage), wished

    def _require_settings(self) -> None:
        """What sshd would do for a stranger: another file, or a Match of the machine's, may say otherwise."""
        said = dict(line.split(None, 1) for line in self._effective() if " " in line)
        wrong = [name for name, value in texts.SSHD.items() if said.get(name.lower(), "").strip() != value]
        if wrong:
            raise Failed(f"sshd does not do what {parts.SSHD_FILE} says about {', '.join(wrong)}")

    def _effective(self) -> list[str]:
        return self._machine.must(["sshd", "-T", "-C", _ANYBODY]).splitlines()

    def _warnings(self) -> Any:
        if not self._machine.has_systemd():
            yield "no systemd: services are told by `service`, and the firewall is not loaded at the next start"
        code, text = self._machine.run(["ufw", "status"])
        if self._wishes.firewall and code == 0 and "Status: active" in text:
            yield "ufw is active as well: what comes in has to pass both firewalls"
        if watchdog.pending(self._machine) is not None:
            yield "an earlier run was never confirmed; its watchdog may still put back what it closed"


def ssh_ports(machine: Machine) -> list[int]:
    """The ports on which sshd listens by its configuration. Raises Failed."""
    lines = machine.must(["sshd", "-T", "-C", _ANYBODY]).splitlines()
    return sorted({int(line.split()[1]) for line in lines if line.startswith("port ")})
