"""What a comparison ended in: changes, objections that stand against them, and warnings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping

from ansible.module_utils.orch.dns import names
from ansible.module_utils.orch.dns.faults import Conflict, Invalid
from ansible.module_utils.orch.dns.records import ATTRIBUTES, Record, Wish


@dataclass(frozen=True)
class Change:
    """One record before and after; None where there is none."""

    before: Record | None
    after: Record | None
    note: str = ""

    @property
    def record(self) -> Record:
        """The record as it will be, or as it was when it goes."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def action(self) -> str:
        """create, update, delete or noop."""
        if self.before is None:
            return "create"
        if self.after is None:
            return "delete"
        return "noop" if self.before == self.after else "update"

    @property
    def fields(self) -> list[str]:
        """The attributes of an update that differ, with `value` where the record says something else."""
        if self.before is None or self.after is None:
            return []
        named = ("value", *ATTRIBUTES)
        return [name for name in named if getattr(self.before, name) != getattr(self.after, name)]

    @property
    def order(self) -> tuple[Any, ...]:
        """Sort key: as the records stand in the zone, whatever the order of the wishes was."""
        record = self.record
        return (names.in_zone_order(record.name), record.type, self.action, record.value, record.id)


@dataclass(frozen=True)
class Objection:
    """Why a wish cannot come true: a code of the job (validation or conflict), and a sentence."""

    code: str
    message: str
    type: str = ""
    name: str = ""


@dataclass
class Outcome:
    """Filled by a comparison. With an objection nothing is written."""

    changes: list[Change] = field(default_factory=list)
    objections: list[Objection] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    decided: set[str] = field(default_factory=set)

    def put(self, before: Record | None, after: Record | None, note: str = "") -> None:
        """Decide about a record; one that Cloudflare keeps for itself stays, with a warning."""
        if before is not None:
            self.decided.add(before.id)
        if before is not None and before.is_fixed and before != after:
            self.warn("skipped", f"{before.type} {before.name} was left as it is: {before.is_fixed}", before.id)
            after = before
        self.changes.append(Change(before, after, note))

    def object(self, fault: Conflict | Invalid, about: Wish | Record) -> None:
        """Note why this cannot be."""
        label = about.label if isinstance(about, Wish) else f"{about.type} {about.name}"
        self.objections.append(Objection(fault.code, f"{label}: {fault}", about.type, about.name))

    def object_to_row(self, fault: Invalid, label: str, row: Mapping[str, Any]) -> None:
        """Note what is wrong with a row, of which there is no wish yet."""
        kind, name = str(row["type"]), str(row["name"])
        self.objections.append(Objection(fault.code, f"{label} ({kind} {name[:100]}): {fault}", kind, name))

    def object_to_all(self, fault: Invalid) -> None:
        """Note that the whole of what was given cannot be used."""
        self.objections.append(Objection(fault.code, str(fault)))

    def warn(self, code: str, message: str, item: str = "") -> None:
        """Note what somebody should look at."""
        self.warnings.append({"code": code, "message": message, **({"item": item} if item else {})})

    @property
    def steps(self) -> list[Change]:
        """The changes that change something, in the order of the zone."""
        return sorted((change for change in self.changes if change.action != "noop"), key=lambda change: change.order)
