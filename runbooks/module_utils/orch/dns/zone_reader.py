"""A BIND zone file (RFC 1035) as rows like those of the inputs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Iterator

from ansible.module_utils.orch.dns import rdata
from ansible.module_utils.orch.dns.faults import Invalid
from ansible.module_utils.orch.dns.records import AUTOMATIC, LEAST_TTL, MOST_TTL

_TOKEN = re.compile(r'((?:"(?:[^"\\]|\\.)*"|\\.|[^\s";()\\])+)|([()])|;(.*)|(\s+)', re.DOTALL)
_TTL = re.compile(r"(?:\d+[wdhms]?)+", re.IGNORECASE)
_TTL_PART = re.compile(r"(\d+)([wdhms]?)", re.IGNORECASE)
_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1, "": 1}
_CLOUDFLARE_TAGS = re.compile(r"(?:^|\s)cf_tags=(.*)$")
_TAG = re.compile(r'([\w-]+)(?::("(?:[^"\\]|\\.)*"|[^,]*))?(?:,|$)')
_PROXIED = "cf-proxied"


@dataclass
class _Entry:
    """One entry of the file, which parentheses may spread over lines."""

    number: int
    has_owner: bool
    words: list[str] = field(default_factory=list)
    remark: str = ""


@dataclass
class _Place:
    """What earlier entries left for those after them."""

    origin: str
    ttl: int | None = None
    owner: str = ""


@dataclass
class ZoneFile:
    """`rows` are (where it stands, row); `left_out` says what was not taken, and why."""

    rows: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def read(text: str, zone: str) -> ZoneFile:
    """The records of the file; raises Invalid with the line that cannot be read.

    The zone's own SOA and NS are left out: they are the business of who serves the zone.
    """
    found, place = ZoneFile(), _Place(f"{zone}.")
    for entry in _entries(text):
        _take(entry, place, zone, found)
    return found


def _entries(text: str) -> Iterator[_Entry]:
    entry: _Entry | None = None
    depth = 0
    for number, line in enumerate(text.splitlines(), 1):
        if entry is None:
            entry = _Entry(number, has_owner=bool(line) and not line[0].isspace())
        depth = _read_line(line, entry, depth)
        if depth == 0:
            if entry.words:
                yield entry
            entry = None
    if entry is not None:
        raise Invalid(f"line {entry.number}: a parenthesis is not closed")


def _read_line(line: str, entry: _Entry, depth: int) -> int:
    end = 0
    while end < len(line):
        found = _TOKEN.match(line, end)
        if not found:
            raise Invalid(f"line {entry.number}: a quote does not end")
        word, parenthesis, remark, _ = found.groups()
        end = found.end()
        depth += {"(": 1, ")": -1}.get(parenthesis, 0)
        if word is not None:
            entry.words.append(word)
        elif remark is not None:
            entry.remark = remark.strip()
    return max(depth, 0)


def _take(entry: _Entry, place: _Place, zone: str, found: ZoneFile) -> None:
    try:
        _take_meant(entry, place, zone, found)
    except Invalid as error:
        raise Invalid(f"line {entry.number}: {error}") from None


def _take_meant(entry: _Entry, place: _Place, zone: str, found: ZoneFile) -> None:
    first = entry.words[0].upper()
    if entry.has_owner and first.startswith("$"):
        _direct(first, entry.words[1:], place)
        return
    owner, ttl, kind, value = _parts(entry, place)
    label = f"line {entry.number}"
    if owner.rstrip(".").lower() == zone and kind in ("SOA", "NS"):
        found.left_out.append(f"{label}: the zone's own {kind} is not taken over")
        return
    if kind not in rdata.TYPES:
        raise Invalid(f"{kind[:20]!r} is not a type of record that is known here")
    row = {"type": kind, "name": owner, **_valued(kind, value, place.origin), **_remarked(entry.remark)}
    if ttl is not None:
        row["ttl"] = ttl if ttl == AUTOMATIC else min(max(ttl, LEAST_TTL), MOST_TTL)
        if row["ttl"] != ttl:
            found.left_out.append(f"{label}: the TTL becomes {row['ttl']}, for {ttl} is not possible")
    found.rows.append((label, row))


def _direct(directive: str, words: list[str], place: _Place) -> None:
    if directive == "$TTL" and len(words) == 1 and _TTL.fullmatch(words[0]):
        place.ttl = _seconds(words[0])
    elif directive == "$ORIGIN" and len(words) == 1:
        place.origin = _full(words[0], place.origin)
    else:
        raise Invalid(f"{directive[:20]} is not understood; $ORIGIN and $TTL are")


def _parts(entry: _Entry, place: _Place) -> tuple[str, int | None, str, list[str]]:
    """Owner, TTL in seconds or None, type and the words of the value."""
    words = list(entry.words)
    if entry.has_owner:
        place.owner = _full(words.pop(0), place.origin)
    if not place.owner:
        raise Invalid("the first record has no name")
    ttl = place.ttl
    while words and (_TTL.fullmatch(words[0]) or words[0].upper() == "IN"):
        word = words.pop(0)
        ttl = ttl if word.upper() == "IN" else _seconds(word)
    if len(words) < 2:  # noqa: PLR2004 - a type and something it says
        raise Invalid("this is not a record: name, TTL, class, type, value")
    return place.owner, ttl, words[0].upper(), words[1:]


def _valued(kind: str, words: list[str], origin: str) -> dict[str, Any]:
    """`content`, and `priority` where the type has one before its value."""
    found: dict[str, Any] = {}
    if kind in rdata.WITH_PRIORITY and len(words) > 1 and words[0].isdigit():
        found["priority"] = int(words.pop(0))
    found["content"] = " ".join(rdata.with_full_hosts(kind, words, origin))
    return found


def _full(name: str, origin: str) -> str:
    if name == "@":
        return origin
    if name.endswith("."):
        return name
    return f"{name}.{origin}"


def _seconds(text: str) -> int:
    return sum(int(number) * _SECONDS[unit.lower()] for number, unit in _TTL_PART.findall(text))


def _remarked(remark: str) -> dict[str, Any]:
    """What Cloudflare's own export says in a comment: a remark, tags, and whether the record is proxied."""
    listed = _CLOUDFLARE_TAGS.search(remark)
    comment = remark[: listed.start()].strip() if listed else remark
    tags = {name: _tag_value(value) for name, value in _TAG.findall(listed.group(1))} if listed else {}
    proxied = tags.pop(_PROXIED, None)
    found: dict[str, Any] = {} if proxied is None else {"proxied": proxied == "true"}
    if comment:
        found["comment"] = comment
    if tags:
        found["tags"] = [f"{name}:{value}" for name, value in tags.items()]
    return found


def _tag_value(text: str) -> str:
    return str(json.loads(text)) if text.startswith('"') else text
