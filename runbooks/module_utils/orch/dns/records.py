"""A record as a zone holds it, and a record as somebody wishes it: both with one spelling for everything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Iterable, Mapping

from ansible.module_utils.orch.dns import names, rdata
from ansible.module_utils.orch.dns.faults import Invalid

AUTOMATIC = 1  # the TTL that Cloudflare chooses; the only one of a proxied record
LEAST_TTL, MOST_TTL = 60, 86_400
ATTRIBUTES = ("ttl", "proxied", "priority", "comment", "tags")


@dataclass(frozen=True)
class Record:
    """`value` as rdata spells it, `ttl` in seconds or AUTOMATIC, `id` empty for one that is not there yet.

    `is_fixed` says why it cannot be changed through the API, or is empty. `settings` are Cloudflare's own, kept for
    the day the record has to be made again.
    """

    type: str
    name: str
    value: str
    priority: int | None = None
    ttl: int = AUTOMATIC
    proxied: bool = False
    comment: str = ""
    tags: tuple[str, ...] = ()
    id: str = field(default="", compare=False)
    is_fixed: str = field(default="", compare=False)
    settings: tuple[tuple[str, Any], ...] = field(default=(), compare=False)

    @property
    def key(self) -> tuple[str, str]:
        """What records are looked up by."""
        return self.type, self.name

    @property
    def says(self) -> tuple[str, str, str]:
        """Two records that say the same cannot be in a zone together."""
        return self.type, self.name, self.value

    @property
    def shown(self) -> dict[str, Any]:
        """The record for people and plans."""
        found: dict[str, Any] = {"content": self.value, "ttl": self.ttl}
        if self.type in rdata.PROXIABLE:
            found["proxied"] = self.proxied
        optional = {"priority": self.priority, "comment": self.comment, "tags": list(self.tags)}
        return {**found, **{name: value for name, value in optional.items() if value not in (None, "", [])}}


def from_api(found: Mapping[str, Any]) -> Record:
    """A record as the API lists it. One that we cannot read is fixed: it is left alone."""
    kind, name = str(found["type"]), str(found["name"]).rstrip(".").lower()
    reason = "Cloudflare manages this record" if _is_read_only(found) else ""
    try:
        value = rdata.spelled(kind, found.get("content"), found.get("data") or None)
    except (Invalid, KeyError):
        value = str(found.get("content", ""))
        reason = reason or "this kind of record is not known here"
    is_proxied = bool(found.get("proxied"))
    return Record(
        type=kind,
        name=name,
        value=value,
        priority=_priority(kind, found),
        ttl=AUTOMATIC if is_proxied else int(found.get("ttl") or AUTOMATIC),
        proxied=is_proxied,
        comment=found.get("comment") or "",
        tags=tuple(sorted(found.get("tags") or ())),
        id=str(found.get("id", "")),
        is_fixed=reason,
        settings=tuple(sorted((found.get("settings") or {}).items())),
    )


def _is_read_only(found: Mapping[str, Any]) -> bool:
    return bool(found.get("locked") or (found.get("meta") or {}).get("read_only"))


def _priority(kind: str, found: Mapping[str, Any]) -> int | None:
    return int(found.get("priority") or 0) if kind in rdata.WITH_PRIORITY else None


def to_api(record: Record, fields: Iterable[str] = ()) -> dict[str, Any]:
    """What the API is given to know the record by, and these of its attributes."""
    found: dict[str, Any] = {"type": record.type, "name": record.name, **rdata.body(record.type, record.value)}
    if record.priority is not None:
        found["priority"] = record.priority
    for name in fields:
        value = getattr(record, name)
        found[name] = list(value) if isinstance(value, tuple) else value
    return found


@dataclass(frozen=True)
class Wish:
    """A record that shall be there or shall not. `given` holds only what was asked for; the rest stays as it is.

    `value` is None for an absent wish that means every record of the type and name. `row` says in messages where the
    wish came from. `record_id` is the record that a rollback wants to have back, `added_tag` one to add to its tags.
    """

    type: str
    name: str
    value: str | None
    given: Mapping[str, Any] = field(default_factory=dict)
    absent: bool = False
    on_conflict: str = "fail"
    row: str = ""
    record_id: str = ""
    added_tag: str = ""
    settings: tuple[tuple[str, Any], ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """What records are looked up by."""
        return self.type, self.name

    @property
    def label(self) -> str:
        """The wish in a message."""
        return f"{self.row} ({self.type} {self.name})" if self.row else f"{self.type} {self.name}"

    def applied_to(self, record: Record) -> Record:
        """The record as it would be when the wish has come true."""
        wanted = {name: self.given[name] for name in ATTRIBUTES if name in self.given}
        changed = {**{name: getattr(record, name) for name in ATTRIBUTES}, **wanted}
        if changed["proxied"]:
            changed["ttl"] = AUTOMATIC
        if self.added_tag:
            changed["tags"] = tuple(sorted({*changed["tags"], self.added_tag}))
        return Record(
            type=record.type,
            name=record.name,
            value=record.value if self.value is None else self.value,
            id=record.id,
            is_fixed=record.is_fixed,
            settings=record.settings,
            **changed,
        )

    def made(self) -> Record:
        """The record that is made where there is none."""
        blank = Record(self.type, self.name, self.value or "", settings=self.settings)
        return self.applied_to(blank)


def wish(row: Mapping[str, Any], zone: str, label: str = "") -> Wish:
    """A row of the inputs as a wish; raises Invalid with what is wrong with it."""
    kind, absent = row["type"], row.get("state") == "absent"
    has_value = row.get("content") not in (None, "") or bool(row.get("data"))
    value = rdata.spelled(kind, row.get("content"), row.get("data")) if has_value or not absent else None
    given = {name: row[name] for name in ATTRIBUTES if row.get(name) is not None}
    if "tags" in given:
        given["tags"] = tuple(sorted(given["tags"]))
    if not LEAST_TTL <= given.get("ttl", LEAST_TTL) <= MOST_TTL and given["ttl"] != AUTOMATIC:
        raise Invalid(f"the TTL is {AUTOMATIC} (automatic) or {LEAST_TTL} to {MOST_TTL} seconds")
    if kind in rdata.WITH_PRIORITY and not absent and "priority" not in given:
        raise Invalid(f"a {kind} record needs a priority")
    if kind not in rdata.WITH_PRIORITY:
        given.pop("priority", None)
    if given.get("proxied") and kind not in rdata.PROXIABLE:
        raise Invalid(f"a {kind} record cannot be proxied; {', '.join(sorted(rdata.PROXIABLE))} can")
    return Wish(
        type=kind,
        name=names.in_full(row["name"], zone),
        value=value,
        given=given,
        absent=absent,
        on_conflict=row.get("on_conflict") or "fail",
        row=label,
    )


def exactly(record: Record, on_conflict: str = "add") -> Wish:
    """The wish to have a record just as it was; it may have another id by now."""
    return Wish(
        type=record.type,
        name=record.name,
        value=record.value,
        given={name: getattr(record, name) for name in ATTRIBUTES},
        on_conflict=on_conflict,
        record_id=record.id,
        settings=record.settings,
    )
