#!/usr/bin/python
"""Ansible module: one step of hardening the machine it runs on, without ever shutting the operator out."""

from __future__ import annotations

import json
from dataclasses import asdict

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.orch.hardening.machine import Failed, Machine
from ansible.module_utils.orch.hardening.steps import PATIENCE_S, Hardening
from ansible.module_utils.orch.hardening.wishes import Refused, Wishes

DOCUMENTATION = r"""
module: server_hardening
short_description: Administrator, sshd, firewall, fail2ban and updates of one machine
description:
  - C(look) compares and writes nothing, C(prepare) makes what lets people in, C(close) what could shut somebody out.
  - C(close) leaves a watchdog behind that opens everything again after C(patience_s), unless C(confirm) was called by a
    new connection before. C(restore) opens at once. C(join) enters a Swarm.
  - In check mode every step is C(look).
options:
  step: {choices: [look, prepare, close, confirm, restore, join], required: true}
  wished:
    description:
      - C(inputs) as the runbook's schema describes them, C(public_keys) by which the product logs in, and in C(undo)
        what a snapshot kept of this machine, when that shall come back.
    type: dict
    required: true
  token: {description: Names the run to the watchdog., type: str, default: run}
  patience_s: {description: How many seconds the watchdog waits for somebody to confirm., type: int, default: 120}
  door: {description: "Address and token of a manager, for C(join).", type: dict, default: {}}
"""


def main() -> None:
    """Read the parameters, do the step, answer its report."""
    module = AnsibleModule(
        argument_spec={
            "step": {"choices": ["look", "prepare", "close", "confirm", "restore", "join"], "required": True},
            "wished": {"type": "dict", "required": True},
            "token": {"type": "str", "default": "run", "no_log": False},
            "patience_s": {"type": "int", "default": PATIENCE_S},
            "door": {"type": "dict", "default": {}, "no_log": True},
        },
        supports_check_mode=True,
    )
    given = module.params
    step = "look" if module.check_mode else given["step"]
    try:
        wished = given["wished"]
        wishes = Wishes.of(wished["inputs"], tuple(wished["public_keys"]))
        hardening = Hardening(Machine(), wishes, wished["undo"] or None)
        more = {"close": [given["token"], given["patience_s"]], "join": [given["door"]]}.get(step, [])
        report = getattr(hardening, step)(*more)
    except (Refused, Failed) as error:
        module.fail_json(msg=str(error), code=error.code)
    except OSError as error:
        module.fail_json(msg=f"{error.filename}: {error.strerror}", code="task_failed")
    changes = [item for item in report.items if item["action"] != "noop"]
    module.exit_json(changed=bool(changes or report.made), report=asdict(report), diff=_diff(changes))


def _diff(changes: list) -> list:
    """What Ansible shows with --diff."""
    return [{"before_header": item["id"], "after_header": item["id"], **_sides(item)} for item in changes]


def _sides(item: dict) -> dict:
    return {side: _shown(item[side]) for side in ("before", "after")}


def _shown(state: dict) -> str:
    if not state:
        return ""
    return state["content"] if "content" in state else f"{json.dumps(state, sort_keys=True)}\n"


if __name__ == "__main__":
    main()
