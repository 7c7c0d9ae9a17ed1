"""Whether the machine is in a Swarm, and entering one. The token goes to the engine's socket, never to a program."""

from __future__ import annotations

from typing import Any, Mapping

from ansible.module_utils.orch.hardening.machine import Failed, Machine
from ansible.module_utils.orch.hardening.wishes import Refused

PORT = 2377
_ACTIVE = "active"


def wanted(wish: str) -> dict[str, Any]:
    """How a plan shows a member of a Swarm."""
    return {"state": _ACTIVE, "manager": wish != "join-worker"}


def found(machine: Machine) -> dict[str, Any] | None:
    """The same of this machine as it is; None where it is in no Swarm. Raises Failed."""
    state = (machine.engine("GET", "/info") or {}).get("Swarm", {})
    if state.get("LocalNodeState", "inactive") == "inactive":
        return None
    return {"state": state["LocalNodeState"], "manager": bool(state.get("ControlAvailable"))}


def enter(wish: str, door: Mapping[str, Any], machine: Machine) -> dict[str, str]:
    """Make a Swarm or join one; answers what was told to whom. Raises Refused, Failed.

    A machine that is in a Swarm already, in another role, is left as it is: only its own managers may change that.
    """
    if found(machine) is not None:
        raise Refused("the machine is in a Swarm already, in another role: change that at one of its managers")
    listen = {"ListenAddr": f"0.0.0.0:{PORT}"}
    if wish == "init":
        _ask("/swarm/init", listen, machine)
        return {"unit": "docker", "action": "swarm init", "by": "engine"}
    body = {**listen, "RemoteAddrs": [str(door["address"])], "JoinToken": str(door["token"])}
    _ask("/swarm/join", body, machine)
    return {"unit": "docker", "action": f"swarm join {door['address']}", "by": "engine"}


def _ask(path: str, body: Mapping[str, Any], machine: Machine) -> None:
    if machine.engine("POST", path, body) is None:
        raise Failed("no container engine answers on this machine")
