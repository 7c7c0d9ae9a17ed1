#!/usr/bin/python
"""Ansible module: one report about the machine it runs on. Reads only; needs Python and nothing else."""

from __future__ import annotations

import time
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.orch import machine, network, software

DOCUMENTATION = r"""
module: host_facts
short_description: Report about the machine
description:
  - System, processors, memory, disks, addresses, listening ports, failed units, pending updates and containers.
  - Nothing is changed, so check mode gives the same answer.
options:
  sections:
    description: What to look at; C(system), C(cpu), C(memory) and C(disks) are always there.
    type: list
    elements: str
    choices: [addresses, ports, services, updates, containers]
    default: [addresses, ports, services, updates, containers]
  disk_warn_pct: {description: Used space that is worth a warning., type: int, default: 85}
  memory_warn_pct: {description: Used memory that is worth a warning., type: int, default: 90}
"""

SECTIONS: dict[str, Callable[[], Any]] = {
    "addresses": network.addresses,
    "ports": network.listening,
    "services": software.services,
    "updates": software.updates,
    "containers": software.containers,
}
STALE_H = 7 * 24


def collect(sections: list[str], disk_warn_pct: int, memory_warn_pct: int) -> dict[str, Any]:
    """The whole report as JSON types."""
    report: dict[str, Any] = {
        "collected_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "system": machine.system(),
        "cpu": machine.cpu(),
        "memory": machine.memory(),
        "disks": machine.disks(),
    }
    report.update({name: SECTIONS[name]() for name in sections})
    report["warnings"] = findings(report, disk_warn_pct, memory_warn_pct)
    report["summary"] = summary(report)
    return report


def findings(report: dict[str, Any], disk_warn_pct: int, memory_warn_pct: int) -> list[str]:
    """What a person should look at, one sentence each."""
    found = [
        f"disk {disk['mount']} is {disk['used_pct']:g} % full"
        for disk in report["disks"]
        if disk.get("used_pct", 0) >= disk_warn_pct and not disk["read_only"]
    ]
    if report["memory"]["used_pct"] >= memory_warn_pct:
        found.append(f"memory is {report['memory']['used_pct']:g} % used")
    found += _service_findings(report.get("services", {}))
    found += _update_findings(report.get("updates", {}))
    return found + _container_findings(report.get("containers", {}))


def _service_findings(services: dict[str, Any]) -> list[str]:
    found = [f"unit {entry['unit']} has failed" for entry in services.get("failed", [])]
    return found + ([f"services: {services['reason']}"] if "reason" in services else [])


def _update_findings(updates: dict[str, Any]) -> list[str]:
    found = [f"updates: {updates['reason']}"] if "reason" in updates else []
    if updates.get("security"):
        found.append(f"{updates['security']} security updates wait")
    if updates.get("reboot_required"):
        found.append("a restart is required to finish updates")
    if updates.get("manager") == "apt" and (updates.get("lists_age_h") is None or updates["lists_age_h"] > STALE_H):
        found.append("the package lists are missing or older than a week, so updates may be unknown")
    return found


def _container_findings(containers: dict[str, Any]) -> list[str]:
    found = [f"containers: {containers['reason']}"] if "reason" in containers else []
    sick = (entry for entry in containers.get("items", []) if _is_sick(entry))
    return found + [f"container {entry['name']} is {entry['status'] or entry['state']}" for entry in sick]


def _is_sick(container: dict[str, Any]) -> bool:
    return container["state"] in ("restarting", "dead") or "(unhealthy)" in container["status"]


def summary(report: dict[str, Any]) -> list[str]:
    """The report in a few lines for the log."""
    system, cpu, memory = report["system"], report["cpu"], report["memory"]
    days, hours = divmod(system["uptime_s"] // 3600, 24)
    lines = [
        f"{system['hostname']}: {system['os']['name']}, kernel {system['kernel']['release']}, up {days} d {hours} h",
        f"{cpu['count']} x {cpu['model']}, load {' '.join(format(value, '.2f') for value in cpu['load'])}",
        f"memory {memory['used_pct']:g} % of {memory['total_mb']} MB used, swap {memory['swap_used_mb']} MB",
    ]
    lines += [
        f"disk {disk['mount']}: {disk['used_pct']:g} % of {disk['total_mb']} MB used ({disk['type']})"
        for disk in report["disks"]
        if "used_pct" in disk
    ]
    lines += _section_lines(report)
    return lines + [f"warning: {warning}" for warning in report["warnings"]]


def _section_lines(report: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    outside = [entry["address"] for entry in report.get("addresses", []) if entry["scope"] == "global"]
    if outside:
        lines.append("addresses " + ", ".join(outside[:8]))
    ports = sorted({(entry["port"], entry["protocol"]) for entry in report.get("ports", [])})
    if ports:
        lines.append("listening on " + ", ".join(f"{port}/{protocol}" for port, protocol in ports[:20]))
    if report.get("services", {}).get("manager"):
        lines.append(f"systemd is {report['services']['state']}, {len(report['services']['failed'])} failed units")
    if report.get("updates", {}).get("manager"):
        lines.append(f"{report['updates']['pending']} updates wait, {report['updates']['security']} for security")
    if report.get("containers", {}).get("engine"):
        running = sum(entry["state"] == "running" for entry in report["containers"]["items"])
        lines.append(
            f"{report['containers']['engine']}: {running} of {len(report['containers']['items'])} containers run"
        )
    return lines


def main() -> None:
    """Read the parameters, answer the report."""
    module = AnsibleModule(
        argument_spec={
            "sections": {"type": "list", "elements": "str", "choices": sorted(SECTIONS), "default": list(SECTIONS)},
            "disk_warn_pct": {"type": "int", "default": 85},
            "memory_warn_pct": {"type": "int", "default": 90},
        },
        supports_check_mode=True,
    )
    given = module.params
    report = collect(given["sections"], given["disk_warn_pct"], given["memory_warn_pct"])
    module.exit_json(changed=False, report=report)


if __name__ == "__main__":
    main()
