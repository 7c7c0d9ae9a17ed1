"""Names in a zone: in full, in small letters, in Punycode and without the last dot."""

from __future__ import annotations

import re

from ansible.module_utils.orch.dns.faults import Invalid

MOST_LETTERS, MOST_OF_A_LABEL = 253, 63
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?|\*")


def in_full(name: str, zone: str) -> str:
    """The name as the zone's records have it; raises Invalid for one outside the zone.

    `@` is the zone itself. A single label, and a name whose last label begins with `_` (no top-level domain does), is
    taken relative to the zone; every other name has to end with the zone.
    """
    text = name.strip()
    if text in ("@", ""):
        return zone
    is_relative = not text.endswith(".") and ("." not in text or text.rpartition(".")[2].startswith("_"))
    found = plain(text)
    if is_relative and found != zone:
        found = plain(f"{text}.{zone}")
    if not is_within(found, zone):
        raise Invalid(f"{name} is outside the zone {zone}; write the name in full, ending with the zone")
    return found


def plain(name: str) -> str:
    """Small letters, Punycode, no last dot; raises Invalid for what is not a name."""
    text = name.strip().rstrip(".")
    labels = [_ascii(label, name) for label in text.split(".")]
    found = ".".join(labels)
    if len(found) > MOST_LETTERS:
        raise Invalid(f"{name[:60]}... is longer than {MOST_LETTERS} letters")
    return found


def _ascii(label: str, name: str) -> str:
    try:
        found = label.lower() if label.isascii() else label.encode("idna").decode().lower()
    except UnicodeError:
        raise Invalid(f"{name[:100]} is not a name") from None
    if len(found) > MOST_OF_A_LABEL or not _LABEL.fullmatch(found):
        raise Invalid(f"{name[:100]!r} is not a name: the label {label[:70]!r} cannot be part of one")
    return found


def is_within(name: str, suffix: str) -> bool:
    """Whether a name is the suffix or lies below it."""
    return name == suffix or name.endswith(f".{suffix}")


def in_zone_order(name: str) -> list[str]:
    """Sort key by which a name comes right before the names below it."""
    return name.split(".")[::-1]
