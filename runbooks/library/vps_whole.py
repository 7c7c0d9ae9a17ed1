#!/usr/bin/python
"""Ansible module: on the worker, put an order and the machines that it is about into one plan, and into one verdict."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.orch.hardening import fleet
from ansible.module_utils.orch.vps import whole

DOCUMENTATION = r"""
module: vps_whole
short_description: Plan and verdict of a provisioning
description:
  - C(plan) writes plan.json, and snapshot.json where something is going to be changed; C(go) says whether it may be.
  - C(conclude) says how it ended, and which host the inventory gets. Neither touches a machine or a provider.
options:
  step: {choices: [plan, conclude], required: true}
  run: {description: "runbook, job, artifacts_dir, expect_plan, snapshot_path.", type: dict, required: true}
  inputs: {type: dict, required: true}
  lacking: {description: Faults of inputs and connections as a whole., type: list, elements: str, default: []}
  no_door: {description: "C({code, message}) where no manager of the Swarm told its door.", type: dict, default: {}}
  machines: {description: "What was registered on each machine, by its name.", type: dict, required: true}
  order: {description: Report of the look at the order., type: dict, default: {}}
  made: {description: Report of making or deleting., type: dict, default: {}}
  dns: {description: What cloudflare_dns answered., type: dict, default: {}}
  planned: {description: What C(plan) answered., type: dict, default: {}}
"""


def main() -> None:
    """Read the parameters, answer the verdict."""
    reports = {name: {"type": "dict", "default": {}} for name in ("no_door", "order", "made", "dns", "planned")}
    module = AnsibleModule(
        argument_spec={
            "step": {"choices": ["plan", "conclude"], "required": True},
            "run": {"type": "dict", "required": True},
            "inputs": {"type": "dict", "required": True},
            "lacking": {"type": "list", "elements": "str", "default": []},
            "machines": {"type": "dict", "required": True},
            **reports,
        },
        supports_check_mode=True,
    )
    given, about = module.params, module.params["run"]
    known = {name: given[name] for name in ("inputs", "no_door", "order", "made", "dns")}
    parts = whole.Parts(job=about["job"], lacking=tuple(given["lacking"]), **known)
    snapshot = about["snapshot_path"]
    undo = json.loads(Path(snapshot).read_text(encoding="utf-8")) if snapshot else None
    looks = given["machines"] if given["step"] == "plan" else {}
    run = fleet.Run(
        runbook=about["runbook"],
        artifacts_dir=about["artifacts_dir"],
        expect_plan=about["expect_plan"],
        is_preview=module.check_mode,
        undo=undo,
        more=whole.more(parts, undo, looks),
    )
    if given["step"] == "plan":
        verdict = fleet.plan(run, looks)
    else:
        verdict = whole.conclude(run, parts, given["planned"], given["machines"])
    extra = {"services": verdict.services, "hosts": verdict.hosts, "price": whole.prices(parts)}
    module.exit_json(changed=False, verdict=asdict(verdict), extra=extra)


if __name__ == "__main__":
    main()
