"""Portainer: the engine of an environment through it, and the stacks that it keeps the files of."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.orch.stack.engine import Engine, Speaking
from ansible.module_utils.orch.upstream import Reach

SWARM_STACK = 1


class Portainer(Speaking):
    """The server's own API, for one environment."""

    def __init__(self, connection: dict[str, Any], endpoint_id: int, reach: Reach) -> None:
        self.endpoint_id = endpoint_id
        base, headers = str(connection["url"]).rstrip("/"), {"X-API-Key": str(connection["apiKey"])}
        super().__init__("Portainer", f"{base}/api", headers, reach)
        self.engine = Engine("Docker through Portainer", f"{base}/api/endpoints/{endpoint_id}/docker", headers, reach)

    def explain(self, document: Any) -> str:
        """Portainer's own sentences."""
        if not isinstance(document, dict):
            return ""
        return ": ".join(str(document[name]) for name in ("message", "details") if document.get(name))

    def stack_named(self, name: str) -> Any:
        """The stack of this environment that Portainer keeps; None where there is none."""
        found = [one for one in self.get("/stacks") or [] if one.get("Name") == name]
        return next(
            (one for one in found if one.get("EndpointId") == self.endpoint_id and one["Type"] == SWARM_STACK), None
        )

    def file_of(self, stack: dict[str, Any]) -> str:
        """The stack's compose file."""
        return str(self.get(f"/stacks/{stack['Id']}/file")["StackFileContent"])

    def create_stack(self, name: str, swarm_id: str, content: str, variables: dict[str, str]) -> None:
        """Deploy a stack that Portainer does not know yet."""
        body = {"Name": name, "SwarmID": swarm_id, "StackFileContent": content, "Env": _env(variables)}
        self.call("POST", "/stacks/create/swarm/string", query={"endpointId": self.endpoint_id}, body=body)

    def update(self, stack: dict[str, Any], content: str, variables: dict[str, str], *, pull: bool) -> None:
        """Deploy a stack again with another file. Services that the file has no more stay, to be removed later."""
        body = {"StackFileContent": content, "Env": _env(variables), "Prune": False, "PullImage": pull}
        self.call("PUT", f"/stacks/{stack['Id']}", query={"endpointId": self.endpoint_id}, body=body)


def _env(variables: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in sorted(variables.items())]


def through_portainer(connection: dict[str, Any], endpoint_id: int, allow: list[str], deny: list[str]) -> Portainer:
    """A server by a connection of type portainer."""
    reach = Reach(allow, deny, verify=bool(connection.get("tlsVerify", True)))
    return Portainer(connection, endpoint_id, reach)


class Keeper:
    """Deploys a stack whose file Portainer keeps: all services in one call, however many change."""

    def __init__(
        self, portainer: Portainer, name: str, swarm_id: str, *, content: str, variables: dict[str, str], pull: bool
    ) -> None:
        self._portainer, self._name, self._swarm_id = portainer, name, swarm_id
        self._content, self._variables, self._pull = content, variables, pull
        self._stack = portainer.stack_named(name)
        self._is_deployed = False
        self.file = portainer.file_of(self._stack) if self._stack else ""

    def deploy(self) -> None:
        """Have Portainer deploy the file, once; raises UpstreamError."""
        if self._is_deployed:
            return
        self._is_deployed = True
        if self._stack:
            self._portainer.update(self._stack, self._content, self._variables, pull=self._pull)
        else:
            self._portainer.create_stack(self._name, self._swarm_id, self._content, self._variables)

    def restore(self) -> None:
        """Give Portainer its former file back, or take away the stack that it had not; raises UpstreamError."""
        if self._stack:
            before = {one["name"]: one["value"] for one in self._stack.get("Env") or []}
            self._portainer.update(self._stack, self.file, before, pull=False)
            return
        made = self._portainer.stack_named(self._name)
        if made:
            self._portainer.call("DELETE", f"/stacks/{made['Id']}", query={"endpointId": self._portainer.endpoint_id})
