#!/usr/bin/python
"""Ansible module: keep the workflows of an n8n server, its variables and encrypted credentials."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.orch.connections import NoConnection
from ansible.module_utils.orch.n8n import keeping, opening
from ansible.module_utils.orch.n8n.bundle import Bundle
from ansible.module_utils.orch.n8n.faults import Fault
from ansible.module_utils.orch.n8n.rehearsal import rehearse
from ansible.module_utils.orch.n8n.report import Report
from ansible.module_utils.orch.upstream import UpstreamError

DOCUMENTATION = r"""
module: n8n_backup
short_description: Backup of an n8n server
description:
  - Changes nothing on the server. Compares it with the last backup and writes C(snapshot.json), which is the backup, if
    anything is different, C(entities.zip) if the whole database is wished for, and C(manifest.json) in any case. In
    check mode only plan.json is written.
  - What fails is answered in C(failure); the encryption key is only ever told by a fingerprint.
options:
  connection: {description: File of the connection of type n8n., type: path, required: true}
  portainer: {description: The file of the connection in the slot portainer, or empty., type: path, default: ""}
  docker: {description: The file of the connection in the slot docker, or empty., type: path, default: ""}
  inputs: {description: The inputs as the runbook's schema describes them., type: dict, required: true}
  artifacts_dir: {description: Where the files are written., type: path, required: true}
  job: {description: The id of the job that keeps the files., type: str, required: true}
  earlier_path: {description: The last backup of this server, or empty., type: str, default: ""}
  earlier_job: {description: The job which that is of., type: str, default: ""}
  expect_plan: {description: SHA-256 of the plan that was seen., type: str, default: ""}
  egress_allow: {description: Networks and names that may be reached although private., type: list, elements: str}
  egress_deny: {description: Endpoints of the product itself., type: list, elements: str}
"""


def earlier(given: dict[str, Any]) -> Bundle | None:
    """The last backup; one that is gone or damaged keeps nobody from making the next."""
    try:
        return opening.kept(given["earlier_path"])
    except (Fault, OSError):
        return None


def run(given: dict[str, Any], *, is_preview: bool) -> Report:
    """What the module answers."""
    inputs = given["inputs"]
    try:
        inside = opening.container(given)
        server = opening.server(given, inside)
        order = keeping.Order(
            kinds=keeping.kinds_of(inputs),
            artifacts_dir=given["artifacts_dir"],
            job=given["job"],
            earlier=earlier(given),
            earlier_job=given["earlier_job"],
            expect_plan=given["expect_plan"],
            allow_empty=inputs["allow_empty"],
            is_preview=is_preview,
            database=inputs["database"],
        )
    except (NoConnection, UpstreamError, Fault) as error:
        report = Report()
        report.fail(error.code, str(error))
        return report
    is_tested = inputs["restore_test"] and not is_preview
    return keeping.run(server, order, partial(rehearse, inside) if inside and is_tested else None)


def main() -> None:
    """Read the parameters, answer what was kept."""
    job = {"job": {"type": "str", "required": True}}
    module = AnsibleModule(argument_spec={**opening.ARGUMENTS, **job}, supports_check_mode=True)
    found = asdict(run(module.params, is_preview=module.check_mode))
    shown = {"diff": {"prepared": found.pop("diff")}, "warnings_found": found.pop("warnings")}
    module.exit_json(changed=found.pop("would_change"), **shown, **found)


if __name__ == "__main__":
    main()
