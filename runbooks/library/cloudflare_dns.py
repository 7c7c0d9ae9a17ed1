#!/usr/bin/python
"""Ansible module: bring the records of one Cloudflare zone to what is wished, all in one call."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.orch import connections
from ansible.module_utils.orch.dns import task
from ansible.module_utils.orch.dns.cloudflare import Cloudflare
from ansible.module_utils.orch.upstream import Reach

DOCUMENTATION = r"""
module: cloudflare_dns
short_description: Records of a Cloudflare zone, in bulk
description:
  - Compares the wished records with the zone, writes plan.json, and changes the zone by batch calls.
  - What fails upstream is answered in C(failure); the module itself fails only when its parameters are wrong.
  - In check mode nothing is changed.
options:
  connection: {description: File of the connection of type cloudflare., type: path, required: true}
  inputs: {description: Zone, records and options as the runbook's schema describes them., type: dict}
  inputs_path: {description: The same as a JSON file, which is faster with thousands of records., type: path}
  runbook: {description: Name that plan and snapshot carry., type: str, required: true}
  artifacts_dir: {description: Where plan.json and snapshot.json are written., type: path, required: true}
  expect_plan: {description: SHA-256 of the plan that was seen; no other is carried out., type: str, default: ""}
  snapshot_path: {description: Snapshot of the run that shall be taken back., type: str, default: ""}
  backup: {description: Text of a backup or snapshot that shall be restored., type: str, default: ""}
  egress_allow: {description: Networks and names that may be reached although private., type: list, elements: str}
  egress_deny: {description: Endpoints of the product itself., type: list, elements: str}
"""

ITEMS = ".items.json"


def document(text: str) -> Any:
    """The JSON that a person gave; what is none becomes a document that nothing accepts."""
    try:
        return json.loads(text)
    except ValueError:
        return {}


def order(given: dict[str, Any], *, is_preview: bool) -> task.Order:
    """The parameters as an order; raises OSError and ValueError where inputs or snapshot cannot be read."""
    snapshot = given["snapshot_path"]
    inputs = given["inputs"] or json.loads(Path(given["inputs_path"]).read_text(encoding="utf-8"))
    return task.Order(
        runbook=given["runbook"],
        zone_id=inputs["zone_id"],
        inputs=inputs,
        artifacts_dir=given["artifacts_dir"],
        expect_plan=given["expect_plan"],
        is_preview=is_preview,
        undo=json.loads(Path(snapshot).read_text(encoding="utf-8")) if snapshot else None,
        restore=document(given["backup"]) if given["backup"] else None,
    )


def keep(items: list[dict[str, Any]], folder: str) -> str:
    """Put the items into a file, and give its path: thousands take seconds on the way through Ansible's own hands."""
    path = Path(folder) / ITEMS
    path.write_text(json.dumps(items), encoding="utf-8")
    return str(path)


def main() -> None:
    """Read the parameters, answer the report."""
    module = AnsibleModule(
        argument_spec={
            "connection": {"type": "path", "required": True},
            "inputs": {"type": "dict"},
            "inputs_path": {"type": "path"},
            "runbook": {"type": "str", "required": True},
            "artifacts_dir": {"type": "path", "required": True},
            "expect_plan": {"type": "str", "default": ""},
            "snapshot_path": {"type": "str", "default": ""},
            "backup": {"type": "str", "default": ""},
            "egress_allow": {"type": "list", "elements": "str", "default": []},
            "egress_deny": {"type": "list", "elements": "str", "default": []},
        },
        required_one_of=[("inputs", "inputs_path")],
        mutually_exclusive=[("inputs", "inputs_path")],
        supports_check_mode=True,
    )
    given = module.params
    try:
        connection = connections.read(given["connection"], "cloudflare")
        wanted = order(given, is_preview=module.check_mode)
    except (connections.NoConnection, OSError, ValueError) as error:
        module.fail_json(msg=str(error))
    api = Cloudflare(connection, wanted.zone_id, Reach(given["egress_allow"], given["egress_deny"]), time.sleep)
    found = asdict(task.run(api, wanted))
    found["items_path"] = keep(found.pop("items"), given["artifacts_dir"])
    shown = {"diff": {"prepared": found.pop("diff")}, "warnings_found": found.pop("warnings")}
    module.exit_json(changed=found.pop("would_change"), **shown, **found)


if __name__ == "__main__":
    main()
