"""What the screen /logs shows: the tree of everything that has a log, and which containers a choice in it means.

A choice is a text: an endpoint's id, and after a slash what is meant there: `stack:shop`, `service:shop:shop_web`,
`c:shop_web.1`. Stacks and services stay chosen when their containers are others.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orch_app.domains.containers.inspections import Source
from orch_app.domains.containers.sights import Sight
from orch_app.domains.containers.tails import Heard
from orch_app.integrations.docker.things import Container
from orch_app.state.containers_view import badge_of, short_name

HUES = 8
LONGEST_CHOICE = 4_000
MOST_CHOICES = 100
Shown = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """One container that is meant by a choice: `key` names it, `leaf` in the tree; `label` is what its lines say."""

    key: str
    leaf: str
    label: str
    source: Source


def choices_of(text: str) -> list[str]:
    """The choices of an address, each once."""
    return list(dict.fromkeys(part for part in text.split(",") if part))[:MOST_CHOICES]


def tree_of(sights: Sequence[Sight]) -> list[Shown]:
    """Endpoints, their stacks, services and containers: `{key, label, kind, tone, children}` each."""
    return [
        {
            "key": str(sight.seen.id),
            "label": sight.seen.name,
            "kind": "endpoint",
            "tone": "bad" if sight.error else "",
            "environment": sight.seen.door.environment,
            "children": [] if sight.error else _stacks_of(sight),
        }
        for sight in sights
    ]


def wanted_of(sights: Sequence[Sight], choices: Sequence[str], before: Sequence[Wanted] = ()) -> list[Wanted]:
    """The containers that the choices mean; of an endpoint that does not answer those that were meant `before`."""
    silent = {str(sight.seen.id) for sight in sights if sight.error}
    kept = [one for one in before if one.source.endpoint_id in silent]
    meant = [
        _wanted(str(sight.seen.id), one)
        for sight in sights
        if sight.error is None
        for one in sight.containers
        if not set(_meant_by(str(sight.seen.id), one)).isdisjoint(choices)
    ]
    return meant + kept


def silent_of(sights: Sequence[Sight], choices: Sequence[str]) -> list[str]:
    """The names of the chosen endpoints that do not answer."""
    chosen = {choice.partition("/")[0] for choice in choices}
    return [sight.seen.name for sight in sights if sight.error and str(sight.seen.id) in chosen]


def show_sources(wanted: Sequence[Wanted], hues: dict[str, int], troubles: Mapping[str, str]) -> list[Shown]:
    """The containers that are meant, each with its colour and the code of what keeps it from being heard."""
    return [
        {"leaf": one.leaf, "label": one.label, "hue": hue_of(one.key, hues), "trouble": troubles.get(one.key, "")}
        for one in wanted
    ]


def show_lines(lines: Sequence[Heard], first: int, labels: Mapping[str, str], hues: dict[str, int]) -> list[Shown]:
    """Lines as the log viewer takes them, numbered from `first` on."""
    return [
        {
            "seq": first + place,
            "ts": line.at,
            "level": line.level,
            "host": labels.get(line.source, ""),
            "hue": hue_of(line.source, hues),
            "task": "",
            "message": line.text,
        }
        for place, line in enumerate(lines)
    ]


def hue_of(key: str, hues: dict[str, int]) -> int:
    """The colour of a source: the next one when it is new, and the same from then on."""
    return hues.setdefault(key, len(hues) % HUES + 1)


def _wanted(endpoint: str, row: Container) -> Wanted:
    source = Source(endpoint, row.id, row.node)
    return Wanted(f"{endpoint}/{row.id}", _leaf_key(endpoint, row), short_name(row), source)


def _leaf_key(endpoint: str, row: Container) -> str:
    return f"{endpoint}/c:{row.name}"


def _meant_by(endpoint: str, row: Container) -> Iterator[str]:
    """Every choice that means this container."""
    yield endpoint
    yield _leaf_key(endpoint, row)
    if row.stack:
        yield f"{endpoint}/stack:{row.stack}"
    if row.service:
        yield f"{endpoint}/service:{row.stack}:{row.service}"


def _stacks_of(sight: Sight) -> list[Shown]:
    """Stacks by name, then services and containers that belong to none."""
    endpoint = str(sight.seen.id)
    names = sorted({one.stack for one in sight.containers if one.stack})
    stacks = [_branch(f"{endpoint}/stack:{name}", name, "stack", _services_of(sight, endpoint, name)) for name in names]
    return [*stacks, *_services_of(sight, endpoint, "")]


def _services_of(sight: Sight, endpoint: str, stack: str) -> list[Shown]:
    rows = [one for one in sight.containers if one.stack == stack]
    names = sorted({one.service for one in rows if one.service})
    services = [
        _branch(
            f"{endpoint}/service:{stack}:{name}",
            name.removeprefix(f"{stack}_") if stack else name,
            "service",
            [_leaf(endpoint, one) for one in rows if one.service == name],
        )
        for name in names
    ]
    return [*services, *(_leaf(endpoint, one) for one in rows if not one.service)]


def _branch(key: str, label: str, kind: str, children: list[Shown]) -> Shown:
    tone = "bad" if any(child["tone"] for child in children) else ""
    return {"key": key, "label": label, "kind": kind, "tone": tone, "children": children}


def _leaf(endpoint: str, row: Container) -> Shown:
    return {
        "key": _leaf_key(endpoint, row),
        "label": short_name(row),
        "kind": "container",
        "tone": "bad" if row.is_in_error else "" if row.state == "running" else "off",
        "badge": badge_of(row),
        "children": [],
    }
