"""What of a message a webhook heeds, as a form: which events, under which conditions, and what becomes which input."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from orch_app.domains.hooks.wire import DELIVERY_HEADER, SIGNATURE_HEADER, HookAnswer
from orch_app.i18n import text

Shown = dict[str, Any]
Plain = str | bool | int | None
HEADER = "^([A-Za-z0-9][A-Za-z0-9-]*)?$"
HEADERS = ("signatureHeader", "deliveryHeader", "timestampHeader")
_CLOSED: Shown = {"type": "object", "additionalProperties": False}


def message_schema(inputs: Sequence[str], *, with_headers: bool) -> Shown:
    """The form's own rules, with its words in both languages; `inputs` are those that a message can fill.

    `with_headers`: the sender is none that we know, and says by which headers it signs.
    """
    event = {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[!-~][ -~]*$"}
    properties: Shown = {"events": _said("events", type="array", maxItems=20, uniqueItems=True, items=event)}
    properties |= {"conditions": _conditions()} | ({"mapping": _mapping(inputs)} if inputs else {})
    if with_headers:
        known = {"signatureHeader": SIGNATURE_HEADER, "deliveryHeader": DELIVERY_HEADER}
        properties |= {name: _header(name, known.get(name, "")) for name in HEADERS}
    return _CLOSED | {"properties": properties}


def begun(one: HookAnswer | None) -> Shown:
    """What the form begins with."""
    if one is None:
        return {"events": [], "conditions": [], "mapping": []}
    conditions = [{"pointer": each.pointer, "equals": written(each.equals)} for each in one.conditions]
    mapping = [each.model_dump(by_alias=True) for each in one.mapping]
    return {"events": one.events, "conditions": conditions, "mapping": mapping}


def heeded(values: Mapping[str, Any]) -> Shown:
    """What the form says, as the domain takes it; pointers may be written without the slash in front."""
    conditions = [
        {"pointer": _pointer(row["pointer"]), "equals": meant(row.get("equals", ""))}
        for row in values.get("conditions", [])
    ]
    mapping = [row | {"pointer": _pointer(row["pointer"])} for row in values.get("mapping", [])]
    headers = {name: values[name] for name in HEADERS if values.get(name)}
    return {"events": values.get("events", []), "conditions": conditions, "mapping": mapping, **headers}


def meant(typed: str) -> Plain:
    """The value that was typed: true, null and 12 mean what they mean in JSON; all else is text, and so is "12"."""
    try:
        found = json.loads(typed)
    except ValueError:
        return typed
    return found if found is None or isinstance(found, str | bool | int) else typed


def written(value: Plain) -> str:
    """A value as it is typed."""
    is_clear = isinstance(value, str) and meant(value) == value
    return str(value) if is_clear else json.dumps(value, ensure_ascii=False)


def _pointer(typed: str) -> str:
    return typed if typed.startswith("/") or not typed else f"/{typed}"


def _conditions() -> Shown:
    row = {
        "pointer": _said("pointer", type="string", minLength=1, maxLength=300, **{"x-placeholder": "/ref"}),
        "equals": _said("equals", type="string", maxLength=500, **{"x-placeholder": "refs/heads/main"}),
    }
    items = _CLOSED | _said("condition", required=["pointer", "equals"], properties=row)
    return _said("conditions", type="array", maxItems=20, items=items)


def _mapping(inputs: Sequence[str]) -> Shown:
    row = {
        "input": _said("input", enum=list(inputs)),
        "pointer": _said("pointer", type="string", minLength=1, maxLength=300, **{"x-placeholder": "/after"}),
        "removePrefix": _said("remove_prefix", type="string", maxLength=100, **{"x-placeholder": "refs/heads/"}),
        "required": _said("required", type="boolean", default=True),
    }
    items = _CLOSED | _said("mapped", required=["input", "pointer"], properties=row)
    return _said("mapping", type="array", maxItems=50, items=items)


def _header(name: str, usual: str) -> Shown:
    return _said(f"header.{name}", type="string", maxLength=80, pattern=HEADER, **{"x-placeholder": usual})


def _said(name: str, **rules: Any) -> Shown:
    """A field with its words: a title, and a line of help where the catalogue has one."""
    key = f"hooks.form.{name}"
    hint = f"{key}.hint"
    words = {"title": text("en", key), "x-title-pt": text("pt-BR", key)}
    helps = {"x-help": text("en", hint), "x-help-pt": text("pt-BR", hint)}
    return words | (helps if helps["x-help"] != hint else {}) | rules
