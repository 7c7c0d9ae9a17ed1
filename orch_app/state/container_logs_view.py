"""What the screen /logs shows: the tree of everything that has a log, and which logs a choice in it means.

A choice is a text: an endpoint's id, and after a slash what is meant there: `stack:shop`, `service:shop:shop_web`,
`c:shop_web.1`. Stacks and services stay chosen when their containers are others. A service that runs on machines whose
containers are not listed is heard as a whole, through the manager of its Swarm.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from orch_app.domains.containers.inspections import Source
from orch_app.domains.containers.logs import LogSource, ServiceSource
from orch_app.domains.containers.sights import Sight
from orch_app.domains.containers.tails import Heard
from orch_app.integrations.docker.things import Container, Service
from orch_app.state.containers_facts import task_name
from orch_app.state.containers_view import badge_of, service_badge_of, short_name

HUES = 8
LONGEST_CHOICE = 4_000
MOST_CHOICES = 100
Shown = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """One log that is meant by a choice: `key` names it, `leaf` in the tree; `label` is what its lines say.

    The lines of a service say which task wrote them: `writers` are their names by their ids.
    """

    key: str
    leaf: str
    label: str
    source: LogSource
    writers: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> dict[str, str]:
        """What lines say by who wrote them: the log's key alone, or followed by the task."""
        return {self.key: self.label} | {f"{self.key}/{task}": name for task, name in self.writers.items()}


def choices_of(text: str) -> list[str]:
    """The choices of an address, each once."""
    return list(dict.fromkeys(part for part in text.split(",") if part))[:MOST_CHOICES]


def tree_of(sights: Sequence[Sight]) -> list[Shown]:
    """Endpoints, their stacks, services and containers: `{key, label, kind, tone, badge, children}` each."""
    return [
        {
            "key": str(sight.seen.id),
            "label": sight.seen.name,
            "kind": "endpoint",
            "tone": "bad" if sight.error else "",
            "badge": "offline" if sight.error else "",
            "environment": sight.seen.door.environment,
            "children": [] if sight.error else _stacks_of(sight),
        }
        for sight in sights
    ]


def wanted_of(sights: Sequence[Sight], choices: Sequence[str], before: Sequence[Wanted] = ()) -> list[Wanted]:
    """The logs that the choices mean; of an endpoint that does not answer those that were meant `before`."""
    silent = {str(sight.seen.id) for sight in sights if sight.error}
    kept = [one for one in before if one.source.endpoint_id in silent]
    return [one for sight in sights if sight.error is None for one in _meant(sight, set(choices))] + kept


def silent_of(sights: Sequence[Sight], choices: Sequence[str]) -> list[str]:
    """The names of the chosen endpoints that do not answer."""
    chosen = {choice.partition("/")[0] for choice in choices}
    return [sight.seen.name for sight in sights if sight.error and str(sight.seen.id) in chosen]


def show_sources(wanted: Sequence[Wanted], hues: dict[str, int], troubles: Mapping[str, str]) -> list[Shown]:
    """The logs that are meant, each with its colour and the code of what keeps it from being heard."""
    return [
        {"leaf": one.leaf, "label": one.label, "hue": hue_of(one.key, hues), "trouble": troubles.get(one.key, "")}
        for one in wanted
    ]


def show_lines(lines: Sequence[Heard], first: int, names: Mapping[str, str], hues: dict[str, int]) -> list[Shown]:
    """Lines as the log viewer takes them, numbered from `first` on."""
    return [
        {
            "seq": first + place,
            "ts": line.at,
            "level": line.level,
            "host": names.get(f"{line.source}/{line.task}", names.get(line.source, "")),
            "hue": hue_of(line.source, hues),
            "task": "",
            "message": line.text,
        }
        for place, line in enumerate(lines)
    ]


def hue_of(key: str, hues: dict[str, int]) -> int:
    """The colour of a source: the next one when it is new, and the same from then on."""
    return hues.setdefault(key, len(hues) % HUES + 1)


def _meant(sight: Sight, choices: AbstractSet[str]) -> Iterator[Wanted]:
    """What is meant at one endpoint. A container whose service is heard as a whole is not heard a second time."""
    endpoint = str(sight.seen.id)
    far = [one for one in sight.far_services if not choices.isdisjoint(_around(endpoint, one.stack, one.name))]
    yield from (_wanted_service(sight, one) for one in far)
    told = {(one.stack, one.name) for one in far}
    for row in sight.containers:
        meanings = (_leaf_key(endpoint, row), *_around(endpoint, row.stack, row.service))
        if (row.stack, row.service) not in told and not choices.isdisjoint(meanings):
            yield _wanted_container(endpoint, row)


def _wanted_container(endpoint: str, row: Container) -> Wanted:
    source = Source(endpoint, row.id, row.node)
    return Wanted(f"{endpoint}/{row.id}", _leaf_key(endpoint, row), short_name(row), source)


def _wanted_service(sight: Sight, service: Service) -> Wanted:
    endpoint = str(sight.seen.id)
    own = [task for task in sight.tasks if task.service_id == service.id]
    writers = {task.id: task_name(service, task, sight) for task in own}
    leaf, source = _service_key(endpoint, service.stack, service.name), ServiceSource(endpoint, service.id)
    return Wanted(f"{endpoint}/{service.id}", leaf, service.name, source, writers)


def _leaf_key(endpoint: str, row: Container) -> str:
    return f"{endpoint}/c:{row.name}"


def _stack_key(endpoint: str, stack: str) -> str:
    return f"{endpoint}/stack:{stack}"


def _service_key(endpoint: str, stack: str, service: str) -> str:
    return f"{endpoint}/service:{stack}:{service}"


def _around(endpoint: str, stack: str, service: str) -> Iterator[str]:
    """Every choice that means a service with all that belongs to it."""
    yield endpoint
    if stack:
        yield _stack_key(endpoint, stack)
    if service:
        yield _service_key(endpoint, stack, service)


def _stacks_of(sight: Sight) -> list[Shown]:
    """Stacks by name, then services and containers that belong to none."""
    endpoint, far = str(sight.seen.id), sight.far_services
    names = sorted({one.stack for one in (*sight.containers, *far) if one.stack})
    stacks = [_branch(_stack_key(endpoint, name), name, "stack", _services_of(sight, far, name)) for name in names]
    return [*stacks, *_services_of(sight, far, "")]


def _services_of(sight: Sight, far: Sequence[Service], stack: str) -> list[Shown]:
    """Services of a stack by name, also those without a container that is listed, then containers of none."""
    endpoint = str(sight.seen.id)
    rows = [one for one in sight.containers if one.stack == stack]
    elsewhere = {one.name: one for one in far if one.stack == stack}
    names = sorted({one.service for one in rows if one.service} | elsewhere.keys())
    services = [
        _branch(
            _service_key(endpoint, stack, name),
            name.removeprefix(f"{stack}_") if stack else name,
            "service",
            [_leaf(endpoint, one) for one in rows if one.service == name],
            elsewhere.get(name),
        )
        for name in names
    ]
    return [*services, *(_leaf(endpoint, one) for one in rows if not one.service)]


def _branch(key: str, label: str, kind: str, children: list[Shown], service: Service | None = None) -> Shown:
    if service is not None and service.is_in_error:
        tone, badge = "bad", service_badge_of(service)
    else:
        tone, badge = ("bad", "in_trouble") if any(child["tone"] == "bad" for child in children) else ("", "")
    return {"key": key, "label": label, "kind": kind, "tone": tone, "badge": badge, "children": children}


def _leaf(endpoint: str, row: Container) -> Shown:
    return {
        "key": _leaf_key(endpoint, row),
        "label": short_name(row),
        "kind": "container",
        "tone": "bad" if row.is_in_error else "" if row.state == "running" else "off",
        "badge": badge_of(row),
        "children": [],
    }
