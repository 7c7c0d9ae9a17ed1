"""What a record of each type says: one spelling for the API's content or data, a zone file and a person's input.

The spelling is called the record's value. Two records of a type and name say the same when their values are equal.
The priority of MX and URI is no part of it: changing it changes a record and does not make another one.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import Any, Sequence

from ansible.module_utils.orch.dns import location
from ansible.module_utils.orch.dns.faults import Invalid
from ansible.module_utils.orch.dns.fields import (
    Address,
    Base64,
    Field,
    Hex,
    Host,
    Parameters,
    Quoted,
    Tag,
    Text,
    Whole,
    words,
)

_BYTE, _SHORT = Whole(8), Whole(16)
# Types whose value is `content`: one field each.
_SIMPLE: dict[str, Field] = {
    "A": Address(4),
    "AAAA": Address(6),
    "CNAME": Host(),
    "MX": Host(may_be_root=True),
    "NS": Host(),
    "PTR": Host(),
    "TXT": Text(),
}
# Types whose value is `data`: its fields in the order of a zone file.
_COMPOSED: dict[str, tuple[tuple[str, Field], ...]] = {
    "CAA": (("flags", _BYTE), ("tag", Tag()), ("value", Quoted())),
    "CERT": (("type", _SHORT), ("key_tag", _SHORT), ("algorithm", _BYTE), ("certificate", Base64())),
    "DNSKEY": (("flags", _SHORT), ("protocol", _BYTE), ("algorithm", _BYTE), ("public_key", Base64())),
    "DS": (("key_tag", _SHORT), ("algorithm", _BYTE), ("digest_type", _BYTE), ("digest", Hex())),
    "HTTPS": (("priority", _SHORT), ("target", Host(may_be_root=True)), ("value", Parameters())),
    "NAPTR": (
        ("order", _SHORT),
        ("preference", _SHORT),
        ("flags", Quoted()),
        ("service", Quoted()),
        ("regex", Quoted()),
        ("replacement", Host(may_be_root=True)),
    ),
    "SMIMEA": (("usage", _BYTE), ("selector", _BYTE), ("matching_type", _BYTE), ("certificate", Hex())),
    "SRV": (("priority", _SHORT), ("weight", _SHORT), ("port", _SHORT), ("target", Host(may_be_root=True))),
    "SSHFP": (("algorithm", _BYTE), ("type", _BYTE), ("fingerprint", Hex())),
    "SVCB": (("priority", _SHORT), ("target", Host(may_be_root=True)), ("value", Parameters())),
    "TLSA": (("usage", _BYTE), ("selector", _BYTE), ("matching_type", _BYTE), ("certificate", Hex())),
    "URI": (("weight", _SHORT), ("target", Quoted())),
}
LOCATION = "LOC"
TYPES = frozenset({*_SIMPLE, *_COMPOSED, LOCATION})
PROXIABLE = frozenset({"A", "AAAA", "CNAME"})
WITH_PRIORITY = frozenset({"MX", "URI"})


def has_content(kind: str) -> bool:
    """Whether records of this type are written by their content, and not by data."""
    return kind in _SIMPLE


def spelled(kind: str, content: Any = None, data: dict[str, Any] | None = None) -> str:
    """The value of a wish; raises Invalid for what the type cannot hold."""
    if kind in _SIMPLE:
        if content in (None, ""):
            raise Invalid(f"a {kind} record needs content")
        return _SIMPLE[kind].spelled(content)
    if data is None:
        return from_words(kind, words(str(content or "")))
    known = [name for name, _ in _COMPOSED[kind]] if kind != LOCATION else list(location.NAMES)
    unknown = sorted(set(data) - set(known))
    if unknown:
        raise Invalid(f"the data of a {kind} record has no {', '.join(unknown)[:100]}; it has {', '.join(known)}")
    return location.spelled(data) if kind == LOCATION else _composed(kind, data)


def _composed(kind: str, data: dict[str, Any]) -> str:
    missing = [name for name, field in _COMPOSED[kind] if name not in data and not isinstance(field, Parameters)]
    if missing:
        raise Invalid(f"the data of a {kind} record needs {', '.join(missing)}")
    return _put_together(kind, [data.get(name, "") for name, _ in _COMPOSED[kind]])


def _put_together(kind: str, given: Sequence[Any]) -> str:
    parts = [_part(name, field, value) for (name, field), value in zip(_COMPOSED[kind], given)]
    return " ".join(part for part in parts if part)


def _part(name: str, field: Field, value: Any) -> str:
    try:
        return field.spelled(value)
    except Invalid as error:
        raise Invalid(f"{name}: {error}") from None


def from_words(kind: str, given: Sequence[str]) -> str:
    """The value of what a zone file says, its priority taken away; raises Invalid."""
    if kind == LOCATION:
        return location.from_words(given)
    fields = [_SIMPLE[kind]] if kind in _SIMPLE else [field for _, field in _COMPOSED[kind]]
    taken = list(given)
    last = fields[-1]
    if last.takes_rest:
        taken = [*taken[: len(fields) - 1], last.between.join(taken[len(fields) - 1 :])]
    if len(taken) != len(fields):
        raise Invalid(f"a {kind} record has {len(fields)} parts and not {len(taken)}")
    return fields[0].spelled(taken[0]) if kind in _SIMPLE else _put_together(kind, taken)


def with_full_hosts(kind: str, given: Sequence[str], origin: str) -> list[str]:
    """The words of a zone file with the origin added to names that have no dot at their end."""
    fields = [_SIMPLE[kind]] if kind in _SIMPLE else [field for _, field in _COMPOSED.get(kind, ())]
    return [
        f"{word}.{origin}." if isinstance(field, Host) and not word.endswith(".") else word
        for word, field in zip_longest(given, fields[: len(given)])
    ]


def body(kind: str, value: str) -> dict[str, Any]:
    """The `content` or `data` that the API is given for a value."""
    if kind in _SIMPLE:
        return {"content": value}
    if kind == LOCATION:
        return {"data": location.document(value)}
    return {"data": {name: field.document(word) for name, field, word in _parts(kind, value)}}


def _parts(kind: str, value: str) -> list[tuple[str, Field, str]]:
    cut = words(value)
    fields = _COMPOSED[kind]
    if fields[-1][1].takes_rest:
        cut = [*cut[: len(fields) - 1], fields[-1][1].between.join(cut[len(fields) - 1 :])]
    return [(name, field, word) for (name, field), word in zip(fields, cut)]


def in_zone_file(kind: str, value: str, priority: int | None) -> str:
    """The words of a zone file: names end with a dot, the priority stands first."""
    if kind in _SIMPLE:
        text = _SIMPLE[kind].in_zone_file(value)
    elif kind in _COMPOSED:
        text = " ".join(field.in_zone_file(word) for _, field, word in _parts(kind, value)).rstrip()
    else:
        text = value
    return text if priority is None else f"{priority} {text}"


def points_to(kind: str, value: str) -> str:
    """The host that a record leads to, which had better not be an alias; empty for types that lead nowhere."""
    if kind in ("MX", "NS"):
        return value
    return words(value)[3] if kind == "SRV" else ""
