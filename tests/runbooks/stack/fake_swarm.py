"""A Swarm in memory that answers as an engine does: it keeps specs, makes tasks, and fails where it is told to."""

from typing import Any

from tests.runbooks import modules

NODES = [{"ID": "node1", "Status": {"State": "ready"}}, {"ID": "node2", "Status": {"State": "ready"}}]
APP = {"Id": "net1", "Name": "app", "Scope": "swarm", "Driver": "overlay", "Labels": {}}


class FakeSwarm:
    """`bad` are images whose tasks fail, `refused` names of services that the engine does not take.

    `logins` are those of registries that the services have now and had before, by name; `shown` is which user's login
    the nodes have shown to which registry. `silent` are ids of tasks that say nothing.
    """

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self.tasks_of: dict[str, list[dict[str, Any]]] = {}
        self.things: dict[str, list[dict[str, Any]]] = {"network": [APP], "secret": [], "config": []}
        self.bad: set[str] = set()
        self.refused: set[str] = set()
        self.silent: set[str] = set()
        self.writes: list[str] = []
        self.logins: dict[str, tuple[dict[str, str], dict[str, str]]] = {}
        self.shown: set[tuple[str, str]] = set()
        self.nodes: list[dict[str, Any]] = [dict(node) for node in NODES]
        self._number = 0

    def get(self, path: str, **_query: Any) -> Any:
        return self.nodes if path == "/nodes" else self.things[path.strip("/").removesuffix("s")]

    def services(self) -> list[dict[str, Any]]:
        return [dict(one) for one in self.documents.values()]

    def named(self, id_: str) -> dict[str, Any]:
        return next(dict(one) for one in self.documents.values() if one["ID"] == id_)

    def tasks(self, stack: str) -> list[dict[str, Any]]:
        return [task for tasks in self.tasks_of.values() for task in reversed(tasks)]

    def network_name(self, id_: str) -> str:
        return {"host1": "host"}.get(id_, id_)

    def apart(self) -> "FakeSwarm":
        return self

    def log_of(self, kind: str, id_: str, *, is_terminal: bool) -> list[str]:
        return [] if id_ in self.silent else [f"log of {kind} {id_}"]

    def create(self, kind: str, body: dict[str, Any]) -> str:
        self._note(f"create {kind} {body['Name']}")
        self._number += 1
        id_ = f"{kind}{self._number}"
        if kind == "network":
            self.things[kind].append({"Id": id_, "Scope": "swarm", **body})
        elif kind == "service":
            self._take(id_, body)
        else:
            self.things[kind].append({"ID": id_, "Spec": body})
        return id_

    def update_service(self, service: dict[str, Any], spec: dict[str, Any], **query: Any) -> list[str]:
        name = service["Spec"]["Name"]
        self._note(f"update service {name}")
        before = self.documents[name]
        back = query.get("rollback") == "previous"
        self._take(before["ID"], before["PreviousSpec"] if back else spec, None if back else before["Spec"])
        return []

    def pull(self, service: str, login: dict[str, str], *, whence: str = "spec") -> None:
        """Have the nodes pull for a service, with this login or the one that it has, or had before."""
        has, had = self.logins.get(service, ({}, {}))
        used = login or (had if whence == "previous-spec" else has)
        self.logins[service] = (used, has)
        image = self.documents[service]["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"]
        if used.get("username"):
            self.shown.add((modules.shared("stack.images").registry(image), used["username"]))

    def delete(self, kind: str, id_: str) -> None:
        self._note(f"delete {kind} {id_}")
        self.documents = {name: one for name, one in self.documents.items() if one["ID"] != id_}
        for stored in self.things.values():
            stored[:] = [one for one in stored if id_ not in (one.get("ID"), one.get("Id"))]

    def _note(self, what: str) -> None:
        if what.rsplit(maxsplit=1)[-1] in self.refused:
            raise modules.shared("upstream").UpstreamError(
                "port_in_use", f"{what}: port '80' is already in use by service 'x'", 400
            )
        self.writes.append(what)

    def _take(self, id_: str, spec: dict[str, Any], previous: dict[str, Any] | None = None) -> None:
        """Keep a spec as the engine does, with networks by their ids, and let it come to run, or not."""
        ids = {one["Name"]: one["Id"] for one in self.things["network"]}
        task = spec["TaskTemplate"]
        attached = [{**one, "Target": ids.get(one["Target"], one["Target"])} for one in task.get("Networks", [])]
        kept: dict[str, Any] = {**spec, "TaskTemplate": {**task, "Networks": attached, "Runtime": "container"}}
        self._number += 1
        is_bad = task["ContainerSpec"]["Image"] in self.bad
        document: dict[str, Any] = {"ID": id_, "Version": {"Index": self._number}, "Spec": kept}
        if previous:
            state = "paused" if is_bad else "completed"
            status = {"State": state, "StartedAt": str(self._number), "Message": f"update {state}"}
            document.update(PreviousSpec=previous, UpdateStatus=status)
        self.documents[spec["Name"]] = document
        mode: dict[str, Any] = spec["Mode"]
        count = mode.get("Replicated", {}).get("Replicas", 1)
        self.tasks_of[id_] = [self._task(id_, kept, slot, is_bad) for slot in range(1, count + 1)]

    def _task(self, service_id: str, spec: dict[str, Any], slot: int, is_bad: bool) -> dict[str, Any]:
        status = {"State": "failed", "Err": "task: non-zero exit (1)"} if is_bad else {"State": "running"}
        self._number += 1
        return {
            "ID": f"task{self._number}",
            "ServiceID": service_id,
            "Slot": slot,
            "NodeID": "node1",
            "Spec": spec["TaskTemplate"],
            "Status": status,
            "DesiredState": "shutdown" if is_bad else "running",
            "CreatedAt": str(self._number),
        }
