"""What has to change in a zone so that the wishes come true."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Callable, Iterable, Sequence

from ansible.module_utils.orch.dns import conflicts
from ansible.module_utils.orch.dns.changes import Outcome
from ansible.module_utils.orch.dns.faults import Conflict
from ansible.module_utils.orch.dns.records import Record, Wish
from ansible.module_utils.orch.dns.scope import Scope, is_apex_of

# What cannot stand beside a type at one name, and goes when the wish says `replace`.
RIVALS = {"CNAME": ("A", "AAAA"), "A": ("CNAME",), "AAAA": ("CNAME",)}


def compare(live: Sequence[Record], wishes: Sequence[Wish], zone: str, scope: Scope | None, outcome: Outcome) -> None:
    """Find the changes that make the wishes true, and no others; with a scope what it holds and nobody wishes goes."""
    conflicts.among_wishes(wishes, outcome)
    at: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in sorted(live, key=lambda record: (record.value, record.priority or 0, record.id)):
        at[record.key].append(record)
    asked: dict[tuple[str, str], list[Wish]] = defaultdict(list)
    for one in wishes:
        asked[one.key].append(one)
    for key in sorted(asked):
        _Set(at[key], asked[key], zone, scope).settle(outcome)
    _remove_rivals(at, wishes, outcome)
    for record in live if scope else ():
        if record.id not in outcome.decided and scope and scope.holds(record):
            outcome.put(record, None)
    conflicts.in_zone(live, zone, outcome)


def _remove_rivals(at: dict[tuple[str, str], list[Record]], wishes: Iterable[Wish], outcome: Outcome) -> None:
    replacing = [one for one in wishes if one.on_conflict == "replace" and not one.absent]
    rivals = (record for one in replacing for kind in RIVALS.get(one.type, ()) for record in at[(kind, one.name)])
    for record in rivals:
        if record.id not in outcome.decided:
            outcome.put(record, None)


class _Set:
    """The records of one type and name, and what is wished of them."""

    def __init__(self, here: Sequence[Record], wishes: Sequence[Wish], zone: str, scope: Scope | None) -> None:
        self._zone, self._scope = zone, scope
        self._left = list(here)
        self._open = [one for one in wishes if not one.absent]
        self._absent = [one for one in wishes if one.absent]
        self._replaces = any(one.on_conflict == "replace" for one in self._open)

    def settle(self, outcome: Outcome) -> None:
        """Decide about each record that is wished, denied or in the way."""
        self._pair(lambda one: one.record_id, lambda record: record.id, outcome)
        self._pair(lambda one: (one.value, one.given.get("priority")), lambda r: (r.value, r.priority), outcome)
        self._pair(lambda one: one.value, lambda record: record.value, outcome)
        denied = [record for record in self._left if self._is_denied(record)]
        others = [record for record in self._left if not self._is_denied(record)]
        in_the_way = [record for record in others if self._goes(record)]
        staying = [record for record in others if not self._goes(record)]
        for one in self._open:
            taken = next((record for record in in_the_way if not record.is_fixed), None)
            if taken:
                in_the_way.remove(taken)
                self._change(taken, one, outcome)
            elif staying and one.on_conflict == "fail":
                outcome.object(_has_others(staying), one)
            else:
                outcome.put(None, one.made())
        for record in [*denied, *in_the_way]:
            self._change(record, None, outcome)

    def _pair(self, wished: Callable[[Wish], Any], held: Callable[[Record], Any], outcome: Outcome) -> None:
        """Wishes and records that have the same key belong together."""
        waiting = {held(record): record for record in self._left}
        for one in list(self._open):
            found = waiting.pop(wished(one), None)
            if found:
                self._left.remove(found)
                self._open.remove(one)
                outcome.put(found, one.applied_to(found))

    def _is_denied(self, record: Record) -> bool:
        return any(
            one.value in (None, record.value) and one.given.get("priority", record.priority) == record.priority
            for one in self._absent
        )

    def _goes(self, record: Record) -> bool:
        return self._replaces or bool(self._scope and self._scope.holds(record))

    def _change(self, record: Record, wanted: Wish | None, outcome: Outcome) -> None:
        if is_apex_of(self._zone, record):
            outcome.decided.add(record.id)
            outcome.object(Conflict("the zone's own name servers are never taken away"), record)
            return
        outcome.put(record, wanted.applied_to(record) if wanted else None)


def _has_others(staying: Sequence[Record]) -> Conflict:
    listed = ", ".join(record.value[:60] for record in staying[:3])
    more = f" and {len(staying) - 3} more" if len(staying) > 3 else ""  # noqa: PLR2004
    return Conflict(f"the zone has {listed}{more} here; say by on_conflict whether to replace it or to add to it")
