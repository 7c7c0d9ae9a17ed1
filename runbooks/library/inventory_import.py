#!/usr/bin/python
"""Ansible module: on the worker, read an inventory as Ansible does and say what of it the product is to take over."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.orch.inventory.run import Order, run
from ansible.module_utils.orch.upstream import Reach

DOCUMENTATION = r"""
module: inventory_import
short_description: Hosts, groups and variables of an inventory, compared with what is there
description:
  - Has C(ansible-inventory) read files of a source, or a plugin ask Hetzner Cloud or NetBox, and writes plan.json. The
    document in C(inventory) is what the product takes over; the module itself changes nothing.
  - What fails is answered in C(failure).
options:
  inputs: {description: The inputs as the runbook's schema describes them., type: dict, required: true}
  environment: {description: Whose hosts and groups these are., type: str, required: true}
  inventory_path: {description: File with what the environment holds., type: path, required: true}
  source_path: {description: Folder of the source's inventories, or empty., type: str, default: ""}
  slots: {description: Files of the connections by their slots., type: dict, default: {}}
  artifacts_dir: {description: Where plan.json and snapshot.json are written., type: path, required: true}
  snapshot_path: {description: Snapshot of the run that shall be taken back., type: str, default: ""}
  expect_plan: {description: SHA-256 of the plan that was seen; no other is carried out., type: str, default: ""}
  egress_allow: {description: Networks and names that may be reached although private., type: list, elements: str}
  egress_deny: {description: Endpoints of the product itself., type: list, elements: str}
"""


def order(given: dict[str, Any], *, is_preview: bool) -> Order:
    """The parameters as an order; raises OSError and ValueError where a file cannot be read."""
    return Order(
        inputs=given["inputs"],
        environment=given["environment"],
        there=_read(given["inventory_path"]),
        artifacts_dir=given["artifacts_dir"],
        root=given["source_path"],
        slots=given["slots"],
        reach=Reach(given["egress_allow"], given["egress_deny"]),
        undo=_read(given["snapshot_path"]) if given["snapshot_path"] else None,
        expect_plan=given["expect_plan"],
        is_preview=is_preview,
    )


def _read(path: str) -> Any:
    return json.loads(Path(path).read_text(encoding="utf-8"))


def main() -> None:
    """Read the parameters, answer the report."""
    module = AnsibleModule(
        argument_spec={
            "inputs": {"type": "dict", "required": True},
            "environment": {"type": "str", "required": True},
            "inventory_path": {"type": "path", "required": True},
            "source_path": {"type": "str", "default": ""},
            "slots": {"type": "dict", "default": {}},
            "artifacts_dir": {"type": "path", "required": True},
            "snapshot_path": {"type": "str", "default": ""},
            "expect_plan": {"type": "str", "default": ""},
            "egress_allow": {"type": "list", "elements": "str", "default": []},
            "egress_deny": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    try:
        wanted = order(module.params, is_preview=module.check_mode)
    except (OSError, ValueError) as error:
        module.fail_json(msg=f"a file of the job cannot be read: {error}")
    report = asdict(run(wanted))
    shown = {"diff": {"prepared": report.pop("diff")}, "warnings_found": report.pop("warnings")}
    module.exit_json(changed=report.pop("would_change"), **shown, **report)


if __name__ == "__main__":
    main()
