"""Doing what a plan says, step by step, and undoing it."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.orch.stack import view
from ansible.module_utils.orch.stack.engine import Engine
from ansible.module_utils.orch.stack.live import Live, name_of
from ansible.module_utils.orch.stack.wanted import Wanted

_FILES = (("secret", "Secret"), ("config", "Config"))


class Applying:
    """One run over the steps of a plan. `tried` are those that were begun, `done` those that the engine confirmed.

    `keeper` deploys the services where Portainer keeps their file. With `goes_back` Swarm is asked to bring each
    service back to what it remembers of it.
    """

    def __init__(
        self, engine: Engine, live: Live, goal: Wanted, keeper: Any = None, *, goes_back: bool = False
    ) -> None:
        self.engine, self.live = engine, live
        self.tried: list[dict[str, Any]] = []
        self.done: list[dict[str, Any]] = []
        self.warnings: list[str] = []
        self._goal, self._keeper = goal, keeper
        self._goes_back = goes_back
        self._ids = {kind: {name_of(kind, one): str(one["ID"]) for one in live.things[kind]} for kind, _api in _FILES}

    def take(self, item: dict[str, Any]) -> None:
        """Take one step; raises UpstreamError."""
        self.tried.append(item)
        {"create": self._create, "update": self._update, "delete": self._delete}[item["action"]](
            item["kind"], item["name"]
        )
        self.done.append(item)

    def keep(self) -> None:
        """Give Portainer the file also where no service is to be made or changed by it; raises UpstreamError."""
        if self._keeper and self._keeper.deploys:
            self._keeper.deploy()

    @property
    def touched(self) -> list[str]:
        """Services that were made or changed."""
        return [item["name"] for item in self.done if item["kind"] == "service" and item["action"] != "delete"]

    def _create(self, kind: str, name: str) -> None:
        if kind != "service":
            made = self.engine.create(kind, self._goal.new[kind][name])
            self._ids.get(kind, {})[name] = made
        elif self._keeper and self._keeper.deploys:
            self._keeper.deploy()
            self._correct(name)
        else:
            self.engine.create("service", self._ready(self._goal.services[name]))

    def _update(self, _kind: str, name: str) -> None:
        service = self.live.services[name]
        if self._keeper and self._keeper.deploys:
            self._keeper.deploy()
            self._correct(name)
        elif self._goes_back:
            self.warnings += self.engine.update_service(service, service["Spec"], rollback="previous")
        else:
            self._give(service, self._goal.services[name])

    def _delete(self, kind: str, name: str) -> None:
        one = self.live.services[name] if kind == "service" else self.live.thing(kind, name)
        if self._keeper:
            self._keeper.remove()
        self.engine.delete(kind, one["ID"])

    def _correct(self, name: str) -> None:
        """Give a service what it is to be, where what Portainer makes of its file may be something else."""
        if self._keeper.is_exact:
            return
        there = {one["Spec"]["Name"]: one for one in self.engine.services()}
        if name not in there:
            self.engine.create("service", self._ready(self._goal.services[name]))
        elif self._differs(there[name]["Spec"], self._goal.services[name]):
            self._give(there[name], self._goal.services[name])

    def _differs(self, one: dict[str, Any], other: dict[str, Any]) -> bool:
        return view.of_service(one, self.live.network_names) != view.of_service(other, self.live.network_names)

    def _give(self, service: dict[str, Any], spec: dict[str, Any]) -> None:
        """Give a service a spec without starting anew what stays the same."""
        task = dict(spec["TaskTemplate"])
        task.setdefault("ForceUpdate", (service["Spec"].get("TaskTemplate") or {}).get("ForceUpdate", 0))
        self.warnings += self.engine.update_service(service, self._ready({**spec, "TaskTemplate": task}))

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

        Raises UpstreamError. Networks, secrets and configs that were made stay: the next run uses them. What was begun
        and not confirmed may have been done, and is looked at too.
        """
        if self._keeper:
            self._keeper.restore()
        there = {one["Spec"]["Name"]: one for one in self.engine.services()}
        back = []
        for item in reversed(self.tried):
            before = self.live.services.get(item["name"]) if item["kind"] == "service" else None
            if before:
                back += self._bring_back(item["name"], before["Spec"], there.get(item["name"]))
            elif item["kind"] == "service" and item["name"] in there:
                self.engine.delete("service", there[item["name"]]["ID"])
        return back

    def _bring_back(self, name: str, before: dict[str, Any], now: Any) -> list[str]:
        spec = without_force(self.live.portable(before))
        if now is None:
            self.engine.create("service", self._ready(spec))
        elif self._differs(now["Spec"], before):
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
