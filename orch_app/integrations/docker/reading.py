"""The engine's documents, read into what we look at. Unknown fields are passed over; missing ones are empty."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from orch_app.integrations.docker.things import (
    Container,
    EngineInfo,
    Event,
    Health,
    Node,
    Port,
    Service,
    Stack,
    Task,
    stack_of,
)

SERVICE_LABELS = ("com.docker.swarm.service.name", "com.docker.compose.service")
_EXITED = re.compile(r"Exited \((\d+)\)")
_HEALTH = re.compile(r"\((?:health: )?(starting|healthy|unhealthy)\)")
_DIGEST = re.compile(r"@(sha256:[0-9a-f]{64})$")
_NANOSECONDS = re.compile(r"(\.\d{6})\d+")
_FRACTION = re.compile(r"\.(\d+)")
_SWARM = "com.docker.stack.namespace"
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def info(row: Mapping[str, Any]) -> EngineInfo:
    """The answer of `/info`."""
    swarm = part(row, "Swarm")
    return EngineInfo(
        name=str(row.get("Name", "")),
        version=str(row.get("ServerVersion", "")),
        running=int(row.get("ContainersRunning", 0)),
        stopped=int(row.get("ContainersStopped", 0)),
        nodes=int(swarm.get("Nodes", 0)) if swarm.get("ControlAvailable") else 0,
    )


def container(row: Mapping[str, Any]) -> Container:
    """A line of `/containers/json`; an agent of Portainer adds the machine to it."""
    labels = part(row, "Labels")
    status = str(row.get("Status", ""))
    exited = _EXITED.search(status)
    names: list[str] = row.get("Names") or [str(row["Id"])[:12]]
    return Container(
        id=row["Id"],
        name=names[0].lstrip("/"),
        image=_plain_image(str(row.get("Image", ""))),
        state=str(row.get("State", "")),
        status=status,
        health=_health(status),
        exit_code=int(exited[1]) if exited else None,
        created_at=datetime.fromtimestamp(int(row.get("Created", 0)), UTC),
        stack=stack_of(labels),
        service=_service_of(labels),
        node=str(part(row, "Portainer", "Agent").get("NodeName", "")),
        ports=_container_ports(row.get("Ports") or []),
        labels=labels,
    )


def task(row: Mapping[str, Any]) -> Task:
    """A line of `/tasks`."""
    status = part(row, "Status")
    return Task(
        id=row["ID"],
        service_id=row.get("ServiceID", ""),
        slot=row.get("Slot", 0),
        node_id=row.get("NodeID", ""),
        container_id=part(status, "ContainerStatus").get("ContainerID", ""),
        state=status.get("State", ""),
        wanted=row.get("DesiredState", ""),
        image=_plain_image(part(row, "Spec", "ContainerSpec").get("Image", "")),
        error=status.get("Err", ""),
    )


def node(row: Mapping[str, Any]) -> Node:
    """A line of `/nodes`."""
    spec, status = part(row, "Spec"), part(row, "Status")
    return Node(
        id=row["ID"],
        name=part(row, "Description").get("Hostname", ""),
        role=spec.get("Role", ""),
        availability=spec.get("Availability", ""),
        state=status.get("State", ""),
        is_leader=bool(part(row, "ManagerStatus").get("Leader")),
        address=status.get("Addr", ""),
        engine=part(row, "Description", "Engine").get("EngineVersion", ""),
    )


def service(row: Mapping[str, Any], tasks: Sequence[Task], nodes: Iterable[Node]) -> Service:
    """A line of `/services` with the tasks and machines of the same moment."""
    template = part(row, "Spec", "TaskTemplate", "ContainerSpec")
    update = part(row, "UpdateStatus")
    alive = {node.id for node in nodes if node.state == "ready"}
    own = [task for task in tasks if task.service_id == row["ID"]]
    mode, wanted = _mode(part(row, "Spec", "Mode"), own)
    image = str(template.get("Image", ""))
    return Service(
        id=row["ID"],
        name=row["Spec"]["Name"],
        image=_plain_image(image),
        digest=_digest(image),
        mode=mode,
        wanted=wanted,
        running=len([task for task in own if task.is_running and task.node_id in alive]),
        update=update.get("State", ""),
        update_message=update.get("Message", ""),
        stack=stack_of(part(row, "Spec", "Labels")),
        ports=_service_ports(part(row, "Endpoint").get("Ports") or []),
        environment_names=variable_names(template.get("Env") or []),
        updated_at=instant(row.get("UpdatedAt", "")),
        error=next((task.error for task in own if task.error and not task.is_over), ""),
    )


def stacks(services: Iterable[Service], containers: Iterable[Container]) -> list[Stack]:
    """What belongs together, by name."""
    of_services = [one for one in services if one.stack]
    of_containers = [one for one in containers if one.stack]
    in_swarm = {one.stack for one in of_services} | {
        one.labels[_SWARM] for one in of_containers if _SWARM in one.labels
    }
    service_counts = Counter(one.stack for one in of_services)
    container_counts = Counter(one.stack for one in of_containers)
    in_error = Counter(one.stack for one in (*of_services, *of_containers) if one.is_in_error)
    return [
        Stack(
            name,
            "swarm" if name in in_swarm else "compose",
            service_counts[name],
            container_counts[name],
            in_error[name],
        )
        for name in sorted({*service_counts, *container_counts})
    ]


def event(row: Mapping[str, Any]) -> Event:
    """A line of `/events`."""
    about = part(row, "Actor", "Attributes")
    code = about.get("exitCode", "")
    return Event(
        at=datetime.fromtimestamp(int(row.get("timeNano", 0)) / 1e9, UTC),
        type=row.get("Type", ""),
        action=row.get("Action", ""),
        id=part(row, "Actor").get("ID", ""),
        name=about.get("name", ""),
        stack=stack_of(about),
        service=_service_of(about),
        exit_code=int(code) if code.isdigit() else None,
    )


def instant(text: str) -> datetime:
    """A time as the engine writes it, with up to nine digits after the point; 1970 where there is none."""
    try:
        found = datetime.fromisoformat(_NANOSECONDS.sub(r"\1", text))
    except ValueError:
        return LONG_AGO
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def nanoseconds(text: str) -> int:
    """The same time in nanoseconds since 1970: what puts lines of several logs in order; 0 where there is none."""
    found = instant(text)
    if found is LONG_AGO:
        return 0
    digits = _FRACTION.search(text)
    return int(found.timestamp()) * 10**9 + (int(digits[1][:9].ljust(9, "0")) if digits else 0)


def part(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The document at the end of a path; empty where there is none or null."""
    for name in names:
        row = row.get(name) or {}
    return dict(row)


def _service_of(labels: Mapping[str, str]) -> str:
    return next((labels[name] for name in SERVICE_LABELS if labels.get(name)), "")


def variable_names(environment: Iterable[str]) -> tuple[str, ...]:
    """The names of variables; their values stay where they are."""
    return tuple(sorted(line.partition("=")[0] for line in environment))


def _digest(image: str) -> str:
    found = _DIGEST.search(image)
    return found[1] if found else ""


def _health(status: str) -> Health:
    found = _HEALTH.search(status)
    known: dict[str, Health] = {"starting": "starting", "healthy": "healthy", "unhealthy": "unhealthy"}
    return known[found[1]] if found else ""


def _plain_image(image: str) -> str:
    """Name and tag; the digest behind them is for machines."""
    return _DIGEST.sub("", image)


def _mode(mode: Mapping[str, Any], tasks: Sequence[Task]) -> tuple[str, int]:
    """How many tasks should run: of a global service one for each task that is meant to, of a job none in the end."""
    if "Replicated" in mode:
        return "replicated", int((mode["Replicated"] or {}).get("Replicas", 1))
    if "Global" in mode:
        return "global", sum(task.wanted == "running" for task in tasks)
    return ("replicated-job" if "ReplicatedJob" in mode else "global-job"), 0


def _container_ports(rows: Iterable[Mapping[str, Any]]) -> tuple[Port, ...]:
    """Each port once: the engine names it for IPv4 and for IPv6."""
    found = {Port(int(row["PrivatePort"]), row.get("PublicPort"), str(row.get("Type", "tcp"))) for row in rows}
    return tuple(sorted(found, key=lambda port: (port.private, port.protocol, port.public or 0)))


def _service_ports(rows: Iterable[Mapping[str, Any]]) -> tuple[Port, ...]:
    found = {Port(int(row["TargetPort"]), row.get("PublishedPort"), str(row.get("Protocol", "tcp"))) for row in rows}
    return tuple(sorted(found, key=lambda port: (port.private, port.protocol, port.public or 0)))
