"""Where a schema declares choices, and what its parameters mean with the inputs as they are.

`{source, params, connection}`: `{{name}}` in the source and `"$.name"` in a parameter stand for an input, `"@.name"`
for a value beside the field itself, in the same row. `connection` names the slot to ask through, where the source asks
another system; left out it is the first slot of the type.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orch_app.domains.runbooks.schema_rules import Schema, escaped, followed, walk
from orch_app.domains.runbooks.templates import render_one

KEYWORD = "x-choices"
_ROOT, _BESIDE = "$", "@"
_ROW = re.compile(r"[0-9]{1,6}")
Path = Sequence[str]


@dataclass(frozen=True)
class Declared:
    """One `x-choices` with its places filled in. `slot` is empty where any slot of the right type will do."""

    source: str
    params: Mapping[str, Any] = field(default_factory=dict)
    slot: str = ""


@dataclass(frozen=True)
class Chosen:
    """A value of the inputs that must be one of what is declared for it."""

    pointer: str
    value: Any
    declared: Declared


def declared_at(schema: Schema, path: Path, inputs: Mapping[str, Any]) -> Declared | None:
    """What is declared for the field at a path; a row of a list is its number or `*`. None where nothing is."""
    found = next((node for node in _nodes_at(schema, schema, path) if KEYWORD in node), None)
    return _filled(found[KEYWORD], inputs, _at(inputs, path[:-1])) if found else None


def chosen_in(schema: Schema, inputs: Mapping[str, Any]) -> Iterator[Chosen]:
    """Every value of the inputs for which choices are declared."""
    has_any = any(KEYWORD in node for _, node in walk(schema))
    waiting: list[tuple[Schema, Any, tuple[str, ...]]] = [(schema, inputs, ())] if has_any else []
    while waiting:
        node, value, path = waiting.pop()
        node = followed(schema, node)
        if KEYWORD in node and isinstance(value, str | int):
            pointer = "".join(f"/{escaped(part)}" for part in path)
            yield Chosen(pointer, value, _filled(node[KEYWORD], inputs, _at(inputs, path[:-1])))
        for name, inner in _parts(value):
            waiting.extend((child, inner, (*path, name)) for child in _children(schema, node, name))


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list):
        yield from ((str(index), item) for index, item in enumerate(value))


def _nodes_at(root: Schema, schema: Schema, path: Path) -> Iterator[Schema]:
    schema = followed(root, schema)
    if not path:
        yield schema
        return
    for child in _children(root, schema, path[0]):
        yield from _nodes_at(root, child, path[1:])


def _children(root: Schema, schema: Schema, name: str) -> Iterator[Schema]:
    """The schemas for one part of a value, those of alternatives too."""
    properties = schema.get("properties", {})
    if name in properties:
        yield properties[name]
    elif isinstance(schema.get("additionalProperties"), Mapping):
        yield schema["additionalProperties"]
    elif (name == "*" or name.isdigit()) and isinstance(schema.get("items"), Mapping):
        yield schema["items"]
    for branch in [*schema.get("oneOf", []), *schema.get("anyOf", []), *schema.get("allOf", [])]:
        if isinstance(branch, Mapping):
            yield from _children(root, followed(root, branch), name)


def _at(value: Any, path: Path) -> Any:
    for name in path:
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(value, list):
            value = value[int(name)] if _ROW.fullmatch(name) and int(name) < len(value) else None
        else:
            return None
    return value


def _filled(declared: Mapping[str, Any], inputs: Mapping[str, Any], beside: Any) -> Declared:
    """With the inputs in their places; a parameter whose input is missing is left out."""
    params = {name: _meant(value, inputs, beside) for name, value in declared.get("params", {}).items()}
    given = {name: value for name, value in params.items() if value not in (None, "")}
    return Declared(render_one(declared["source"], inputs), given, declared.get("connection", ""))


def _meant(value: Any, inputs: Mapping[str, Any], beside: Any) -> Any:
    if not isinstance(value, str) or "." not in value:
        return value
    start, *path = value.split(".")
    return _at({_ROOT: inputs, _BESIDE: beside}[start], path) if start in {_ROOT, _BESIDE} else value
