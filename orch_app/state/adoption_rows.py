"""Variables of an adopted playbook as rows of a form, and the schema that they mean.

A row is `{name, kind, required}` and perhaps `{title, titlePt, default, options}`, all of them texts but `required`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orch_app.kit.errors import Problem

Row = dict[str, Any]
TYPES = {"text": "string", "integer": "integer", "number": "number", "boolean": "boolean", "choice": "string"}
LONGEST_VALUE = 2_000
TWICE = ("There is a variable of this name already.", "Já existe uma variável com este nome.")
NOT_OF_KIND = ("This is not a value of that kind.", "Este não é um valor desse tipo.")
NO_OPTIONS = ("Say what may be chosen, separated by commas.", "Diga o que pode ser escolhido, separado por vírgulas.")
NO_OPTION = ("This is not one of the choices.", "Esta não é uma das opções.")
_KINDS = {kind: name for name, kind in TYPES.items() if name != "choice"}
_WORDS = (("title", "title"), ("titlePt", "x-title-pt"))


def schema_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The schema that the rows mean.

    Raises:
        ValueError: a row begins with a value that is none of its kind; `faults_in` says where.
    """
    required = [row["name"] for row in rows if row.get("required")]
    properties = {row["name"]: _property(row) for row in rows}
    closed: dict[str, Any] = {"type": "object", "additionalProperties": False}
    return closed | ({"required": required} if required else {}) | {"properties": properties}


def rows_of(schema: Mapping[str, Any]) -> list[Row]:
    """The rows that a schema was made of, as far as it was."""
    required = schema.get("required", [])
    nodes: Mapping[str, Any] = schema.get("properties", {})
    return [_row(name, node) | {"required": name in required} for name, node in nodes.items()]


def is_plain(schema: Mapping[str, Any]) -> bool:
    """Whether rows can say all that a schema says; what was written over REST may say more."""
    try:
        return schema_of(rows_of(schema)) == schema
    except (AttributeError, KeyError, TypeError, ValueError):
        return False


def faults_in(rows: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    """What no rule of the form finds: a name that is there twice, and values that are none of their kind."""
    names = [row["name"] for row in rows]
    for at, row in enumerate(rows):
        if row["name"] in names[:at]:
            yield Problem(f"/variables/{at}/name", "twice", *TWICE)
        options = _options(row)
        if row.get("kind") == "choice" and not options:
            yield Problem(f"/variables/{at}/options", "missing", *NO_OPTIONS)
        elif row.get("kind") == "choice" and row.get("default") and row["default"] not in options:
            yield Problem(f"/variables/{at}/default", "enum", *NO_OPTION)
        elif not _is_of_kind(row):
            yield Problem(f"/variables/{at}/default", "type", *NOT_OF_KIND)


def _property(row: Mapping[str, Any]) -> dict[str, Any]:
    kind = row.get("kind", "text")
    node: dict[str, Any] = {"type": TYPES[kind]}
    node |= {"enum": _options(row)} if kind == "choice" else {}
    node |= {"maxLength": LONGEST_VALUE} if kind == "text" else {}
    node |= {keyword: row[name] for name, keyword in _WORDS if row.get(name)}
    return node | ({"default": _meant(kind, row["default"])} if row.get("default") else {})


def _row(name: str, node: Mapping[str, Any]) -> Row:
    kind = "choice" if "enum" in node else _KINDS[node["type"]]
    row: Row = {"name": name, "kind": kind} | {field: node[keyword] for field, keyword in _WORDS if keyword in node}
    row |= {"options": ", ".join(node["enum"])} if kind == "choice" else {}
    return row | ({"default": _written(node["default"])} if "default" in node else {})


def _options(row: Mapping[str, Any]) -> list[str]:
    """What a choice offers, each once."""
    return list(dict.fromkeys(one.strip() for one in str(row.get("options", "")).split(",") if one.strip()))


def _is_of_kind(row: Mapping[str, Any]) -> bool:
    try:
        _meant(row.get("kind", "text"), row.get("default") or "")
    except ValueError:
        return False
    return True


def _meant(kind: str, written: str) -> str | int | float | bool:
    """A value as its kind holds it; an empty text is none of them.

    Raises:
        ValueError: it is no value of that kind.
    """
    if not written:
        return ""
    if kind == "boolean":
        return ("false", "true").index(written.strip().lower()) == 1
    return {"integer": int, "number": float}.get(kind, str)(written)


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
