"""What no zone can hold at once, found before anything is written."""

from __future__ import annotations

from collections import defaultdict
from typing import Iterable, Sequence

from ansible.module_utils.orch.dns import rdata
from ansible.module_utils.orch.dns.changes import Outcome
from ansible.module_utils.orch.dns.faults import Conflict
from ansible.module_utils.orch.dns.records import Record, Wish

ALIAS = "CNAME"
_NEVER_WITH_ALIAS = frozenset({"A", "AAAA", "NS"})
_WITH_DELEGATION = frozenset({"NS", "DS"})


def among_wishes(wishes: Sequence[Wish], outcome: Outcome) -> None:
    """Rows that say the same twice, or want and deny one record."""
    first: dict[tuple[str, str, str | None], Wish] = {}
    wanted = {one.key for one in wishes if not one.absent}
    for one in wishes:
        earlier = first.setdefault((*one.key, one.value), one)
        if earlier is not one:
            verb = "repeats" if earlier.absent == one.absent else "contradicts"
            outcome.object(Conflict(f"this {verb} {earlier.row or 'another record'}"), one)
        elif one.value is None and one.key in wanted:
            outcome.object(Conflict("all records of this name and type shall go, and another row wants one"), one)


def in_zone(live: Sequence[Record], zone: str, outcome: Outcome) -> None:
    """Names at which the zone as it would be breaks a rule, as far as this run adds or changes something there."""
    after = _afterwards(live, outcome)
    for name in sorted({change.after.name for change in outcome.steps if change.after}):
        fault = _fault_at(name, after[name], is_apex=name == zone)
        if fault:
            outcome.object(Conflict(fault), after[name][0])
    for change in outcome.steps:
        if change.after:
            _warn_of_alias(change.after, after, outcome)


def _afterwards(live: Iterable[Record], outcome: Outcome) -> dict[str, list[Record]]:
    at: dict[str, list[Record]] = defaultdict(list)
    untouched = [record for record in live if record.id not in outcome.decided]
    for record in [*untouched, *(change.after for change in outcome.changes if change.after)]:
        at[record.name].append(record)
    return at


def _fault_at(name: str, records: Sequence[Record], *, is_apex: bool) -> str:
    """The rule that the records of one name break together; empty where they break none.

    Cloudflare flattens an alias at the apex and one that is proxied, so that others may stand beside it.
    """
    aliases = [record for record in records if record.type == ALIAS]
    kinds = sorted({record.type for record in records} - {ALIAS})
    if len(aliases) > 1:
        return f"{name} would have {len(aliases)} CNAME records; one is the most"
    if aliases and _NEVER_WITH_ALIAS & set(kinds) - ({"NS"} if is_apex else set()):
        return f"{name} would have a CNAME beside {', '.join(kinds)}"
    if aliases and kinds and not is_apex and not aliases[0].proxied:
        return f"{name} would have a CNAME that is not proxied beside {', '.join(kinds)}"
    if "NS" in kinds and not is_apex and set(kinds) - _WITH_DELEGATION:
        return f"{name} would be delegated by NS and have {', '.join(sorted(set(kinds) - _WITH_DELEGATION))} besides"
    return ""


def _warn_of_alias(record: Record, after: dict[str, list[Record]], outcome: Outcome) -> None:
    target = rdata.points_to(record.type, record.value)
    if target and any(other.type == ALIAS for other in after.get(target, ())):
        message = f"{record.type} {record.name} leads to {target}, which is an alias; mail and DNS servers refuse that"
        outcome.warn("target_is_alias", message, record.id)
