"""The stack as it was before a run changed it: what the way back needs.

The specs are whole, so the environment of the services stands in it as the engine tells it, and Portainer's file of the
stack with its variables. That is why the runbooks ask for it to be sealed. Values of secrets are not in it: the engine
tells nobody.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.module_utils.orch.plan import canonical, write_whole
from ansible.module_utils.orch.stack.applying import without_force
from ansible.module_utils.orch.stack.faults import Fault
from ansible.module_utils.orch.stack.live import Live
from ansible.module_utils.orch.stack.wanted import Wanted

FILE = "snapshot.json"
SCHEMA_VERSION = 1
_NOT_SWARMS = ("host", "bridge", "none")


def write(folder: str, live: Live, runbook: str, kept: dict[str, Any] | None) -> str:
    """Write the stack's state; the name of the file. `kept` is what Portainer has of it, None where it is not asked."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "runbook": runbook,
        "target": {"kind": "stack", "id": live.stack, "name": live.stack},
        "services": {name: live.portable(one["Spec"]) for name, one in live.services.items()},
        **({} if kept is None else {"portainer": kept}),
    }
    write_whole(os.path.join(folder, FILE), canonical(document))  # noqa: PTH118
    return FILE


def read(path: str) -> dict[str, Any]:
    """A snapshot of an earlier job; raises Fault where it is none."""
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Fault("validation", f"the snapshot cannot be read: {error}") from None
    if not isinstance(document, dict) or document.get("schema_version") != SCHEMA_VERSION or "services" not in document:
        raise Fault("validation", "this is no snapshot of a stack")
    return document


def stack_of(document: dict[str, Any]) -> str:
    """The stack that the snapshot is of."""
    return str(document["target"]["name"])


def goal(document: dict[str, Any], live: Live) -> Wanted:
    """The stack as it was; services that are new since then are to go. Raises Fault for what is not there any more."""
    wanted = Wanted({name: without_force(spec) for name, spec in document["services"].items()})
    for spec in wanted.services.values():
        _require_parts(spec, live)
    wanted.leftover = [("service", name) for name in sorted(set(live.services) - set(wanted.services))]
    return wanted


def _require_parts(spec: dict[str, Any], live: Live) -> None:
    task = spec["TaskTemplate"]
    container = task.get("ContainerSpec") or {}
    needed = [("network", one["Target"]) for one in task.get("Networks") or [] if one["Target"] not in _NOT_SWARMS]
    needed += [("secret", one["SecretName"]) for one in container.get("Secrets") or []]
    needed += [("config", one["ConfigName"]) for one in container.get("Configs") or []]
    for kind, name in needed:
        if not live.thing(kind, name):
            raise Fault(f"{kind}_missing", f"{spec['Name']} needs the {kind} {name}, which is no more in the Swarm")
