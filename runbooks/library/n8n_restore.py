#!/usr/bin/python
"""Ansible module: bring a backup of n8n_backup, or the snapshot of a restore, back to an n8n server."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.orch.connections import NoConnection
from ansible.module_utils.orch.n8n import bundle, intent, opening, restore
from ansible.module_utils.orch.n8n.faults import Fault
from ansible.module_utils.orch.n8n.report import Report
from ansible.module_utils.orch.upstream import UpstreamError

DOCUMENTATION = r"""
module: n8n_restore
short_description: Restore of an n8n server
description:
  - Compares the server with the backup, writes plan.json, and brings back what is missing or different. What the backup
    does not have stays.
  - What fails is answered in C(failure). In check mode nothing is changed.
options:
  connection: {description: File of the connection of type n8n., type: path, required: true}
  portainer: {description: The file of the connection in the slot portainer, or empty., type: path, default: ""}
  docker: {description: The file of the connection in the slot docker, or empty., type: path, default: ""}
  inputs: {description: The inputs as the runbook's schema describes them., type: dict, required: true}
  artifacts_dir: {description: Where plan.json and snapshot.json are written., type: path, required: true}
  earlier_path: {description: The backup that is restored, unless the inputs have its text., type: str, default: ""}
  earlier_job: {description: The job which that is of; without a file one whose backup is gone., type: str, default: ""}
  snapshot_path: {description: Snapshot of the run that shall be taken back., type: str, default: ""}
  expect_plan: {description: SHA-256 of the plan that was seen; no other is carried out., type: str, default: ""}
  egress_allow: {description: Networks and names that may be reached although private., type: list, elements: str}
  egress_deny: {description: Endpoints of the product itself., type: list, elements: str}
"""


def order(given: dict[str, Any], *, is_preview: bool) -> intent.Order:
    """The parameters as an order; raises Fault, OSError and ValueError where a file cannot be read."""
    inputs, snapshot = given["inputs"], given["snapshot_path"]
    is_undo = bool(snapshot)
    text = inputs["file"]
    return intent.Order(
        artifacts_dir=given["artifacts_dir"],
        kinds=intent.kinds_of(inputs),
        names=inputs["workflows"],
        with_active=inputs["activation"] == "backup",
        max_changes=inputs["max_changes"],
        expect_plan=given["expect_plan"],
        is_preview=is_preview,
        kept=None if is_undo else bundle.read(text) if text.strip() else opening.kept(given["earlier_path"]),
        kept_by=given["earlier_job"],
        undo=json.loads(Path(snapshot).read_text(encoding="utf-8")) if is_undo else None,
    )


def run(given: dict[str, Any], *, is_preview: bool) -> Report:
    """What the module answers."""
    report = Report()
    try:
        server = opening.server(given, opening.container(given))
        return restore.run(server, order(given, is_preview=is_preview))
    except (NoConnection, UpstreamError, Fault) as error:
        report.fail(error.code, str(error))
    except (OSError, ValueError) as error:
        report.fail("validation", f"the backup or snapshot cannot be read: {type(error).__name__}")
    return report


def main() -> None:
    """Read the parameters, answer the report."""
    snapshot = {"snapshot_path": {"type": "str", "default": ""}}
    module = AnsibleModule(argument_spec={**opening.ARGUMENTS, **snapshot}, supports_check_mode=True)
    found = asdict(run(module.params, is_preview=module.check_mode))
    shown = {"diff": {"prepared": found.pop("diff")}, "warnings_found": found.pop("warnings")}
    module.exit_json(changed=found.pop("would_change"), **shown, **found)


if __name__ == "__main__":
    main()
