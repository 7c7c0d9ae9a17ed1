"""The plan of a run and its diff: what people see, approve and find again in the output."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Sequence

from ansible.module_utils.orch.dns.changes import Change, Objection, Outcome
from ansible.module_utils.orch.dns.records import Record, Wish
from ansible.module_utils.orch.dns.scope import Scope
from ansible.module_utils.orch.dns.snapshot import kept
from ansible.module_utils.orch.dns.zone_writer import line
from ansible.module_utils.orch.plan import Plan, digest

MOST_OF_A_NOTE = 2000


def plan(head: Mapping[str, Any], outcome: Outcome, state: Sequence[Any]) -> Plan:
    """The plan document; `head` is `{runbook, direction, target}`."""
    unchanged = [{"action": "noop"} for change in outcome.changes if change.action == "noop"]
    against = [_noted(found) for found in objections(outcome.objections)]
    listed = [*against, *(item(step) for step in outcome.steps)]
    return Plan(dict(head), [*listed, *unchanged], state=state, warnings=outcome.warnings)


def _noted(found: dict[str, Any]) -> dict[str, Any]:
    """An objection as the plan has it: its sentence is a note."""
    noted = {name: value for name, value in found.items() if name != "error"}
    return {**noted, "note": found["error"]["message"][:MOST_OF_A_NOTE]}


def item(step: Change) -> dict[str, Any]:
    """A step as an item of the plan. One that makes a record is known by what it says."""
    record = step.record
    found = {
        "id": record.id or f"{record.type} {record.name} {digest(record.value)[:16]}",
        "action": step.action,
        "kind": record.type,
        "name": record.name,
        "before": step.before.shown if step.before else None,
        "after": step.after.shown if step.after else None,
        "fields": ["content" if name == "value" else name for name in step.fields],
    }
    return {**found, "note": step.note} if step.note else found


def objections(found: Iterable[Objection]) -> list[dict[str, Any]]:
    """What stands against the plan, as items."""
    return [
        {
            "id": f"{one.code} {number}",
            "action": "error",
            "kind": one.type,
            "name": one.name,
            "before": None,
            "after": None,
            "fields": [],
            "error": {"code": one.code, "message": one.message, "retryable": False},
        }
        for number, one in enumerate(found, 1)
    ]


def state(live: Iterable[Record], wishes: Iterable[Wish], scope: Scope | None) -> list[Any]:
    """The part of the zone that decides: records at the names that are wished, and those in the scope.

    What else comes and goes in the zone, such as the answers of ACME challenges, makes no plan stale.
    """
    asked = {one.name for one in wishes}
    deciding = [record for record in live if record.name in asked or (scope and scope.holds(record))]
    return [kept(record) for record in sorted(deciding, key=lambda record: record.id)]


def diff_text(steps: Iterable[Change]) -> str:
    """Lines of a zone file that go (-) and come (+)."""
    lines = []
    for step in steps:
        lines += [f"-{line(step.before)}\n"] if step.before else []
        lines += [f"+{line(step.after)}\n"] if step.after else []
    return "".join(lines)
