#!/usr/bin/python
"""Ansible module: list what runs on the engines behind a connection, in one call, and compare with an earlier list."""

from __future__ import annotations

import json
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.orch.connections import NoConnection
from ansible.module_utils.orch.engine.access import Access
from ansible.module_utils.orch.engine.change_set import changes
from ansible.module_utils.orch.engine.inventory import look_at_all
from ansible.module_utils.orch.upstream import UpstreamError

DOCUMENTATION = r"""
module: engine_inventory
short_description: List services, containers, stacks and machines of Docker engines
description:
  - Reads only. Every endpoint gets an item; one that fails has an error and what Portainer saw of it last.
  - Values of environment variables are never read out, only their names.
options:
  portainer: {description: The file of the connection in the slot portainer, or empty., type: path, default: ""}
  docker: {description: The file of the connection in the slot docker, or empty., type: path, default: ""}
  endpoint_ids: {description: Portainer's numbers of endpoints; none is all., type: list, elements: int, default: []}
  include: {description: Which lists., type: list, elements: str, required: true}
  with_stats: {description: The memory of each running container too., type: bool, default: false}
  max_parallel: {type: int, default: 4}
  earlier: {description: The output.json of an earlier inventory to compare with, or empty., type: str, default: ""}
  egress_allow: {description: Networks and names that may be reached although private., type: list, elements: str}
  egress_deny: {description: Endpoints of the product itself., type: list, elements: str}
"""

KINDS = ("services", "containers", "stacks", "nodes", "volumes", "networks", "images", "secret_names")


class NotAnInventory(Exception):
    """What was given to compare with is something else."""

    code = "validation"

    def __init__(self) -> None:
        super().__init__("the earlier inventory is not the output.json of one")


def inventory(given: dict[str, Any]) -> dict[str, Any]:
    """What the module answers."""
    try:
        earlier = _items(given["earlier"])
        access = Access(given["portainer"], given["docker"], given["egress_allow"], given["egress_deny"])
        engines = access.engines(given["endpoint_ids"])
    except (NotAnInventory, NoConnection, UpstreamError) as error:
        return _answer([], [], {"code": error.code, "message": str(error)})
    items = look_at_all(engines, given["include"], stats=given["with_stats"], at_once=given["max_parallel"])
    return _answer(items, changes(earlier, items), _failure(items))


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
            "egress_allow": {"type": "list", "elements": "str", "default": []},
            "egress_deny": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    module.exit_json(changed=False, **inventory(module.params))


if __name__ == "__main__":
    main()
