#!/usr/bin/python
"""Ansible module: on the worker, ask a manager where and with which token machines join its Swarm."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.orch import connections
from ansible.module_utils.orch.engine.access import Access
from ansible.module_utils.orch.upstream import UpstreamError

DOCUMENTATION = r"""
module: swarm_door
short_description: Address and token of a manager of a Swarm
description:
  - Reads what C(docker swarm join-token) shows. Changes nothing, also not in check mode. Its answer holds a secret.
options:
  connection: {description: File of a connection of type docker that leads to a manager., type: path, required: true}
  role: {choices: [worker, manager], required: true}
  egress_allow: {description: Networks and names that may be reached although private., type: list, elements: str}
  egress_deny: {description: Endpoints of the product itself., type: list, elements: str}
"""


def door(given: dict[str, Any]) -> dict[str, str]:
    """What the manager says; raises NoConnection, UpstreamError."""
    (manager,) = Access("", given["connection"], given["egress_allow"], given["egress_deny"]).engines()
    token = manager.get("/swarm")["JoinTokens"][given["role"].capitalize()]
    managers = manager.get("/info")["Swarm"]["RemoteManagers"]
    return {"address": managers[0]["Addr"], "token": token}


def main() -> None:
    """Read the parameters, answer the door."""
    module = AnsibleModule(
        argument_spec={
            "connection": {"type": "path", "required": True},
            "role": {"choices": ["worker", "manager"], "required": True},
            "egress_allow": {"type": "list", "elements": "str", "default": []},
            "egress_deny": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    try:
        found = door(module.params)
    except (connections.NoConnection, UpstreamError) as error:
        module.fail_json(msg=f"no manager of a Swarm answers: {error}", code=getattr(error, "code", "validation"))
    module.exit_json(changed=False, door=found)


if __name__ == "__main__":
    main()
