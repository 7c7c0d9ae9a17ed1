#!/usr/bin/python
"""Ansible module: one step of ordering a server from a provider, or of deleting what an earlier job ordered."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.orch import connections
from ansible.module_utils.orch.upstream import Reach
from ansible.module_utils.orch.vps import run
from ansible.module_utils.orch.vps.hetzner import Hetzner
from ansible.module_utils.orch.vps.hetzner_api import HetznerApi
from ansible.module_utils.orch.vps.ordered import Order, Unfit
from ansible.module_utils.orch.vps.provider import Provider

DOCUMENTATION = r"""
module: vps_server
short_description: A server of a provider, with the firewall before it
description:
  - C(look) compares the order with what is there and asks for price and stock, C(make) makes what is missing. What is
    there is never changed; another server of the same name is a conflict.
  - With C(undo) the same steps look at, and delete, only what that job made.
  - The host key of a new server is made here and handed over by cloud-init, so that its first connection is verified.
  - What fails upstream is answered in C(failure); the module itself fails only when its parameters are wrong.
  - In check mode every step is C(look).
options:
  step: {choices: [look, make], required: true}
  provider: {choices: [hetzner], required: true}
  connection: {description: File of the connection of the provider's type., type: path, required: true}
  inputs: {description: The order as the runbook's schema describes it., type: dict, required: true}
  job: {description: "The job that orders, or whose server is deleted; a label keeps it.", type: str, required: true}
  undo: {type: bool, default: false}
  admin: {description: Account that is let in., type: str, required: true}
  public_keys: {description: Keys that open the account., type: list, elements: str, default: []}
  egress_allow: {description: Networks and names that may be reached although private., type: list, elements: str}
  egress_deny: {description: Endpoints of the product itself., type: list, elements: str}
"""


def provider_of(given: dict[str, Any]) -> Provider:
    """The provider behind the connection; raises NoConnection."""
    reach = Reach(given["egress_allow"], given["egress_deny"])
    connection = connections.read(given["connection"], given["provider"])
    return Hetzner(HetznerApi(connection, reach), time.sleep)


def step(given: dict[str, Any], *, is_preview: bool) -> run.Report:
    """Do what is asked; raises NoConnection."""
    provider, only_looks = provider_of(given), is_preview or given["step"] == "look"
    name, job = given["inputs"]["name"], given["job"]
    if given["undo"]:
        return run.look_back(provider, name, job) if only_looks else run.delete(provider, name, job)
    try:
        order = Order.of(given["inputs"])
    except Unfit as unfit:
        return run.Report(failure={"code": unfit.code, "message": str(unfit)})
    entrance = run.Entrance(given["admin"], tuple(given["public_keys"]))
    return run.look(provider, order) if only_looks else run.make(provider, order, job, entrance)


def main() -> None:
    """Read the parameters, answer the report."""
    module = AnsibleModule(
        argument_spec={
            "step": {"choices": ["look", "make"], "required": True},
            "provider": {"choices": ["hetzner"], "required": True},
            "connection": {"type": "path", "required": True},
            "inputs": {"type": "dict", "required": True},
            "job": {"type": "str", "required": True},
            "undo": {"type": "bool", "default": False},
            "admin": {"type": "str", "required": True},
            "public_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
            "egress_allow": {"type": "list", "elements": "str", "default": []},
            "egress_deny": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    try:
        report = step(module.params, is_preview=module.check_mode)
    except connections.NoConnection as error:
        module.fail_json(msg=str(error))
    changed = bool(report.made) or (module.check_mode and bool(report.items))
    module.exit_json(changed=changed, report=asdict(report))


if __name__ == "__main__":
    main()
