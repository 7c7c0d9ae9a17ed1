"""From the parameters of a module to the server that is meant."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.orch import connections
from ansible.module_utils.orch.engine import running
from ansible.module_utils.orch.engine.access import Access
from ansible.module_utils.orch.engine.inside import Inside
from ansible.module_utils.orch.n8n.api import N8n
from ansible.module_utils.orch.n8n.bundle import Bundle, read
from ansible.module_utils.orch.n8n.command import Command
from ansible.module_utils.orch.n8n.faults import Fault
from ansible.module_utils.orch.n8n.source import CLI, Server
from ansible.module_utils.orch.upstream import Reach

# n8n's command line takes its time to start, and says nothing meanwhile.
EXEC_S = 300
ARGUMENTS: dict[str, dict[str, Any]] = {
    "connection": {"type": "path", "required": True},
    "portainer": {"type": "path", "default": ""},
    "docker": {"type": "path", "default": ""},
    "inputs": {"type": "dict", "required": True},
    "artifacts_dir": {"type": "path", "required": True},
    "earlier_path": {"type": "str", "default": ""},
    "earlier_job": {"type": "str", "default": ""},
    "expect_plan": {"type": "str", "default": ""},
    "egress_allow": {"type": "list", "elements": "str", "default": []},
    "egress_deny": {"type": "list", "elements": "str", "default": []},
}


def server(given: dict[str, Any], inside: Inside | None) -> Server:
    """The n8n of the connection, and of its container where there is one; raises NoConnection and UpstreamError."""
    connection = connections.read(given["connection"], "n8n")
    api = N8n(connection, Reach(given["egress_allow"], given["egress_deny"]))
    return Server(connection, api, Command(inside) if inside else None)


def container(given: dict[str, Any]) -> Inside | None:
    """The container that n8n runs in, if the method needs one; raises NoConnection, UpstreamError and Fault."""
    inputs = given["inputs"]
    if inputs["method"] != CLI:
        return None
    if not inputs.get("container"):
        raise Fault("validation", "the method cli needs the container that n8n runs in")
    access = Access(given["portainer"], given["docker"], given["egress_allow"], given["egress_deny"], EXEC_S)
    return running.inside(access.engine(inputs["endpoint_id"]), inputs["container"])


def kept(path: str) -> Bundle | None:
    """The backup that the product handed over, if there is one; raises Fault and OSError."""
    if not path:
        return None
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        return read(file.read())
