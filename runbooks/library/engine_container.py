#!/usr/bin/python
"""Ansible module: restart, stop or remove containers of an engine, planned first and looked at afterwards."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.orch.connections import NoConnection
from ansible.module_utils.orch.engine.access import Access, Engine
from ansible.module_utils.orch.engine.containers import do, find, step
from ansible.module_utils.orch.plan import Plan, Stale
from ansible.module_utils.orch.upstream import UpstreamError

DOCUMENTATION = r"""
module: engine_container
short_description: Restart, stop or remove containers
description:
  - The plan is written in every mode; in check mode nothing else is done.
  - What was done before a failure stays done, and the items say what that is.
options:
  verb: {description: What to do., type: str, choices: [restart, stop, remove], required: true}
  portainer: {description: The file of the connection in the slot portainer, or empty., type: path, default: ""}
  docker: {description: The file of the connection in the slot docker, or empty., type: path, default: ""}
  endpoint_id: {description: Portainer's number of the endpoint; 0 for a Docker connection., type: int, default: 0}
  containers: {description: Ids or names., type: list, elements: str, required: true}
  machine: {description: The machine of the containers behind an agent of Portainer., type: str, default: ""}
  grace_s: {description: Seconds to end by itself before it is killed., type: int, default: 10}
  force: {description: Remove running ones too., type: bool, default: false}
  volumes: {description: Remove their anonymous volumes with them., type: bool, default: false}
  expect_plan: {description: The SHA-256 of the plan that was approved, or empty., type: str, default: ""}
  artifacts_dir: {description: Where plan.json goes., type: path, required: true}
  runbook: {type: str, required: true}
  egress_allow: {description: Networks and names that may be reached although private., type: list, elements: str}
  egress_deny: {description: Endpoints of the product itself., type: list, elements: str}
"""


def plan_of(engine: Engine, given: dict[str, Any]) -> tuple[Plan, list[dict[str, Any]]]:
    """What is going to be done, computed from the containers as they are now; and the steps with their errors."""
    names = list(dict.fromkeys(given["containers"]))
    found = [find(engine, name, given["machine"]) for name in names]
    steps = [step(given["verb"], one, force=given["force"]) for one in found]
    target = {"kind": "endpoint", "id": str(engine.number), "name": engine.name}
    head = {"runbook": given["runbook"], "direction": "apply", "target": target}
    plan = Plan(head, [_item(one) for one in steps], state=[one.state for one in found], facts=_facts(given))
    return plan, [one for one in steps if one["action"] != "noop"]


def _item(step: dict[str, Any]) -> dict[str, Any]:
    """The step as a plan shows it: an objection is a note."""
    item = {name: value for name, value in step.items() if name != "error"}
    return {**item, "note": step["error"]["message"]} if "error" in step else item


def _facts(given: dict[str, Any]) -> dict[str, Any]:
    return {"verb": given["verb"], "volumes": given["volumes"]}


def run(given: dict[str, Any], *, only_plan: bool) -> dict[str, Any]:
    """What the module answers."""
    try:
        access = Access(given["portainer"], given["docker"], given["egress_allow"], given["egress_deny"])
        engine = access.engine(given["endpoint_id"])
    except (NoConnection, UpstreamError) as error:
        return _ended([], {"code": error.code, "message": str(error)})
    plan, steps = plan_of(engine, given)
    plan.write(given["artifacts_dir"])
    head = {"plan_sha256": plan.sha256}
    refused = [one for one in steps if one["action"] == "error"]
    try:
        plan.expect(given["expect_plan"])
    except Stale as stale:
        return {**head, **_ended(steps, {"code": stale.code, "message": str(stale)})}
    if refused:
        message = f"nothing was done: {'; '.join(item['error']['message'] for item in refused)}"
        return {**head, **_ended(steps, {"code": refused[0]["error"]["code"], "message": message})}
    if only_plan:
        return {**head, **_ended(steps, {}), "changed": bool(steps)}
    return {**head, **_done(engine, steps, given)}


def _done(engine: Engine, steps: list[dict[str, Any]], given: dict[str, Any]) -> dict[str, Any]:
    """Carry out one step after the other; the first that fails ends it."""
    ended: list[dict[str, Any]] = []
    failure: dict[str, str] = {}
    for item in steps:
        got = do(engine, given, item)
        ended.append(got)
        if got["action"] == "error":
            failure = _broken_off(ended, len(steps), got)
            break
    applied = [item for item in ended if item["action"] != "error"]
    return {**_ended(ended, failure), "changed": bool(applied)}


def _broken_off(ended: list[dict[str, Any]], planned: int, failed: dict[str, Any]) -> dict[str, str]:
    done, error = len(ended) - 1, failed["error"]
    if not done:
        return {"code": error["code"], "message": f"nothing was done: {error['message']}"}
    message = f"{done} of {planned} containers were done, then {failed['name']} failed: {error['message']}. "
    return {"code": "partial_apply", "message": message + "Run it again: what was done is left as it is"}


def _ended(items: list[dict[str, Any]], failure: dict[str, str]) -> dict[str, Any]:
    actions = [item["action"] for item in items]
    counts = {action: actions.count(action) for action in ("update", "delete", "error")}
    return {"changed": False, "items": items, "counts": counts, "failure": failure, "warnings_found": []}


def main() -> None:
    """Read the parameters, answer an item for each container."""
    module = AnsibleModule(
        argument_spec={
            "verb": {"type": "str", "choices": ["restart", "stop", "remove"], "required": True},
            "portainer": {"type": "path", "default": ""},
            "docker": {"type": "path", "default": ""},
            "endpoint_id": {"type": "int", "default": 0},
            "containers": {"type": "list", "elements": "str", "required": True},
            "machine": {"type": "str", "default": ""},
            "grace_s": {"type": "int", "default": 10},
            "force": {"type": "bool", "default": False},
            "volumes": {"type": "bool", "default": False},
            "expect_plan": {"type": "str", "default": ""},
            "artifacts_dir": {"type": "path", "required": True},
            "runbook": {"type": "str", "required": True},
            "egress_allow": {"type": "list", "elements": "str", "default": []},
            "egress_deny": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    module.exit_json(**run(module.params, only_plan=module.check_mode))


if __name__ == "__main__":
    main()
