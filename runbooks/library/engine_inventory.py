#!/usr/bin/python
"""Ansible module: list what runs on the engines behind a connection, in one call, and compare with an earlier list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.orch.connections import NoConnection
from ansible.module_utils.orch.engine.access import Access
from ansible.module_utils.orch.engine.change_set import changes
from ansible.module_utils.orch.engine.inventory import look_at_all
from ansible.module_utils.orch.plan import Plan, canonical, write_whole
from ansible.module_utils.orch.upstream import UpstreamError

DOCUMENTATION = r"""
module: engine_inventory
short_description: List services, containers, stacks and machines of Docker engines
description:
  - Reads only. Every endpoint gets an item; one that fails has an error and what Portainer saw of it last.
  - Values of environment variables are never read out, only their names.
  - Leaves the lists as snapshot.json, so that the next inventory of the connection can be compared with them, and a
    plan.json without steps, which says whose they are.
options:
  portainer: {description: The file of the connection in the slot portainer, or empty., type: path, default: ""}
  docker: {description: The file of the connection in the slot docker, or empty., type: path, default: ""}
  endpoint_ids: {description: Portainer's numbers of endpoints; none is all., type: list, elements: int, default: []}
  include: {description: Which lists., type: list, elements: str, required: true}
  with_stats: {description: The memory of each running container too., type: bool, default: false}
  max_parallel: {type: int, default: 4}
  earlier: {description: The output.json of an earlier inventory to compare with, or empty., type: str, default: ""}
  earlier_path: {description: What the last inventory left; for where earlier is empty., type: path, default: ""}
  artifacts_dir: {description: Where plan.json and snapshot.json are written., type: path, required: true}
  runbook: {description: Name that the plan carries., type: str, required: true}
  egress_allow: {description: Networks and names that may be reached although private., type: list, elements: str}
  egress_deny: {description: Endpoints of the product itself., type: list, elements: str}
"""

SNAPSHOT = "snapshot.json"
KINDS = ("services", "containers", "stacks", "nodes", "volumes", "networks", "images", "secret_names")


class NotAnInventory(Exception):
    """What was given to compare with is something else."""

    code = "validation"

    def __init__(self) -> None:
        super().__init__("the earlier inventory is not the output.json of one")


def inventory(given: dict[str, Any], *, is_preview: bool = False) -> dict[str, Any]:
    """What the module answers."""
    try:
        earlier = _items(given["earlier"]) or _left(given["earlier_path"])
        access = Access(given["portainer"], given["docker"], given["egress_allow"], given["egress_deny"])
        engines = access.engines(given["endpoint_ids"])
    except (NotAnInventory, NoConnection, UpstreamError) as error:
        return _answer([], [], {"code": error.code, "message": str(error)})
    items = look_at_all(engines, given["include"], stats=given["with_stats"], at_once=given["max_parallel"])
    answer = _answer(items, changes(earlier, items), _failure(items))
    return {**answer, **_leave(given, access, items, is_preview=is_preview or bool(answer["failure"]))}


def _leave(given: dict[str, Any], access: Access, items: list[dict[str, Any]], *, is_preview: bool) -> dict[str, str]:
    """Write down whose lists these are, and unless it is a preview the lists themselves, for the next inventory."""
    target = {"kind": given["runbook"], "id": access.id, "name": access.name}
    plan = Plan({"runbook": given["runbook"], "direction": "apply", "target": target}, [], state={})
    plan.write(given["artifacts_dir"])
    if is_preview:
        return {"plan_sha256": plan.sha256, "snapshot_ref": ""}
    write_whole(str(Path(given["artifacts_dir"], SNAPSHOT)), canonical({"schema_version": 1, "items": items}))
    return {"plan_sha256": plan.sha256, "snapshot_ref": SNAPSHOT}


def _answer(items: list[dict[str, Any]], changed: list[dict[str, Any]], failure: dict[str, str]) -> dict[str, Any]:
    failed = [item for item in items if item["action"] == "error"]
    counts = {"endpoints": len(items), "failed": len(failed), "changes": len(changed)}
    counts.update({kind: sum(len(item.get(kind, [])) for item in items) for kind in KINDS})
    return {
        "items": items,
        "counts": counts,
        "changes": changed,
        "failure": failure,
        "warnings_found": [_warning(item) for item in failed],
        "plan_sha256": "",
        "snapshot_ref": "",
    }


def _warning(item: dict[str, Any]) -> str:
    seen = "; the numbers are those that Portainer saw last" if item["stale"] else ""
    return f"{item['name']}: {item['error']['message']}{seen}"


def _failure(items: list[dict[str, Any]]) -> dict[str, str]:
    """Only when no endpoint could be looked at."""
    errors = [item["error"] for item in items if item["action"] == "error"]
    if not items or len(errors) < len(items):
        return {}
    return {"code": errors[0]["code"], "message": f"none of {len(items)} endpoints answered: {errors[0]['message']}"}


def _left(path: str) -> list[dict[str, Any]]:
    """The endpoints of the last inventory; none where there is none."""
    return _items(Path(path).read_text(encoding="utf-8")) if path else []


def _items(text: str) -> list[dict[str, Any]]:
    """The endpoints of an earlier inventory; raises NotAnInventory."""
    if not text.strip():
        return []
    try:
        document = json.loads(text)
    except ValueError:
        raise NotAnInventory from None
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(items, list) or not all(
        isinstance(item, dict) and {"id", "action"} <= set(item) for item in items
    ):
        raise NotAnInventory
    return items


def main() -> None:
    """Read the parameters, answer an item for each endpoint."""
    module = AnsibleModule(
        argument_spec={
            "portainer": {"type": "path", "default": ""},
            "docker": {"type": "path", "default": ""},
            "endpoint_ids": {"type": "list", "elements": "int", "default": []},
            "include": {"type": "list", "elements": "str", "required": True, "choices": list(KINDS)},
            "with_stats": {"type": "bool", "default": False},
            "max_parallel": {"type": "int", "default": 4},
            "earlier": {"type": "str", "default": ""},
            "earlier_path": {"type": "path", "default": ""},
            "artifacts_dir": {"type": "path", "required": True},
            "runbook": {"type": "str", "required": True},
            "egress_allow": {"type": "list", "elements": "str", "default": []},
            "egress_deny": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    module.exit_json(changed=False, **inventory(module.params, is_preview=module.check_mode))


if __name__ == "__main__":
    main()
