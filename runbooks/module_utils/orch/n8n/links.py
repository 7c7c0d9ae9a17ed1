"""The credentials that nodes use, as n8n links them: by id, and where there is none with that id by name.

n8n does it with every workflow that is written, by its API or its command line. So a workflow that comes to a server
whose credentials have the same names and other ids reads back with these.
"""

from __future__ import annotations

from typing import Any, Mapping, Sequence

Node = Mapping[str, Any]


def as_linked(wanted: Sequence[Node], live: Sequence[Node]) -> list[Node]:
    """The wanted nodes with the links of the live ones where these are of the same credentials."""
    there = {str(node.get("name")): node.get("credentials") or {} for node in live}
    return [_as_linked(node, there.get(str(node.get("name")), {})) for node in wanted]


def _as_linked(node: Node, there: Mapping[str, Any]) -> Node:
    found = node.get("credentials")
    if not found:
        return node
    links = {kind: there[kind] if _is_same(link, there.get(kind)) else link for kind, link in found.items()}
    return {**node, "credentials": links}


def _is_same(one: Any, other: Any) -> bool:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return False
    return any(one.get(name) is not None and one.get(name) == other.get(name) for name in ("id", "name"))
