"""What a run is asked for, in one of its forms, as wishes; with the faults and remarks that came up on the way."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ansible.module_utils.orch.dns import records, table_reader, zone_reader
from ansible.module_utils.orch.dns.changes import Outcome
from ansible.module_utils.orch.dns.faults import Invalid
from ansible.module_utils.orch.dns.records import Wish
from ansible.module_utils.orch.dns.scope import Scope

MOST_ROWS = 3500


def read(given: Mapping[str, Any], zone: str, scope: Scope | None, outcome: Outcome) -> list[Wish]:
    """The wishes of the rows that can be understood; the others become objections."""
    try:
        rows = _rows(given, zone, outcome)
    except Invalid as fault:
        outcome.object_to_all(fault)
        return []
    found = (_wish(label, row, zone, scope, outcome) for label, row in rows)
    return [one for one in found if one]


def _wish(label: str, row: Mapping[str, Any], zone: str, scope: Scope | None, outcome: Outcome) -> Wish | None:
    try:
        one = records.wish(row, zone, label)
        return scope.require(one) if scope else one
    except Invalid as fault:
        outcome.object_to_row(fault, label, row)
        return None


def _rows(given: Mapping[str, Any], zone: str, outcome: Outcome) -> Sequence[tuple[str, Mapping[str, Any]]]:
    form = given.get("source", "records")
    if form == "records":
        rows = [(f"record {number}", row) for number, row in enumerate(given[form], 1)]
    elif form == "zone_file":
        file = zone_reader.read(given[form], zone)
        for remark in file.left_out:
            outcome.warn("left_out", remark)
        rows = file.rows
    else:
        rows = table_reader.read(given[form])
    if not 1 <= len(rows) <= MOST_ROWS:
        raise Invalid(f"there are {len(rows)} records; 1 to {MOST_ROWS} can be given at once")
    usual = {"on_conflict": given.get("on_conflict")}
    return rows if form == "records" else [(label, {**usual, **row}) for label, row in rows]
