"""Portainer: the engine of an environment through it, and the stacks that it keeps the files of."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.orch.stack.engine import Engine, Speaking
from ansible.module_utils.orch.stack.faults import Fault
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

    def delete(self, stack: dict[str, Any]) -> None:
        """Remove a stack with all that belongs to it."""
        self.call("DELETE", f"/stacks/{stack['Id']}", query={"endpointId": self.endpoint_id})


def _env(variables: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in sorted(variables.items())]


def through_portainer(connection: dict[str, Any], endpoint_id: int, allow: list[str], deny: list[str]) -> Portainer:
    """A server by a connection of type portainer."""
    reach = Reach(allow, deny, verify=bool(connection.get("tlsVerify", True)))
    return Portainer(connection, endpoint_id, reach)


class Keeper:
    """Deploys a stack whose file Portainer keeps: all services in one call, however many change.

    `kept` is what Portainer has of the stack before: nothing where it is new, else file and variables.
    """

    # Whether what Portainer makes of its file is what is wanted, or has still to be compared.
    is_exact = True
    deploys = True

    def __init__(
        self, portainer: Portainer, name: str, swarm_id: str, *, content: str, variables: dict[str, str], pull: bool
    ) -> None:
        self._portainer, self._name, self._swarm_id = portainer, name, swarm_id
        self._content, self._variables, self._pull = content, variables, pull
        self._stack = portainer.stack_named(name)
        self._is_deployed = False
        self.kept: dict[str, Any] = {}
        if self._stack:
            _require_own_file(self._stack)
            self.kept = {"file": portainer.file_of(self._stack), "variables": _variables(self._stack)}

    def deploy(self) -> None:
        """Have Portainer deploy the file, once; raises UpstreamError."""
        if self._is_deployed:
            return
        self._is_deployed = True
        if self._stack:
            self._portainer.update(self._stack, self._content, self._variables, pull=self._pull)
        else:
            self._portainer.create_stack(self._name, self._swarm_id, self._content, self._variables)

    def remove(self) -> None:
        """What Portainer does when a service goes: nothing by itself."""

    def restore(self) -> None:
        """Give Portainer its former file back, or take away the stack that it had not; raises UpstreamError."""
        if not self._is_deployed:
            return
        if self._stack:
            self._portainer.update(self._stack, self.kept["file"], self.kept["variables"], pull=False)
            return
        made = self._portainer.stack_named(self._name)
        if made:
            self._portainer.delete(made)


class Returning(Keeper):
    """Gives Portainer the file back that it had when a snapshot was taken; the services are compared afterwards.

    Where it had none then, the stack goes with its first service.
    """

    is_exact = False

    def __init__(self, portainer: Portainer, name: str, swarm_id: str, before: dict[str, Any]) -> None:
        file, variables = before.get("file", ""), before.get("variables") or {}
        super().__init__(portainer, name, swarm_id, content=file, variables=variables, pull=False)
        self.deploys = bool(file)

    def remove(self) -> None:
        """Take the stack away that Portainer had not; raises UpstreamError."""
        if self._stack and not self._content:
            self._portainer.delete(self._stack)
            self._stack = None


def _require_own_file(stack: dict[str, Any]) -> None:
    """Raises Fault for a stack whose file Portainer takes from a repository: it would come back from there."""
    git = stack.get("GitConfig")
    if git:
        raise Fault(
            "conflict", f"Portainer keeps this stack from {git.get('URL', 'Git')}: deploy it there, or detach it"
        )


def _variables(stack: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in stack.get("Env") or []}
