"""From the parameters of a module to the server that is meant."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.orch import connections
from ansible.module_utils.orch.engine.access import Access, Engine
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
    "expect_plan": {"type": "str", "default": ""},
    "egress_allow": {"type": "list", "elements": "str", "default": []},
    "egress_deny": {"type": "list", "elements": "str", "default": []},
}


def server(given: dict[str, Any]) -> Server:
    """The n8n of the connection, with its container where the method asks for it.

    Raises NoConnection, UpstreamError and Fault.
    """
    connection = connections.read(given["connection"], "n8n")
    api = N8n(connection, Reach(given["egress_allow"], given["egress_deny"]))
    command = Command(Inside(engine(given), given["inputs"]["container"])) if is_by_cli(given) else None
    return Server(connection, api, command)


def is_by_cli(given: dict[str, Any]) -> bool:
    """Whether n8n's command line is to be used; raises Fault where its container is not named."""
    inputs = given["inputs"]
    if inputs["method"] != CLI:
        return False
    if not inputs.get("container"):
        raise Fault("validation", "the method cli needs the container that n8n runs in")
    return True


def engine(given: dict[str, Any]) -> Engine:
    """The engine of the container; raises NoConnection and UpstreamError."""
    access = Access(given["portainer"], given["docker"], given["egress_allow"], given["egress_deny"], EXEC_S)
    return access.engine(given["inputs"]["endpoint_id"])


def kept(path: str) -> Bundle | None:
    """The backup that the product handed over, if there is one; raises Fault and OSError."""
    if not path:
        return None
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        return read(file.read())
