"""Which records an exact run answers for: it deletes those of them that are not listed, and touches no others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Mapping

from ansible.module_utils.orch.dns import names, rdata
from ansible.module_utils.orch.dns.faults import Invalid
from ansible.module_utils.orch.dns.records import Record, Wish


def is_apex_of(zone: str, record: Record | Wish) -> bool:
    """Whether the record is what makes the zone a zone: its own NS or SOA."""
    return record.name == zone and record.type in ("NS", "SOA")


@dataclass(frozen=True)
class Scope:
    """Records of these types (all when empty), at or below `suffix`, with this tag (`name:value` or just `name`)."""

    zone: str
    types: frozenset[str] = frozenset()
    suffix: str = ""
    tag: str = ""

    def holds(self, record: Record) -> bool:
        """Whether the record goes when it is not listed. The zone's own NS and SOA never do."""
        if record.type not in rdata.TYPES or is_apex_of(self.zone, record) or not self._covers(record):
            return False
        return not self.tag or any(self.tag in (tag, tag.partition(":")[0]) for tag in record.tags)

    def require(self, wish: Wish) -> Wish:
        """The wish, with the scope's tag; raises Invalid for one outside the scope."""
        if not self._covers(wish):
            raise Invalid("this record is outside the scope, which an exact run does not touch")
        return replace(wish, added_tag=self.tag)

    def _covers(self, record: Record | Wish) -> bool:
        is_of_type = not self.types or record.type in self.types
        return is_of_type and (not self.suffix or names.is_within(record.name, self.suffix))


def scope(given: Mapping[str, Any] | None, zone: str) -> Scope:
    """The scope of the inputs; raises Invalid."""
    found = given or {}
    suffix = names.in_full(found["name_suffix"], zone) if found.get("name_suffix") else ""
    return Scope(zone, frozenset(found.get("types") or ()), suffix, found.get("managed_tag") or "")
