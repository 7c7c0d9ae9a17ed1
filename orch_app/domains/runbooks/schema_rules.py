"""Which JSON Schemas a runbook may bring: 2020-12, local references only, small, closed, and cheap to check."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeAlias, cast

import re2
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from orch_app.domains.runbooks import hints
from orch_app.domains.runbooks.errors import RunbookBroken
from orch_app.kit.ansible_names import is_reserved

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MAX_SCHEMA_BYTES = 64 * 1024
MAX_DEPTH = 12
MAX_NODES = 500  # objects and lists: a list of 500 country codes is one node
MAX_EXPANDED = 2_000
FORMATS = frozenset({"ipv4", "ipv6", "hostname", "email", "uri", "date", "date-time"})

_PLAIN = frozenset({
    "$schema", "$comment", "title", "description", "default", "examples", "deprecated", "type", "enum", "const",
    "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength", "pattern",
    "maxItems", "minItems", "uniqueItems", "maxContains", "minContains", "maxProperties", "minProperties", "required",
    "dependentRequired", "format", "$ref", "readOnly", "writeOnly",
})  # fmt: skip
_ONE = frozenset({"items", "contains", "additionalProperties", "propertyNames", "if", "then", "else", "not"})
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_MAPS = frozenset({"properties", "patternProperties", "$defs", "dependentSchemas"})
_KNOWN = _PLAIN | _ONE | _LISTS | _MAPS

Schema: TypeAlias = Mapping[str, Any]
Located: TypeAlias = tuple[str, Schema]


@lru_cache(maxsize=2_048)
def compiled_pattern(pattern: str) -> Any:
    """The pattern in linear-time RE2; raises ValueError where RE2 cannot (look-around, back-references)."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise ValueError(reason) from error


def escaped(name: str) -> str:
    """One reference token of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def resolve(root: Schema, ref: str) -> Schema:
    """The subschema a local reference names; raises KeyError when it names nothing."""
    node: Any = root
    for token in ref.removeprefix("#").split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        node = node[int(name)] if isinstance(node, list) else node[name]
    return cast("Schema", node)


def followed(root: Schema, schema: Any) -> Schema:
    """The subschema with its local references merged in; keys beside a reference win."""
    merged: Schema = schema if isinstance(schema, Mapping) else {}
    while "$ref" in merged:
        beside = {key: value for key, value in merged.items() if key != "$ref"}
        merged = {**resolve(root, merged["$ref"]), **beside}
    return merged


def children(schema: Schema) -> Iterator[Located]:
    """Every direct subschema with its pointer relative to this one."""
    for key, value in schema.items():
        if key in _ONE and isinstance(value, Mapping):
            yield f"/{key}", value
        elif key in _LISTS and isinstance(value, list):
            yield from ((f"/{key}/{index}", item) for index, item in enumerate(value) if isinstance(item, Mapping))
        elif key in _MAPS and isinstance(value, Mapping):
            yield from ((f"/{key}/{escaped(name)}", item) for name, item in value.items() if isinstance(item, Mapping))


def walk(schema: Schema, pointer: str = "#") -> Iterator[Located]:
    """The schema and all below it, without following references."""
    yield pointer, schema
    for relative, child in children(schema):
        yield from walk(child, pointer + relative)


def require_acceptable(schema: Any, name: str, *, closed: bool = True) -> None:
    """Raise RunbookBroken, with file and place, unless the document is a schema we are ready to run.

    `closed` asks for additionalProperties: false at the root, as inputs need it.
    """
    try:
        _require_shape(schema, name, closed=closed)
        Draft202012Validator.check_schema(schema)
        for pointer, node in walk(schema):
            _require_node(schema, pointer, node)
        _require_bounded(schema)
    except SchemaError as error:
        where = "/".join(["#", *(escaped(str(part)) for part in error.absolute_path)])
        raise RunbookBroken(f"{name} at {where}: {error.message[:300]}") from error
    except ValueError as error:
        raise RunbookBroken(f"{name} {error}") from error


def _require_shape(schema: Any, name: str, *, closed: bool) -> None:
    if not isinstance(schema, dict):
        raise RunbookBroken(f"{name} must hold one JSON object")
    depth, nodes = _measure(schema)
    if depth > MAX_DEPTH:
        raise ValueError(f"is nested {depth} deep; {MAX_DEPTH} is the limit")
    if nodes > MAX_NODES:
        raise ValueError(f"has {nodes} nodes; {MAX_NODES} is the limit")
    if schema.get("$schema", DIALECT) != DIALECT:
        raise ValueError(f"must be JSON Schema 2020-12 ({DIALECT})")
    if schema.get("type") != "object":
        raise ValueError("must have type: object at the root")
    if closed and schema.get("additionalProperties") is not False:
        raise ValueError("must have additionalProperties: false at the root")


def _measure(document: Any) -> tuple[int, int]:
    deepest, nodes = 0, 0
    waiting = [(document, 1)]
    while waiting:
        node, depth = waiting.pop()
        if not isinstance(node, dict | list):
            continue
        deepest, nodes = max(deepest, depth), nodes + 1
        if depth > MAX_DEPTH or nodes > MAX_NODES:
            break
        waiting.extend((item, depth + 1) for item in (node.values() if isinstance(node, dict) else node))
    return deepest, nodes


def _require_node(root: Schema, pointer: str, node: Schema) -> None:
    for key in node:
        if key not in _KNOWN and not key.startswith("x-"):
            raise ValueError(f"at {pointer}: the keyword '{key}' is not known here")
    if "$ref" in node:
        _require_local(root, pointer, node["$ref"])
    if node.get("format", "date") not in FORMATS:
        raise ValueError(f"at {pointer}: the format '{node['format']}' is not known; use {', '.join(sorted(FORMATS))}")
    fault = hints.fault_in(node)
    if fault:
        raise ValueError(f"at {pointer}: {fault}")
    _require_patterns(pointer, node)
    _require_names(pointer, node)


def _require_local(root: Schema, pointer: str, ref: str) -> None:
    if not ref.startswith("#/$defs/"):
        raise ValueError(f"at {pointer}: $ref '{ref[:100]}' is not local; only '#/$defs/...' is followed")
    try:
        found = isinstance(resolve(root, ref), Mapping)
    except (KeyError, IndexError, TypeError, ValueError):
        found = False
    if not found:
        raise ValueError(f"at {pointer}: $ref '{ref[:100]}' names nothing in this file")


def _require_patterns(pointer: str, node: Schema) -> None:
    for pattern in [*([node["pattern"]] if "pattern" in node else []), *node.get("patternProperties", {})]:
        try:
            compiled_pattern(pattern)
        except ValueError as error:
            raise ValueError(f"at {pointer}: the pattern {pattern[:100]!r} cannot be used: {error}") from error


def _require_names(pointer: str, node: Schema) -> None:
    properties = node.get("properties", {})
    for name, child in properties.items():
        if is_reserved(name):
            raise ValueError(f"at {pointer}: the property name '{name}' is reserved by Ansible")
        if name in node.get("required", []) and isinstance(child, Mapping) and "default" in child:
            raise ValueError(f"at {pointer}/properties/{escaped(name)}: required and default contradict each other")


def _require_bounded(root: Schema) -> None:
    """References must not form a circle, and followed to the end they must stay small (a bomb doubles per level)."""
    sizes: dict[str, int] = {}

    def expanded(pointer: str, node: Schema, path: tuple[str, ...]) -> int:
        if pointer in path:
            raise ValueError(f"at {pointer}: the references form a circle")
        if pointer not in sizes:
            below = [expanded(pointer + relative, child, (*path, pointer)) for relative, child in children(node)]
            ref = node.get("$ref")
            if ref is not None:
                below.append(expanded(ref, resolve(root, ref), (*path, pointer)))
            sizes[pointer] = 1 + sum(below)
        if sizes[pointer] > MAX_EXPANDED:
            raise ValueError(f"at {pointer}: grows beyond {MAX_EXPANDED} nodes when its references are followed")
        return sizes[pointer]

    expanded("#", root, ())
