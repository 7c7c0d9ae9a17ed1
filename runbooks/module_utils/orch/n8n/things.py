"""What n8n holds, in one spelling for all ways of reading it: a workflow, a variable, an encrypted credential."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, NamedTuple

from ansible.module_utils.orch import plan

WORKFLOW, VARIABLE, CREDENTIAL = "workflow", "variable", "credential"
KINDS = (CREDENTIAL, VARIABLE, WORKFLOW)
MOST_NAMED = 8
# What n8n fills in by itself, and takes as if it were not there.
_DEFAULTS: dict[str, tuple[Any, ...]] = {
    "availableInMCP": (False,),
    "callerPolicy": ("workflowsFromSameOwner",),
    "timezone": ("DEFAULT",),
    "saveDataErrorExecution": ("DEFAULT",),
    "saveDataSuccessExecution": ("DEFAULT",),
    "saveManualExecutions": ("DEFAULT",),
    "saveExecutionProgress": ("DEFAULT",),
    "executionTimeout": (-1,),
}


class Thing(NamedTuple):
    """One of the kinds. `id` is n8n's, for a variable its key; `content` what a person made of it."""

    kind: str
    id: str
    name: str
    content: dict[str, Any]

    @property
    def sha256(self) -> str:
        """The name of exactly this content."""
        return plan.digest(self.content)

    @property
    def size(self) -> int:
        """Bytes of the content, written as canonical JSON."""
        return len(plan.canonical(self.content))

    @property
    def order(self) -> tuple[str, str, str]:
        """Sort key."""
        return (self.kind, self.name, self.id)


def workflow(row: Mapping[str, Any]) -> Thing:
    """A workflow as the API or an export gives it.

    Left out: times, versions, owners, and what triggers remember (`staticData`), which would make every backup a new
    one, and a restored trigger skip or repeat events.
    """
    content: dict[str, Any] = {
        "name": str(row["name"]),
        "active": bool(row.get("active")),
        "nodes": [_plain(node) for node in row.get("nodes") or ()],
        "connections": row.get("connections") or {},
        "settings": settings(row.get("settings") or {}),
        "tags": sorted({str(tag["name"]) for tag in row.get("tags") or ()}),
    }
    if row.get("isArchived"):
        content["archived"] = True
    if row.get("pinData"):
        content["pinData"] = row["pinData"]
    return Thing(WORKFLOW, str(row["id"]), content["name"], content)


def settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings without those that say what goes without saying."""
    return {name: value for name, value in given.items() if value not in _DEFAULTS.get(name, ()) and value is not None}


def variable(row: Mapping[str, Any]) -> Thing:
    """A variable; its key is its id, for n8n's own id is another one on each server."""
    key = str(row["key"])
    return Thing(VARIABLE, key, key, {"value": str(row.get("value", ""))})


def credential(row: Mapping[str, Any]) -> Thing:
    """A credential as n8n keeps it: `data` is encrypted, and stays so."""
    content = {"name": str(row["name"]), "type": str(row["type"]), "data": row["data"]}
    return Thing(CREDENTIAL, str(row["id"]), content["name"], content)


def thing(kind: str, id_: str, content: dict[str, Any]) -> Thing:
    """One that was kept."""
    return Thing(kind, id_, str(content.get("name", id_)), content)


def shown(one: Thing | None) -> dict[str, Any] | None:
    """What a plan tells of it: never a parameter, a value or an encrypted secret."""
    if one is None:
        return None
    if one.kind == VARIABLE:
        return {"sha256": one.sha256}
    if one.kind == CREDENTIAL:
        return {"type": one.content["type"], "sha256": one.sha256}
    content = one.content
    told = {"name": one.name, "active": content["active"], "nodes": len(content["nodes"]), "tags": content["tags"]}
    return {**told, "sha256": one.sha256}


def different_nodes(before: Thing, after: Thing) -> str:
    """The nodes that differ, by name: `changed HTTP; new Slack; gone Set`; empty for what has none."""
    old, new = _by_name(before), _by_name(after)
    found = {
        "changed": sorted(name for name in set(old) & set(new) if old[name] != new[name]),
        "new": sorted(set(new) - set(old)),
        "gone": sorted(set(old) - set(new)),
    }
    return "; ".join(f"{word} {listed(names)}" for word, names in found.items() if names)


def listed(names: Iterable[str]) -> str:
    """Names for a sentence, the first few of many."""
    found = list(names)
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return ", ".join(found[:MOST_NAMED]) + more


def _by_name(one: Thing) -> dict[str, Any]:
    return {str(node.get("name")): node for node in one.content.get("nodes") or ()}


def _plain(node: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in node.items() if name not in ("createdAt", "updatedAt")}
