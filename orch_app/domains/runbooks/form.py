"""A runbook's input schema as a tree of form fields: plain JSON, camelCase, ready for the SchemaForm component."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from orch_app.domains.runbooks.conditions import hidden_when, required_when
from orch_app.domains.runbooks.schema_rules import Schema, escaped, followed

Field: TypeAlias = dict[str, Any]

# Schema keyword -> key of the field; copied as they are.
_COPIED = {
    "x-help": "help", "x-help-pt": "helpPt", "x-unit": "unit", "x-placeholder": "placeholder", "x-choices": "choices",
    "x-show-when": "showWhen", "default": "default", "minimum": "minimum", "maximum": "maximum",
    "exclusiveMinimum": "exclusiveMinimum", "exclusiveMaximum": "exclusiveMaximum", "multipleOf": "step",
    "minLength": "minLength", "maxLength": "maxLength", "pattern": "pattern", "format": "format",
    "minItems": "minItems", "maxItems": "maxItems", "uniqueItems": "uniqueItems", "x-import": "import",
    "const": "const",
}  # fmt: skip
_WIDGET_KINDS = {"textarea": "textarea", "code": "code", "password": "password", "file": "file"}
_SCALARS = frozenset({"string", "integer", "number", "boolean"})
_IN_A_ROW = _SCALARS | {"enum", "password"}
_LAST = 1_000_000
MOST_COLUMNS = 5  # more in one row of a table would scroll sideways in the drawer


def form_model(schema: Schema) -> list[Field]:
    """The fields of the root object in the order they are shown.

    A field is `{name, pointer, kind, title, titlePt, required, order, danger, ...}`. In `pointer` a `*` stands for the
    row of a list: `/targets/*/host`. `kind` is string, integer, number, boolean, enum, const (with that value),
    textarea, code, password, file, json (anything), object (with `fields`), table (a list of objects, with `columns`
    and `grid`, the names of those in the row itself), array (a list of scalars, with `item`), map (free keys, with
    `item`) or variant (one of several objects, with `variants`). `named` are values of a number that have a word of
    their own. `requiredWhen` and `hiddenWhen` are conditions (see `conditions`); `showWhen` is `{sibling: [values]}`.
    """
    return _fields(schema, schema, "")


def _fields(root: Schema, schema: Schema, pointer: str) -> list[Field]:
    required, hidden = required_when(schema), hidden_when(schema)
    fields: list[Field] = []
    for position, (name, child) in enumerate(schema.get("properties", {}).items()):
        field = _field(root, child, name, f"{pointer}/{escaped(name)}")
        field["required"] = name in schema.get("required", [])
        field["order"] = field.get("order", _LAST + position)
        field |= {"requiredWhen": required[name]} if name in required else {}
        field |= {"hiddenWhen": hidden[name]} if name in hidden else {}
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
        field["options"] = _options(schema, schema["enum"])
    if "x-named" in schema:
        field["named"] = _options(schema, schema["x-named"])
    return field | _inner(root, schema, field["kind"], pointer)


def _inner(root: Schema, schema: Schema, kind: str, pointer: str) -> Field:
    if kind == "object":
        return {"fields": _fields(root, schema, pointer)}
    if kind == "table":
        return _table(root, schema, pointer)
    if kind == "array":
        return {"item": _field(root, schema.get("items", {}), "", f"{pointer}/*")}
    if kind == "map":
        return {"item": _field(root, schema["additionalProperties"], "", f"{pointer}/*")}
    if kind == "variant":
        return {"variants": _variants(root, schema, pointer)}
    return {}


def _table(root: Schema, schema: Schema, pointer: str) -> Field:
    """A list of objects: its columns, those of them that stand in the row, and what one row is called."""
    row = _plain(root, schema["items"])
    columns = _fields(root, row, f"{pointer}/*")
    titles = {"itemTitle": row["title"], "itemTitlePt": row.get("x-title-pt", row["title"])} if "title" in row else {}
    return {"columns": columns, "grid": _grid(columns, schema.get("x-columns", [])), **titles}


def _grid(columns: Sequence[Field], declared: Sequence[str]) -> list[str]:
    """The columns that the schema names, else the first simple ones, those that must be filled in before others."""
    simple = [column["name"] for column in columns if column["kind"] in _IN_A_ROW]
    if declared:
        return [name for name in declared if name in simple]
    urgent = {column["name"] for column in columns if column["required"] or "requiredWhen" in column}
    first = sorted(simple, key=lambda name: name not in urgent)[:MOST_COLUMNS]
    return [name for name in simple if name in first]


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
    if "enum" in schema or "const" in schema:
        return "enum" if "enum" in schema else "const"
    declared = _one_type(schema) or _implied(schema)
    if declared == "array":
        return _list_kind(_plain(root, schema.get("items", {})), schema)
    if declared == "object":
        return _object_kind(schema)
    return declared if declared in _SCALARS else "string"


def _one_type(schema: Schema) -> str:
    """The type that a field is drawn for, where several are allowed the first that holds something."""
    declared = schema.get("type", "")
    return declared if isinstance(declared, str) else next((one for one in declared if one != "null"), "")


def _implied(schema: Schema) -> str:
    """What a schema without a type speaks about."""
    return "object" if schema.keys() & {"properties", "oneOf", "anyOf"} else "string"


def _list_kind(items: Schema, schema: Schema) -> str:
    if (items.get("type") or _implied(items)) == "object":
        return "table" if items.get("properties") else "json"
    return "array" if "items" in schema and items.get("type") != "array" else "json"


def _object_kind(schema: Schema) -> str:
    """An object of which nothing is said is for whoever writes JSON."""
    if schema.get("properties"):
        return "object"
    if "oneOf" in schema or "anyOf" in schema:
        return "variant"
    return "map" if isinstance(schema.get("additionalProperties"), Mapping) else "json"


def _plain(root: Schema, schema: Schema) -> Schema:
    """References merged in; of alternatives between scalars the first that has a type gives the field its shape."""
    schema = followed(root, schema)
    branches = [_plain(root, branch) for branch in schema.get("anyOf") or schema.get("oneOf") or []]
    if "type" in schema or not branches or not all(_is_scalar(branch) for branch in branches):
        return schema
    shape = next((branch for branch in branches if "type" in branch), branches[0])
    # A bound of one alternative is no bound of the whole: 1 is fine where the other form begins at 60.
    return {**schema, "type": shape.get("type", "string"), **_named(schema, branches)}


def _named(schema: Schema, branches: Sequence[Schema]) -> Schema:
    """The constants among alternatives that `x-labels` has a word for."""
    words = schema.get("x-labels", {})
    named = [branch["const"] for branch in branches if str(branch.get("const")) in words]
    return {"x-named": named} if named else {}


def _is_scalar(branch: Schema) -> bool:
    return branch.get("type") in _SCALARS or ("type" not in branch and ("const" in branch or "enum" in branch))


def _options(schema: Schema, values: Sequence[Any]) -> list[Field]:
    """Each value with its label: `x-labels` and `x-labels-pt` are objects keyed by the value."""
    english, portuguese = schema.get("x-labels", {}), schema.get("x-labels-pt", {})
    return [
        {
            "value": value,
            "label": english.get(str(value), str(value)),
            "labelPt": portuguese.get(str(value), english.get(str(value), str(value))),
        }
        for value in values
    ]


def _spoken(name: str) -> str:
    """zone_id -> Zone id"""
    return name.replace("_", " ").replace("-", " ").strip().capitalize()
