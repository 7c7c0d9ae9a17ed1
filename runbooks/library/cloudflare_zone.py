#!/usr/bin/python
"""Ansible module: keep the records of one Cloudflare zone as JSON and as a BIND zone file. Changes nothing there."""

from __future__ import annotations

import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.orch import connections
from ansible.module_utils.orch.dns import backup
from ansible.module_utils.orch.dns.cloudflare import Cloudflare, code_of, told
from ansible.module_utils.orch.upstream import Reach, UpstreamError

DOCUMENTATION = r"""
module: cloudflare_zone
short_description: Backup of a Cloudflare zone
description:
  - Writes C(<zone>.json), which a restore reads, and C(<zone>.zone), which Cloudflare exports.
  - What fails upstream is answered in C(failure). Check mode gives the same answer.
options:
  connection: {description: File of the connection of type cloudflare., type: path, required: true}
  zone_id: {type: str, required: true}
  runbook: {description: Name that the backup carries., type: str, required: true}
  artifacts_dir: {description: Where the files are written., type: path, required: true}
  egress_allow: {description: Networks and names that may be reached although private., type: list, elements: str}
  egress_deny: {description: Endpoints of the product itself., type: list, elements: str}
"""


def main() -> None:
    """Read the parameters, answer what was kept."""
    module = AnsibleModule(
        argument_spec={
            "connection": {"type": "path", "required": True},
            "zone_id": {"type": "str", "required": True},
            "runbook": {"type": "str", "required": True},
            "artifacts_dir": {"type": "path", "required": True},
            "egress_allow": {"type": "list", "elements": "str", "default": []},
            "egress_deny": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    given = module.params
    try:
        connection = connections.read(given["connection"], "cloudflare")
    except connections.NoConnection as error:
        module.fail_json(msg=str(error))
    api = Cloudflare(connection, given["zone_id"], Reach(given["egress_allow"], given["egress_deny"]), time.sleep)
    items, failure = [], {}
    try:
        items = [backup.take(api, given["runbook"], given["zone_id"], given["artifacts_dir"])]
    except UpstreamError as error:
        failure = {"code": code_of(error), "message": f"{told(error)}. Nothing was kept"}
    records = items[0]["records"] if items else 0
    module.exit_json(changed=False, items=items, counts={"records": records, "calls": api.calls}, failure=failure)


if __name__ == "__main__":
    main()
