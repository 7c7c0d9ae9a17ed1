"""A job's output.json as tables: by the `x-output` hints of its schema, otherwise by its own shape.

A hint is `{title, title-pt, rows, columns}`: `rows` points at a list (one `*` goes through an outer list), a column's
`value` points into a row, or into the outer item where the column says `"of": "item"`; `as` tells how to write it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

SHOWN_ROWS = 200
SHOWN_COLUMNS = 6
BOOKKEEPING = frozenset(
    {
        "schema_version",
        "runbook",
        "version",
        "job_id",
        "mode",
        "counts",
        "warnings",
        "started_at",
        "finished_at",
        "failure",
    }
)
ACTIONS = frozenset({"create", "update", "delete", "noop", "error"})
KINDS = ("status", "action", "duration", "percent", "megabytes", "bytes", "time", "number")
RIGHT = ("duration", "percent", "megabytes", "bytes", "number")
Shown = dict[str, Any]


def tables_of(output: Mapping[str, Any] | None, schema: Mapping[str, Any]) -> list[Shown]:
    """What the output says, as tables with at least one row."""
    if not output:
        return []
    hints = schema.get("x-output") or list(_guessed(output))
    tables = [_table(output, hint) for hint in hints]
    return [table for table in tables if table["rows"]]


def at_pointer(value: Any, pointer: str) -> Any:
    """The value that a JSON pointer names, None where it leads nowhere."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(value, Sequence) and not isinstance(value, str) and name.isdecimal():
            value = value[int(name)] if int(name) < len(value) else None
        else:
            return None
    return value


def _table(output: Mapping[str, Any], hint: Mapping[str, Any]) -> Shown:
    columns = hint.get("columns", [])
    found = list(_rows(output, hint.get("rows", "/items")))
    rows = [{"cells": [_cell(row, item, column) for column in columns]} for row, item in found[:SHOWN_ROWS]]
    kept = [at for at in range(len(columns)) if any(row["cells"][at]["text"] for row in rows)]
    return {
        "title": hint.get("title", ""),
        "titlePt": hint.get("title-pt") or hint.get("title", ""),
        "columns": [_heading(columns[at]) for at in kept],
        "rows": [{"cells": [row["cells"][at] for at in kept]} for row in rows],
        "total": len(found),
        "hidden": len(found) - len(rows),
    }


def _rows(output: Mapping[str, Any], pointer: str) -> Iterator[tuple[Any, Any]]:
    """Each row with the item of the outer list that it came from; without a `*` that is the row itself."""
    outer, star, inner = pointer.partition("/*")
    for item in _listed(at_pointer(output, outer)):
        if star:
            yield from ((row, item) for row in _listed(at_pointer(item, inner)))
        else:
            yield item, item


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else []


def _heading(column: Mapping[str, Any]) -> Shown:
    return _titles(column) | {"isRight": column.get("as") in RIGHT}


def _titles(column: Mapping[str, Any]) -> Shown:
    title = column.get("title", "")
    return {"title": title, "titlePt": column.get("title-pt") or title}


def _cell(row: Any, item: Any, column: Mapping[str, Any]) -> Shown:
    value = at_pointer(item if column.get("of") == "item" else row, column.get("value", ""))
    kind = column.get("as") or ("action" if _is_action(value, column) else "text")
    if kind in RIGHT and not isinstance(value, int | float):
        kind = "text"
    number = float(value) if kind in RIGHT else 0.0
    shown = {"kind": kind if kind in KINDS else "text", "text": _text(value), "number": number}
    return shown | _titles(column)


def _is_action(value: Any, column: Mapping[str, Any]) -> bool:
    """Whether it is what became of an item, by a word of the contract."""
    return column.get("value") == "/action" and value in ACTIONS


def _text(value: Any) -> str:
    if value is None or value == "":
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _guessed(output: Mapping[str, Any]) -> Iterator[Shown]:
    """A table for each list of objects, with the first of their plain values as columns."""
    for name, value in output.items():
        if name in BOOKKEEPING or not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
            continue
        keys = dict.fromkeys(key for each in value for key, inner in each.items() if not isinstance(inner, dict | list))
        yield {"title": _spoken(name), "rows": f"/{name}", "columns": [_column(key) for key in [*keys][:SHOWN_COLUMNS]]}


def _column(key: str) -> Shown:
    escaped = key.replace("~", "~0").replace("/", "~1")
    return {"title": _spoken(key), "value": f"/{escaped}", "as": "status" if key == "status" else "text"}


def _spoken(name: str) -> str:
    return name.replace("_", " ").capitalize()
