"""A Docker Swarm over the nodes: deployed, watched until it stands, and asked what runs where.

Neither the exit code of `docker service update` nor the counts of replicas say the truth, so the tasks are looked at.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.systems.swarm.nodes import Node
from tests.systems.swarm.refusals import SwarmError

STACK = "jarvis"
LIMIT_S = 240.0
LOOK_S = 0.5
NAMESPACE = "com.docker.stack.namespace"
OURS = json.dumps({"label": [f"{NAMESPACE}={STACK}"]})
HEALTH = "{{with .State}}{{with .Health}}{{range .Log}}{{.ExitCode}} {{.Output}}{{end}}{{end}}{{end}}"
SETTLED = {"", "completed", "rollback_completed"}
WELL = {"running", "complete"}


@dataclass(frozen=True)
class Task:
    """One task of a service: `state` is where it is, `wanted` where it should be, in the words of the engine's API."""

    slot: int
    state: str
    wanted: str
    image: str
    error: str


@dataclass(frozen=True)
class Service:
    """A service of the stack: how its last update went, and all tasks that the swarm remembers, the newest first."""

    update: str
    tasks: list[Task]

    @property
    def unsettled(self) -> str:
        """What is not as it should be yet, in words."""
        present = [task for task in self.tasks if task.wanted not in {"shutdown", "remove"}]
        wrong = [f"{task.slot} {task.state} {task.error}" for task in present if task.state not in WELL]
        if not present and not (self.tasks and self.tasks[0].state == "complete"):  # what has ended runs no more
            wrong = ["no task yet"]
        return f"{self.update} {', '.join(wrong)}" if wrong or self.update not in SETTLED else ""


@dataclass
class Swarm:
    """The manager and the other nodes."""

    manager: Node
    others: list[Node]

    @property
    def nodes(self) -> list[Node]:
        return [self.manager, *self.others]

    def deploy(self, files: Sequence[Path], variables: dict[str, str]) -> None:
        """Deploy or update the stack; returns at once."""
        words = [word for file in files for word in ("--compose-file", str(file))]
        self.manager.docker("stack", "deploy", "--resolve-image", "never", *words, STACK, env=variables)

    def update(self, service: str, *words: str) -> None:
        """`docker service update`; returns at once."""
        self.manager.docker("service", "update", "--quiet", "--detach", *words, f"{STACK}_{service}")

    def services(self) -> dict[str, Service]:
        """The stack's services by the names they have in it."""
        rows: list[dict[str, Any]] = self.manager.look("/services", OURS)
        tasks: list[dict[str, Any]] = self.manager.look("/tasks", OURS)
        tasks.sort(key=lambda task: task["CreatedAt"], reverse=True)
        return {
            row["Spec"]["Name"].removeprefix(f"{STACK}_"): Service(
                row.get("UpdateStatus", {}).get("State", ""),
                [_task(task) for task in tasks if task["ServiceID"] == row["ID"]],
            )
            for row in rows
        }

    def running(self, service: str) -> list[Task]:
        return [task for task in self.services()[service].tasks if task.state == task.wanted == "running"]

    def unsettled(self) -> str:
        """What is not as it should be yet, in words; empty when the stack stands."""
        return "; ".join(f"{name}: {it.unsettled}" for name, it in self.services().items() if it.unsettled)

    def wait_until_it_stands(self, limit_s: float = LIMIT_S) -> None:
        """Wait until every service has what it should have, and still has it at the next look.

        Raises:
            SwarmError: it does not come to that; the message holds states, errors and the ends of the logs.
        """
        self.wait_for(self._stands, self.unsettled, limit_s)

    def wait_for(self, condition: Callable[[], object], why: Callable[[], str], limit_s: float = LIMIT_S) -> None:
        """Look again until it is so.

        Raises:
            SwarmError: it did not become so in time.
        """
        deadline = time.monotonic() + limit_s
        while not condition():
            if time.monotonic() > deadline:
                raise SwarmError(f"after {limit_s:.0f} s: {why()}\n{self.report()}")
            time.sleep(LOOK_S)

    def _stands(self) -> bool:
        if self.unsettled():
            return False
        time.sleep(LOOK_S)
        return not self.unsettled()

    def container(self, service: str, node: Node) -> str:
        """The id of a container of this service that runs on this node.

        Raises:
            SwarmError: there is none.
        """
        words = ("ps", "--quiet", "--filter", f"label=com.docker.swarm.service.name={STACK}_{service}")
        found = node.docker(*words).split()
        if not found:
            raise SwarmError(f"no container of {service} on {node.name}\n{self.report()}")
        return found[0]

    def run_inside(self, service: str, node: Node, *argv: str, text: str = "") -> str:
        """Run a command in such a container; what it printed."""
        return node.docker("exec", "--interactive", self.container(service, node), *argv, text=text)

    def state_of(self, node: Node) -> str:
        """`ready` or `down`, as the manager sees it."""
        return self.manager.docker("node", "inspect", node.name, "--format", "{{.Status.State}}")

    def report(self) -> str:
        """Tasks that are not well, and of every container what its health check said last and the end of its log."""
        lines = [
            f"{name}: {task}"
            for name, service in self.services().items()
            for task in service.tasks
            if task.error or task.state not in WELL
        ]
        return "\n".join([*lines, *(line for node in self.nodes for line in _told_by_containers(node))])


def make_swarm(nodes: Sequence[Node]) -> Swarm:
    """Join the nodes; the first is the manager and keeps the data."""
    manager, *others = nodes
    manager.docker("swarm", "init", "--advertise-addr", manager.address, "--dispatcher-heartbeat", "3s")
    token = manager.docker("swarm", "join-token", "--quiet", "worker")
    for node in others:
        node.docker("swarm", "join", "--advertise-addr", node.address, "--token", token, f"{manager.address}:2377")
    manager.docker("node", "update", "--label-add", "jarvis.data=true", manager.name)
    return Swarm(manager, others)


def _task(row: dict[str, Any]) -> Task:
    status, image = row["Status"], row["Spec"]["ContainerSpec"]["Image"]
    return Task(row.get("Slot", 0), status["State"], row["DesiredState"], image, status.get("Err", ""))


def _told_by_containers(node: Node) -> Iterator[str]:
    ours = ("--all", "--filter", f"label={NAMESPACE}={STACK}")
    for listed in node.docker("ps", *ours, "--format", "{{.ID}} {{.Names}}: {{.Status}}", check=False).splitlines():
        container = listed.split()[0]
        health = node.docker("inspect", "--format", HEALTH, container, check=False)
        log = node.docker("logs", "--tail", "12", container, check=False, both=True)
        yield f"{node.name} {listed}"
        yield from (f"  {line}" for line in [*health.splitlines(), *log.splitlines()])
