"""The running container that a name means. A service keeps its name, while its containers come and go."""

from __future__ import annotations

from typing import Any, Callable, Mapping, Sequence

from ansible.module_utils.orch.engine.access import Engine
from ansible.module_utils.orch.engine.inside import Inside
from ansible.module_utils.orch.upstream import UpstreamError

SERVICES = ("com.docker.swarm.service.name", "com.docker.compose.service")
Row = Mapping[str, Any]


def inside(engine: Engine, asked: str) -> Inside:
    """The container with this name or id, or the only one of the service with this name; raises UpstreamError.

    An agent of Portainer lists the containers of all machines, and says which one each is on. What does not run is not
    listed: looking at it says so.
    """
    rows = engine.get("/containers/json")
    found = next((chosen for rule in _RULES if (chosen := [row for row in rows if rule(row, asked)])), [])
    if len(found) > 1:
        raise UpstreamError("conflict", f"{asked} is {len(found)} running containers; give the id of one")
    if not found:
        return Inside(engine, asked)
    agent = (found[0].get("Portainer") or {}).get("Agent") or {}
    return Inside(engine, str(found[0]["Id"]), str(agent.get("NodeName", "")), name=asked)


def _is(row: Row, asked: str) -> bool:
    return row["Id"] == asked or f"/{asked}" in (row.get("Names") or ())


def _serves(row: Row, asked: str) -> bool:
    labels = row.get("Labels") or {}
    return any(labels.get(name) == asked for name in SERVICES)


def _begins(row: Row, asked: str) -> bool:
    return str(row["Id"]).startswith(asked)


# What is meant, from certain to likely; as the engine itself does it, with services in between.
_RULES: Sequence[Callable[[Row, str], bool]] = (_is, _serves, _begins)
