"""What differs between a machine and what is wished of it, and making it so."""

from __future__ import annotations

import os
from typing import Any, Iterable, Sequence

from ansible.module_utils.orch.hardening import services
from ansible.module_utils.orch.hardening.machine import Failed, File, Machine
from ansible.module_utils.orch.hardening.parts import ZONES, Part, found
from ansible.module_utils.orch.plan import changed_fields


def compare(parts: Iterable[Part], machine: Machine) -> list[dict[str, Any]]:
    """One item of a plan for each part, `noop` where it is as it shall be."""
    packages = machine.packages()
    return [_item(part, found(part, machine, packages)) for part in parts]


def _item(part: Part, before: dict[str, Any] | None) -> dict[str, Any]:
    after = dict(part.after) if part.after is not None else None
    return {
        "id": part.id,
        "action": _action(before, after),
        "kind": part.kind,
        "name": part.name,
        "before": before,
        "after": after,
        "fields": changed_fields(before, after),
    }


def _action(before: dict[str, Any] | None, after: dict[str, Any] | None) -> str:
    if before == after:
        return "noop"
    if before is None:
        return "create"
    return "update" if after is not None else "delete"


def needed(parts: Sequence[Part], items: Sequence[dict[str, Any]], stage: str) -> list[Part]:
    """The parts of a stage that are not as they shall be."""
    open_ids = {item["id"] for item in items if item["action"] != "noop"}
    return [part for part in parts if part.stage == stage and part.id in open_ids]


def make(parts: Sequence[Part], machine: Machine) -> list[dict[str, str]]:
    """Make these parts, then tell the services; answers what the services were told. Raises Failed.

    A file that its judge refuses is put back at once.
    """
    packages = [part.name for part in parts if part.kind == "package"]
    if packages:
        machine.install(packages)
    for part in parts:
        if part.kind == "account":
            machine.add_account(part.name)
        elif part.kind == "timezone":
            _set_timezone(str((part.after or {})["timezone"]), machine)
        elif part.kind == "file":
            _put(part, machine)
    told: list[dict[str, str]] = []
    for unit in dict.fromkeys(part.unit for part in parts if part.unit):
        told += services.tell(unit, machine)
    return told


def _put(part: Part, machine: Machine) -> None:
    before = machine.read(part.name)
    put_back(part.name, File.of(part.after) if part.after is not None else None, machine)
    try:
        if part.judge:
            machine.must(part.judge)
    except Failed:
        put_back(part.name, before, machine)
        raise


def put_back(path: str, file: File | None, machine: Machine) -> None:
    """Make a file what it was, or shall be."""
    if file is None:
        machine.remove(path)
    else:
        machine.write(path, file)


def _set_timezone(zone: str, machine: Machine) -> None:
    if machine.read(f"{ZONES}/{zone}") is None:
        raise Failed(f"this machine knows no time zone {zone}")
    machine.must(["ln", "-sfn", f"{ZONES}/{zone}", "/etc/localtime"])
    machine.write("/etc/timezone", File(f"{zone}{os.linesep}"))
