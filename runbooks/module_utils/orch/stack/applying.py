"""Doing what a plan says, step by step, and undoing it."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.orch.stack import view
from ansible.module_utils.orch.stack.engine import Engine
from ansible.module_utils.orch.stack.live import Live, name_of
from ansible.module_utils.orch.stack.wanted import Wanted

_FILES = (("secret", "Secret"), ("config", "Config"))


class Applying:
    """One run over the steps of a plan. `done` are those that were taken.

    `keeper` deploys the services where Portainer keeps their file. With `goes_back` Swarm is asked to bring each
    service back to what it remembers of it.
    """

    def __init__(
        self, engine: Engine, live: Live, goal: Wanted, keeper: Any = None, *, goes_back: bool = False
    ) -> None:
        self.done: list[dict[str, Any]] = []
        self.warnings: list[str] = []
        self._engine, self._live, self._goal, self._keeper = engine, live, goal, keeper
        self._goes_back = goes_back
        self._ids = {kind: {name_of(kind, one): str(one["ID"]) for one in live.things[kind]} for kind, _api in _FILES}

    def take(self, item: dict[str, Any]) -> None:
        """Take one step; raises UpstreamError."""
        {"create": self._create, "update": self._update, "delete": self._delete}[item["action"]](
            item["kind"], item["name"]
        )
        self.done.append(item)

    @property
    def touched(self) -> list[str]:
        """Services that were made or changed."""
        return [item["name"] for item in self.done if item["kind"] == "service" and item["action"] != "delete"]

    def _create(self, kind: str, name: str) -> None:
        if kind != "service":
            made = self._engine.create(kind, self._goal.new[kind][name])
            self._ids.get(kind, {})[name] = made
        elif self._keeper:
            self._keeper.deploy()
        else:
            self._engine.create("service", self._ready(self._goal.services[name]))

    def _update(self, _kind: str, name: str) -> None:
        service = self._live.services[name]
        if self._keeper:
            self._keeper.deploy()
        elif self._goes_back:
            self.warnings += self._engine.update_service(service, service["Spec"], rollback="previous")
        else:
            self._give(service, self._goal.services[name])

    def _delete(self, kind: str, name: str) -> None:
        one = self._live.services[name] if kind == "service" else self._live.thing(kind, name)
        self._engine.delete(kind, one["ID"])

    def _give(self, service: dict[str, Any], spec: dict[str, Any]) -> None:
        """Give a service a spec without starting anew what stays the same."""
        task = dict(spec["TaskTemplate"])
        task.setdefault("ForceUpdate", (service["Spec"].get("TaskTemplate") or {}).get("ForceUpdate", 0))
        self.warnings += self._engine.update_service(service, self._ready({**spec, "TaskTemplate": task}))

    def _ready(self, spec: dict[str, Any]) -> dict[str, Any]:
        """The spec with the ids of its secrets and configs."""
        task = spec["TaskTemplate"]
        container = dict(task.get("ContainerSpec") or {})
        for kind, api in _FILES:
            if container.get(f"{api}s"):
                known = self._ids[kind]
                container[f"{api}s"] = [
                    {**one, f"{api}ID": known.get(one[f"{api}Name"]) or one.get(f"{api}ID", "")}
                    for one in container[f"{api}s"]
                ]
        return {**spec, "TaskTemplate": {**task, "ContainerSpec": container}}

    def undo(self) -> list[str]:
        """Bring the services back to what they were; the names of those that have to come to stand again.

        Raises UpstreamError. Networks, secrets and configs that were made stay: the next run uses them.
        """
        if self._keeper:
            self._keeper.restore()
        there = {one["Spec"]["Name"]: one for one in self._engine.services()}
        back = []
        for item in reversed(self.done):
            before = self._live.services.get(item["name"]) if item["kind"] == "service" else None
            if before:
                back += self._bring_back(item["name"], before["Spec"], there.get(item["name"]))
            elif item["kind"] == "service" and item["name"] in there:
                self._engine.delete("service", there[item["name"]]["ID"])
        return back

    def _bring_back(self, name: str, before: dict[str, Any], now: Any) -> list[str]:
        spec = without_force(self._live.portable(before))
        if now is None:
            self._engine.create("service", self._ready(spec))
        elif view.of_service(now["Spec"], self._live.network_names) != self._live.shown(name):
            self._give(now, spec)
        return [name]


def without_force(spec: dict[str, Any]) -> dict[str, Any]:
    """The spec without the counter of restarts, which is not a property that is to be restored."""
    task = {name: value for name, value in spec["TaskTemplate"].items() if name != "ForceUpdate"}
    return {**spec, "TaskTemplate": task}


def is_in_the_way(item: dict[str, Any], live: Live, goal: Wanted) -> bool:
    """Whether a service that is to go holds a port that a wanted one needs."""
    if item["kind"] != "service" or item["action"] != "delete":
        return False
    held = _published(live.services[item["name"]]["Spec"])
    return bool(held & set().union(*map(_published, goal.services.values())))


def _published(spec: dict[str, Any]) -> set[Any]:
    ports = (spec.get("EndpointSpec") or {}).get("Ports") or []
    return {(port.get("Protocol", "tcp"), port["PublishedPort"]) for port in ports if port.get("PublishedPort")}
