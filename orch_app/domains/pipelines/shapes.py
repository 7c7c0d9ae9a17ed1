"""What a JSON Schema tells, before anything has run, about the value at a path: absent, of some types, or unknown."""

from collections.abc import Mapping, Sequence
from typing import Any

from orch_app.domains.runbooks.schema_rules import Schema, followed

Types = frozenset[str]
UNKNOWN: Types = frozenset()
SCALARS = frozenset({"string", "integer", "number", "boolean", "null"})
_BRANCHES = frozenset({"anyOf", "oneOf", "allOf", "if", "patternProperties", "prefixItems"})


def types_at(schema: Schema, path: Sequence[str]) -> Types | None:
    """The types that the value at this path can have; `UNKNOWN` where the schema does not say, None if never there."""
    node: Schema = followed(schema, schema)
    for segment in path:
        child = _child(node, segment)
        if not isinstance(child, Mapping):
            return None if child is False else UNKNOWN
        node = followed(schema, child)
    return types_of(node)


def types_of(node: Schema) -> Types:
    """The types that a schema allows at its root."""
    declared = node.get("type")
    if isinstance(declared, str):
        return frozenset({declared})
    if isinstance(declared, list):
        return frozenset(declared)
    if "enum" in node or "const" in node:
        return frozenset(_type_of(value) for value in node.get("enum", [node.get("const")]))
    return UNKNOWN


def fits(found: Types, wanted: Types) -> bool:
    """Whether a value of one of these types may be acceptable; integers and numbers may become each other."""
    if not found or not wanted:
        return True
    numeric = frozenset({"integer", "number"})
    return bool(found & wanted) or bool(found & numeric and wanted & numeric)


def _child(node: Schema, segment: str) -> Any:
    """The schema of a member or item; False when there can be none, None when nothing is known."""
    if segment in node.get("properties", {}):
        return node["properties"][segment]
    if node.keys() & _BRANCHES:
        return None
    types = types_of(node)
    if types == frozenset({"array"}):
        return node.get("items") if segment.isdecimal() else False
    if types and types <= SCALARS:
        return False
    return node.get("additionalProperties")


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array")):
        if isinstance(value, kind):
            return name
    return "object"
