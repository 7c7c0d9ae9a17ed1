"""What changed between two inventories."""

from __future__ import annotations

from typing import Any

WATCHED = {
    "services": ("image", "wanted", "running"),
    "containers": ("image", "state", "health"),
    "nodes": ("state",),
    "stacks": (),
}


def changes(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows `{endpoint, kind, name, change, before, after}`: added, removed, or a field that became another.

    An endpoint that failed in either is left out: nothing is known of it. So are containers of services: a Swarm
    replaces them all the time, and the service tells enough.
    """
    old, new = _seen(before), _seen(after)
    found = []
    for endpoint in sorted(set(old) & set(new)):
        for kind in WATCHED:
            rows = _compared(_by_name(old[endpoint], kind), _by_name(new[endpoint], kind), kind)
            found += [{"endpoint": new[endpoint]["name"], "kind": kind[:-1], **row} for row in rows]
    return found


def _seen(items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {item["id"]: item for item in items if item["action"] != "error"}


def _by_name(item: dict[str, Any], kind: str) -> dict[str, dict[str, Any]] | None:
    """The rows of a kind; None where the inventory did not look at it."""
    rows = item.get(kind)
    return None if rows is None else {row["name"]: row for row in rows if not row.get("service")}


def _compared(
    old: dict[str, dict[str, Any]] | None, new: dict[str, dict[str, Any]] | None, kind: str
) -> list[dict[str, Any]]:
    if old is None or new is None:
        return []
    rows = [_row(name, "added", "", _summary(new[name], kind)) for name in sorted(set(new) - set(old))]
    rows += [_row(name, "removed", _summary(old[name], kind), "") for name in sorted(set(old) - set(new))]
    for name in sorted(set(old) & set(new)):
        different = [field for field in WATCHED[kind] if old[name].get(field) != new[name].get(field)]
        rows += [_row(name, field, str(old[name].get(field, "")), str(new[name].get(field, ""))) for field in different]
    return rows


def _summary(row: dict[str, Any], kind: str) -> str:
    return " ".join(str(row[field]) for field in WATCHED[kind] if row.get(field) not in (None, ""))


def _row(name: str, change: str, before: str, after: str) -> dict[str, Any]:
    return {"name": name, "change": change, "before": before, "after": after}
