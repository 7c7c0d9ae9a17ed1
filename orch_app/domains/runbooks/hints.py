"""What the screens make of a schema: the shape of each `x-` keyword. One that nobody knows here is let be."""

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

_TEXT: Mapping[str, Any] = {"type": "string"}
_TEXTS: Mapping[str, Any] = {"type": "array", "items": _TEXT}
_WORDS: Mapping[str, Any] = {"type": "object", "additionalProperties": _TEXT}
_COLUMN: Mapping[str, Any] = {
    "type": "object",
    "properties": {"title": _TEXT, "title-pt": _TEXT, "value": _TEXT, "as": _TEXT, "of": _TEXT},
}
_TABLE: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "title": _TEXT,
        "title-pt": _TEXT,
        "rows": _TEXT,
        "columns": {"type": "array", "items": _COLUMN},
    },
}
_SHAPES: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("x-title-pt", "x-help", "x-help-pt", "x-unit", "x-placeholder", "x-widget"), _TEXT),
        "x-order": {"type": "number"},
        "x-danger": {"type": "boolean"},
        "x-labels": _WORDS,
        "x-labels-pt": _WORDS,
        "x-columns": _TEXTS,
        "x-import": _TEXTS,
        "x-choices": {
            "type": "object",
            "required": ["source"],
            "properties": {"source": _TEXT, "params": {"type": "object"}, "connection": _TEXT},
        },
        "x-show-when": {"type": "object", "additionalProperties": {"type": "array"}},
        "x-output": {"type": "array", "items": _TABLE},
    },
}
_CHECK = Draft202012Validator(_SHAPES)
MOST_SAID = 200


def fault_in(node: Mapping[str, Any]) -> str:
    """What is wrong with the hints of one subschema, in one sentence; empty where nothing is."""
    error = best_match(_CHECK.iter_errors({name: value for name, value in node.items() if name.startswith("x-")}))
    if error is None:
        return ""
    return f"{'/'.join(str(part) for part in error.absolute_path)}: {error.message[:MOST_SAID]}"
