"""What a zone was like before a run, what the run meant to do, and the wishes that undo it or bring a state back."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Sequence

from ansible.module_utils.orch.dns import rdata, records
from ansible.module_utils.orch.dns.changes import Change
from ansible.module_utils.orch.dns.faults import Invalid
from ansible.module_utils.orch.dns.records import Record, Wish
from ansible.module_utils.orch.dns.scope import Scope, is_apex_of

SCHEMA_VERSION = 1
FILE, ZONE_FILE = "snapshot.json", "snapshot.zone"


def document(
    runbook: str, target: Mapping[str, Any], live: Iterable[Record], steps: Iterable[Change] = ()
) -> dict[str, Any]:
    """The whole zone, and each step with its record before and after. `target` is `{kind, id, name}`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "runbook": runbook,
        "target": dict(target),
        "records": [kept(record) for record in sorted(live, key=lambda record: (record.name, *record.says, record.id))],
        "steps": [{"before": kept(step.before), "after": kept(step.after)} for step in steps],
    }


def kept(record: Record | None) -> dict[str, Any] | None:
    """A record as files keep it: spelled like a row of the inputs, with its id."""
    if record is None:
        return None
    found = {"id": record.id, "type": record.type, "name": record.name, **record.shown}
    optional = {"settings": dict(record.settings), "locked": bool(record.is_fixed)}
    return {**found, **{name: value for name, value in optional.items() if value}}


def record_of(row: Mapping[str, Any]) -> Record:
    """The record that was kept; raises Invalid."""
    try:
        found = records.from_api(row)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid(f"a record of the file cannot be read: {type(error).__name__} {error}") from None
    if found.type not in rdata.TYPES:
        raise Invalid(f"{found.type[:20]} {found.name} is of a type that is not known here")
    return found


def require_zone(found: Any, zone_id: str) -> dict[str, Any]:
    """The document, if it is one of this zone; raises Invalid."""
    if not isinstance(found, dict) or found.get("schema_version") != SCHEMA_VERSION or "records" not in found:
        raise Invalid("this is not a snapshot or backup of a zone")
    target = found.get("target") or {}
    if target.get("id") != zone_id:
        raise Invalid(f"this is of another zone: {str(target.get('name'))[:100]}")
    return found


def undone(found: Mapping[str, Any], live: Sequence[Record]) -> tuple[list[Wish], list[str]]:
    """The wishes that take a run's steps back, and what has been changed since by somebody else."""
    steps = [Change(_read(step["before"]), _read(step["after"])) for step in found.get("steps") or ()]
    now = {record.id: record for record in live}
    said = {record.says: record for record in live}
    wanted = {step.before.says for step in steps if step.before}
    wishes: list[Wish] = []
    changed: list[str] = []
    for step in steps:
        if step.before:
            wishes.append(records.exactly(step.before))
        if step.after and step.after.says not in wanted:
            wishes.append(Wish(step.after.type, step.after.name, step.after.value, absent=True))
        there = now.get(step.before.id) if step.before else said.get(step.record.says)
        if there and there not in (step.before, step.after):
            changed.append(f"{there.type} {there.name} was changed after the run; this takes that back as well")
    return wishes, changed


def _read(row: Mapping[str, Any] | None) -> Record | None:
    return record_of(row) if row else None


def restored(found: Mapping[str, Any], zone: str, scope: Scope) -> tuple[list[Wish], list[str]]:
    """The wishes that bring a kept state back as far as the scope goes, and what is left out of it."""
    wishes: list[Wish] = []
    left_out: list[str] = []
    for row in found["records"]:
        try:
            record = record_of(row)
        except Invalid as fault:
            left_out.append(str(fault))
            continue
        if scope.holds(record) and not record.is_fixed:
            wishes.append(records.exactly(record, on_conflict="replace"))
        elif is_apex_of(zone, record):
            left_out.append(f"the zone's own {record.type} {record.value} is left as it is")
    return wishes, left_out
