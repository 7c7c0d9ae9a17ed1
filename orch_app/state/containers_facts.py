"""What the drawer of /containers tells about one thing: facts by name, each with the way it is drawn."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from orch_app.domains.containers.sights import Sight
from orch_app.integrations.docker.things import Container, Inspection, Node, Port, Service, Stack, Task
from orch_app.kit.secret_shapes import hide_values

Shown = dict[str, Any]


def facts_of(thing: Container | Service | Stack | Node, sight: Sight) -> list[Shown]:
    """`{name, kind, text, items}` for everything that is known.

    The kinds `text`, `mono` (words of engines), `time`, `said` (by a program), `kind` of a stack and `role` of a node
    have a text, `chips` have items.
    """
    match thing:
        case Container():
            return _of_container(thing)
        case Service():
            return _of_service(thing, sight)
        case Stack():
            return _of_stack(thing)
        case Node():
            return _of_node(thing)


def facts_of_inspection(found: Inspection) -> list[Shown]:
    """What only a close look tells of a container."""
    return _single(
        ("error", found.error, "text"),
        ("check_says", found.check_says, "said"),
        ("started", found.started_at.isoformat() if found.started_at else "", "time"),
        ("finished", found.finished_at.isoformat() if found.finished_at else "", "time"),
        ("restarts", str(found.restarts), "text"),
        ("command", found.command, "mono"),
    ) + _several(mounts=found.mounts, networks=found.networks, variables=found.variables)


def _of_container(row: Container) -> list[Shown]:
    code = "" if row.exit_code is None else str(row.exit_code)
    return _single(
        ("name", row.name, "mono"),
        ("image", row.image, "mono"),
        ("says", row.status, "text"),
        ("exit_code", code, "mono"),
        ("stack", row.stack, "text"),
        ("service", row.service, "text"),
        ("node", row.node, "text"),
        ("created", row.created_at.isoformat(), "time"),
        ("id", row.id[:12], "mono"),
    ) + _several(ports=_ports(row.ports), labels=_labels(row.labels))


def _of_service(row: Service, sight: Sight) -> list[Shown]:
    return _single(
        ("image", row.image, "mono"),
        ("digest", row.digest, "mono"),
        ("mode", row.mode, "mono"),
        ("replicas", f"{row.running} / {row.wanted}" if row.wanted else str(row.running), "text"),
        ("error", row.error, "text"),
        ("update", row.update, "mono"),
        ("update_message", row.update_message, "text"),
        ("stack", row.stack, "text"),
        ("updated", row.updated_at.isoformat(), "time"),
    ) + _several(tasks=_tasks(row, sight), ports=_ports(row.ports), variables=row.environment_names)


def _of_stack(row: Stack) -> list[Shown]:
    return _single(
        ("kind", row.kind, "kind"),
        ("services", str(row.services), "text"),
        ("containers", str(row.containers), "text"),
        ("in_error", str(row.in_error), "text"),
    )


def _of_node(row: Node) -> list[Shown]:
    return _single(
        ("role", "leader" if row.is_leader else row.role, "role"),
        ("availability", row.availability, "mono"),
        ("state", row.state, "mono"),
        ("address", row.address, "mono"),
        ("engine", row.engine, "mono"),
    )


def task_name(service: Service, task: Task, sight: Sight) -> str:
    """`shop_web.1` by its slot; a task of a global service, which has none, is named by its machine."""
    return f"{service.name}.{task.slot or _machine(task, sight)}"


def _tasks(service: Service, sight: Sight) -> list[str]:
    """Where each task is that no other one has taken the place of, and in what state: `shop_web.1 · n1 · running`."""
    own = [task for task in sight.tasks if task.service_id == service.id and not task.is_over]
    own.sort(key=attrgetter("slot"))
    told = [(task_name(service, task, sight), _machine(task, sight), task.state) for task in own]
    return [" · ".join(filter(None, words)) for words in told]


def _machine(task: Task, sight: Sight) -> str:
    return next((node.name for node in sight.nodes if node.id == task.node_id), "")


def _single(*facts: tuple[str, str, str]) -> list[Shown]:
    return [{"name": name, "kind": kind, "text": text, "items": []} for name, text, kind in facts if text]


def _several(**facts: Sequence[str]) -> list[Shown]:
    return [{"name": name, "kind": "chips", "text": "", "items": list(items)} for name, items in facts.items() if items]


def _ports(ports: Sequence[Port]) -> list[str]:
    """`8080 → 80/tcp` for what is reached from outside, `80/tcp` for the rest."""
    return [f"{f'{port.public} → ' if port.public else ''}{port.private}/{port.protocol}" for port in ports]


def _labels(labels: Mapping[str, str]) -> list[str]:
    """As `name=value`; what sounds secret has no value."""
    return [f"{name}={value}" for name, value in sorted(hide_values(dict(labels)).items())]
