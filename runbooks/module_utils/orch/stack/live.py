"""What there is in the Swarm before a stack is touched."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.orch.stack import names, view
from ansible.module_utils.orch.stack.engine import Engine

KINDS = ("network", "secret", "config")


class Live:
    """The Swarm's services, and its networks, secrets and configs by their names."""

    def __init__(self, stack: str, services: list[dict[str, Any]], things: dict[str, list[dict[str, Any]]]) -> None:
        self.stack = stack
        self.all_services = services
        self.services = {one["Spec"]["Name"]: one for one in services if view.stack_of(one["Spec"]) == stack}
        self.things = things
        self.network_names = {one["Id"]: one["Name"] for one in things["network"]}

    @property
    def others(self) -> list[dict[str, Any]]:
        """The specs of services that are not of this stack."""
        return [one["Spec"] for one in self.all_services if view.stack_of(one["Spec"]) != self.stack]

    def thing(self, kind: str, name: str) -> Any:
        """A network, secret or config by its name; None where there is none."""
        found = [one for one in self.things[kind] if name_of(kind, one) == name]
        return next((one for one in found if kind != "network" or one.get("Scope") == "swarm"), None)

    def is_ours(self, kind: str, one: dict[str, Any]) -> bool:
        """Whether the thing belongs to the stack."""
        labels = one.get("Labels") if kind == "network" else one["Spec"].get("Labels")
        return (labels or {}).get(names.STACK) == self.stack

    def shown(self, name: str) -> Any:
        """A service of the stack by its fields; None where there is none."""
        one = self.services.get(name)
        return view.of_service(one["Spec"], self.network_names) if one else None

    def portable(self, spec: dict[str, Any]) -> dict[str, Any]:
        """A spec with its networks by their names, as they may have other ids when it is needed again."""
        task = spec.get("TaskTemplate") or {}
        attached = [
            {**one, "Target": self.network_names.get(one["Target"], one["Target"])}
            for one in task.get("Networks") or []
        ]
        return {**spec, "TaskTemplate": {**task, "Networks": attached}}

    def unlisted_networks(self) -> list[str]:
        """Ids of networks that services of the stack are in and no list tells: those of the nodes themselves."""
        specs = [one["Spec"] for one in self.services.values()]
        attached = {one["Target"] for spec in specs for one in spec["TaskTemplate"].get("Networks") or []}
        return sorted(attached - set(self.network_names))

    def state(self) -> dict[str, Any]:
        """What the plan is computed from: nothing in it changes by itself."""
        things = {
            kind: sorted(name_of(kind, one) for one in self.things[kind] if self.is_ours(kind, one)) for kind in KINDS
        }
        return {"services": {name: self.shown(name) for name in self.services}, **things}


def name_of(kind: str, one: dict[str, Any]) -> str:
    """What a network, secret or config is called."""
    return str(one["Name"] if kind == "network" else one["Spec"]["Name"])


def update_of(service: dict[str, Any]) -> str:
    """When the service's last update began, as the engine tells it; empty where there was none."""
    return str((service.get("UpdateStatus") or {}).get("StartedAt") or "")


def read(engine: Engine, stack: str) -> Live:
    """Look at the Swarm; raises UpstreamError."""
    things = {kind: engine.get(f"/{kind}s") or [] for kind in KINDS}
    found = Live(stack, engine.services(), things)
    found.network_names.update({id_: engine.network_name(id_) for id_ in found.unlisted_networks()})
    return found
