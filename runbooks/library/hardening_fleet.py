#!/usr/bin/python
"""Ansible module: on the worker, put the looks at all machines into one plan, and their ends into one verdict."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.orch.hardening import fleet

DOCUMENTATION = r"""
module: hardening_fleet
short_description: Plan and verdict of a hardening of several machines
description:
  - C(plan) writes plan.json, and snapshot.json where machines are going to be changed; C(go) says whether they may be.
  - C(conclude) says how each machine ended. Neither touches a machine.
options:
  step: {choices: [plan, conclude], required: true}
  runbook: {type: str, required: true}
  artifacts_dir: {type: path, required: true}
  machines: {description: "What was registered on each machine, by its name.", type: dict, required: true}
  planned: {description: What C(plan) answered., type: dict, default: {}}
  admin: {description: Account by which hardened machines are reached., type: str, default: ""}
  expect_plan: {type: str, default: ""}
  snapshot_path: {type: str, default: ""}
"""


def main() -> None:
    """Read the parameters, answer the verdict."""
    module = AnsibleModule(
        argument_spec={
            "step": {"choices": ["plan", "conclude"], "required": True},
            "runbook": {"type": "str", "required": True},
            "artifacts_dir": {"type": "path", "required": True},
            "machines": {"type": "dict", "required": True},
            "planned": {"type": "dict", "default": {}},
            "admin": {"type": "str", "default": ""},
            "expect_plan": {"type": "str", "default": ""},
            "snapshot_path": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    given = module.params
    snapshot = given["snapshot_path"]
    run = fleet.Run(
        runbook=given["runbook"],
        artifacts_dir=given["artifacts_dir"],
        expect_plan=given["expect_plan"],
        is_preview=module.check_mode,
        undo=json.loads(Path(snapshot).read_text(encoding="utf-8")) if snapshot else None,
    )
    if given["step"] == "plan":
        verdict = fleet.plan(run, given["machines"])
    else:
        verdict = fleet.conclude(run, given["planned"], given["machines"], given["admin"])
    extra = {"services": verdict.services, "hosts": verdict.hosts}
    module.exit_json(changed=False, verdict=asdict(verdict), extra=extra)


if __name__ == "__main__":
    main()
