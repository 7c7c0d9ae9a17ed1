"""Telling services that something changed: by systemd, or by `service` on a machine that has none."""

from __future__ import annotations

from ansible.module_utils.orch.hardening import texts
from ansible.module_utils.orch.hardening.machine import Machine
from ansible.module_utils.orch.hardening.parts import GUARD_FILE, GUARD_UNIT

# A reload leaves the connections of sshd alone; socket-activated ones have nothing to reload.
_BY_SYSTEMD = {
    "ssh": [["systemctl", "try-reload-or-restart", "ssh"]],
    "fail2ban": [["systemctl", "enable", "fail2ban"], ["systemctl", "restart", "fail2ban"]],
    "docker": [["systemctl", "enable", "--now", "docker"]],
}
_BY_SERVICE = {
    "ssh": [["service", "ssh", "reload"]],
    "fail2ban": [["service", "fail2ban", "restart"]],
    "docker": [["service", "docker", "start"]],
}
# What enables the firewall; systemctl itself disables no unit whose file is gone.
_ENABLED = "/etc/systemd/system/sysinit.target.wants/orch-guard.service"


def tell(unit: str, machine: Machine) -> list[dict[str, str]]:
    """Let the service take over what was written; answers what was done, `{unit, action, by}`. Raises Failed."""
    systemd = machine.has_systemd()
    commands = _guard(machine) if unit == "guard" else (_BY_SYSTEMD if systemd else _BY_SERVICE)[unit]
    for argv in commands:
        machine.must(argv, timeout_s=120)
    return [{"unit": unit, "action": " ".join(argv[1:]), "by": argv[0]} for argv in commands]


def _guard(machine: Machine) -> list[list[str]]:
    """Load the rules, or take them away with their file; and the same at the next start."""
    if machine.read(GUARD_FILE) is not None:
        lasting = [["systemctl", "daemon-reload"], ["systemctl", "enable", "orch-guard"]]
        return [["nft", "-f", GUARD_FILE], *(lasting if machine.read(GUARD_UNIT) else [])]
    machine.remove(_ENABLED)
    is_loaded = machine.run(["nft", "list", "table", *texts.TABLE.split()])[0] == 0
    return [
        *([["nft", "delete", "table", *texts.TABLE.split()]] if is_loaded else []),
        *([["systemctl", "daemon-reload"]] if machine.has_systemd() else []),
    ]
