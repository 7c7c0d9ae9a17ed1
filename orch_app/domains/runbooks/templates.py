"""The small templates of runbook.yaml: text with {{name}} places, filled from the inputs and a few facts of the job.

A place is a name, or a path with dots into lists and objects. A list gives one text per item, so `host:{{host}}` names
one lock per host. There are no filters, no conditions and no code.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import Any

from orch_app.domains.runbooks.schema_rules import Schema, followed

MAX_TEXTS = 5_000
MAX_LENGTH = 200
DIGEST = 16
FACTS = ("environment", "runbook", "host")
_PLACE = re.compile(r"\{\{([A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*)\}\}")


class TooManyTextsError(ValueError):
    """One template would give more than `MAX_TEXTS` texts."""


def fault_in(template: str, schema: Schema, slots: frozenset[str]) -> str:
    """Why this template cannot be used with inputs of this schema and these connections; empty when it can."""
    if {"{", "}"} & set(_PLACE.sub("", template)):
        return f"'{template}' has a brace that belongs to no place; a place is written {{{{name}}}}"
    return next((fault for path in _PLACE.findall(template) if (fault := _fault_of(path, schema, slots))), "")


def render(template: str, scope: Mapping[str, Any]) -> list[str]:
    """Every text that the template gives, sorted and once each; a missing value is empty, an empty list gives none.

    Raises:
        TooManyTextsError: there are more than `MAX_TEXTS`.
    """
    pieces = _PLACE.split(template)
    names = list(dict.fromkeys(pieces[1::2]))
    choices = [sorted(set(_texts(scope, path.split(".")))) for path in names]
    found = list(islice(product(*choices), MAX_TEXTS + 1))
    if len(found) > MAX_TEXTS:
        message = f"'{template}' gives more than {MAX_TEXTS} names"
        raise TooManyTextsError(message)
    return sorted({_short(_filled(pieces, dict(zip(names, values, strict=True)))) for values in found})


def render_one(template: str, scope: Mapping[str, Any]) -> str:
    """The same as one text, for what must be one: the texts joined by commas."""
    return _short(",".join(render(template, scope)))


def scope_of(runbook: str, environment: str, hosts: list[str], connections: Mapping[str, str]) -> dict[str, Any]:
    """What places may name besides the inputs, which go before it."""
    return {"runbook": runbook, "environment": environment, "host": hosts, "connection": dict(connections)}


def _filled(pieces: list[str], values: Mapping[str, str]) -> str:
    return "".join(values[piece] if index % 2 else piece for index, piece in enumerate(pieces))


def _short(text: str) -> str:
    """A text that fits into a column and an index; a long one keeps its start and becomes unmistakable by its hash."""
    if len(text) <= MAX_LENGTH:
        return text
    return f"{text[: MAX_LENGTH - DIGEST - 1]}~{hashlib.sha256(text.encode()).hexdigest()[:DIGEST]}"


def _texts(value: Any, path: list[str]) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _texts(item, path)
    elif path:
        yield from _texts(value.get(path[0]) if isinstance(value, Mapping) else None, path[1:])
    else:
        yield _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _fault_of(path: str, schema: Schema, slots: frozenset[str]) -> str:
    first, _, rest = path.partition(".")
    if first in schema.get("properties", {}):
        return _fault_in_inputs(path, schema)
    if first == "connection":
        return "" if rest in slots else f"{{{{{path}}}}} names no connection of this runbook"
    if first in FACTS and not rest:
        return ""
    return f"{{{{{path}}}}} names no input of schema.json, and none of {', '.join(FACTS)}, connection.<slot>"


def _fault_in_inputs(path: str, schema: Schema) -> str:
    node: Schema = schema
    for name in path.split("."):
        node = _items(schema, node)
        if name not in node.get("properties", {}):
            return f"{{{{{path}}}}} names no input of schema.json"
        node = node["properties"][name]
    node = _items(schema, node)
    is_object = "object" in node.get("type", ()) or "properties" in node
    return f"{{{{{path}}}}} names an object; name one of its values" if is_object else ""


def _items(root: Schema, node: Schema) -> Schema:
    """The schema of the items of a list, of a list of lists too; that of anything else is its own."""
    node = followed(root, node)
    while "items" in node:
        node = followed(root, node["items"])
    return node
