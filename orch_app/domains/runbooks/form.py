"""A runbook's input schema as a tree of form fields: plain JSON, camelCase, ready for the SchemaForm component."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from orch_app.domains.runbooks.schema_rules import Schema, escaped, followed

Field: TypeAlias = dict[str, Any]

# Schema keyword -> key of the field; copied as they are.
_COPIED = {
    "x-help": "help", "x-help-pt": "helpPt", "x-unit": "unit", "x-placeholder": "placeholder", "x-choices": "choices",
    "x-show-when": "showWhen", "default": "default", "minimum": "minimum", "maximum": "maximum",
    "exclusiveMinimum": "exclusiveMinimum", "exclusiveMaximum": "exclusiveMaximum", "multipleOf": "step",
    "minLength": "minLength", "maxLength": "maxLength", "pattern": "pattern", "format": "format",
    "minItems": "minItems", "maxItems": "maxItems", "uniqueItems": "uniqueItems",
}  # fmt: skip
_WIDGET_KINDS = {"textarea": "textarea", "code": "code", "password": "password", "file": "file"}
_SCALARS = frozenset({"string", "integer", "number", "boolean"})
_LAST = 1_000_000


def form_model(schema: Schema) -> list[Field]:
    """The fields of the root object in the order they are shown.

    A field is `{name, pointer, kind, title, titlePt, required, order, danger, ...}`. In `pointer` a `*` stands for the
    row of a list: `/targets/*/host`. `kind` is string, integer, number, boolean, enum, textarea, code, password, file,
    object (with `fields`), table (a list of objects, with `columns`), array (a list of scalars, with `item`), map
    (free keys, with `item`) or variant (one of several objects, with `variants`). `requiredWhen` and `showWhen` are
    `{field: [values]}` on a sibling.
    """
    return _fields(schema, schema, "")


def _fields(root: Schema, schema: Schema, pointer: str) -> list[Field]:
    conditions = _conditions(schema)
    fields: list[Field] = []
    for position, (name, child) in enumerate(schema.get("properties", {}).items()):
        field = _field(root, child, name, f"{pointer}/{escaped(name)}")
        field["required"] = name in schema.get("required", [])
        field["order"] = field.get("order", _LAST + position)
        if name in conditions:
            field["requiredWhen"] = conditions[name]
        fields.append(field)
    return sorted(fields, key=lambda field: field["order"])


def _field(root: Schema, schema: Schema, name: str, pointer: str) -> Field:
    schema = _plain(root, schema)
    field: Field = {
        "name": name,
        "pointer": pointer,
        "kind": _kind(root, schema),
        "title": schema.get("title") or _spoken(name),
        "titlePt": schema.get("x-title-pt") or schema.get("title") or _spoken(name),
        "danger": bool(schema.get("x-danger", False)),
    }
    field |= {key: schema[keyword] for keyword, key in _COPIED.items() if keyword in schema}
    if "description" in schema:
        field.setdefault("help", schema["description"])
    if "x-order" in schema:
        field["order"] = schema["x-order"]
    if "enum" in schema:
        field["options"] = _options(schema)
    return field | _inner(root, schema, field["kind"], pointer)


def _inner(root: Schema, schema: Schema, kind: str, pointer: str) -> Field:
    if kind == "object":
        return {"fields": _fields(root, schema, pointer)}
    if kind == "table":
        return {"columns": _fields(root, _plain(root, schema["items"]), f"{pointer}/*")}
    if kind == "array":
        return {"item": _field(root, schema.get("items", {}), "", f"{pointer}/*")}
    if kind == "map":
        free = schema.get("additionalProperties")
        return {"item": _field(root, free if isinstance(free, Mapping) else {}, "", f"{pointer}/*")}
    if kind == "variant":
        return {"variants": _variants(root, schema, pointer)}
    return {}


def _variants(root: Schema, schema: Schema, pointer: str) -> list[Field]:
    variants: list[Field] = []
    for position, branch in enumerate(schema.get("oneOf") or schema.get("anyOf") or []):
        plain = _plain(root, branch)
        fields = _fields(root, plain, pointer)
        title = plain.get("title") or ", ".join(field["title"] for field in fields[:3]) or str(position + 1)
        variants.append({"title": title, "titlePt": plain.get("x-title-pt") or title, "fields": fields})
    return variants


def _kind(root: Schema, schema: Schema) -> str:
    if schema.get("x-widget") in _WIDGET_KINDS:
        return _WIDGET_KINDS[schema["x-widget"]]
    if "enum" in schema:
        return "enum"
    declared = schema.get("type") or _implied(schema)
    if declared == "array":
        return _list_kind(_plain(root, schema.get("items", {})))
    if declared == "object":
        return _object_kind(schema)
    return declared if declared in _SCALARS else "string"


def _implied(schema: Schema) -> str:
    """What a schema without a type speaks about."""
    return "object" if schema.keys() & {"properties", "oneOf", "anyOf"} else "string"


def _list_kind(items: Schema) -> str:
    return "table" if items.get("type") == "object" and items.get("properties") else "array"


def _object_kind(schema: Schema) -> str:
    if schema.get("properties"):
        return "object"
    return "variant" if "oneOf" in schema or "anyOf" in schema else "map"


def _plain(root: Schema, schema: Schema) -> Schema:
    """References merged in; of alternatives between scalars the first that has a type gives the field its shape."""
    schema = followed(root, schema)
    branches = [_plain(root, branch) for branch in schema.get("anyOf") or schema.get("oneOf") or []]
    if "type" in schema or not branches or not all(_is_scalar(branch) for branch in branches):
        return schema
    shape = next((branch for branch in branches if "type" in branch), branches[0])
    # A bound of one alternative is no bound of the whole: 1 is fine where the other form begins at 60.
    return {**schema, "type": shape.get("type", "string")}


def _is_scalar(branch: Schema) -> bool:
    return branch.get("type") in _SCALARS or ("type" not in branch and ("const" in branch or "enum" in branch))


def _options(schema: Schema) -> list[Field]:
    """Each value with its label: `x-labels` and `x-labels-pt` are objects keyed by the value."""
    english, portuguese = schema.get("x-labels", {}), schema.get("x-labels-pt", {})
    return [
        {
            "value": value,
            "label": english.get(str(value), str(value)),
            "labelPt": portuguese.get(str(value), english.get(str(value), str(value))),
        }
        for value in schema["enum"]
    ]


def _conditions(schema: Schema) -> dict[str, dict[str, list[Any]]]:
    """Which properties become required by a sibling's value, as far as if/then says it in the simple way."""
    found: dict[str, dict[str, list[Any]]] = {}
    for rule in [schema, *schema.get("allOf", [])]:
        tests = rule.get("if", {}).get("properties", {}) if isinstance(rule.get("if"), Mapping) else {}
        values = {name: _accepted(test) for name, test in tests.items()}
        if values and all(values.values()):
            for name in rule.get("then", {}).get("required", []):
                found.setdefault(name, {}).update(values)
    return found


def _accepted(test: Schema) -> list[Any]:
    return [test["const"]] if "const" in test else list(test.get("enum", []))


def _spoken(name: str) -> str:
    """zone_id -> Zone id"""
    return name.replace("_", " ").replace("-", " ").strip().capitalize()
