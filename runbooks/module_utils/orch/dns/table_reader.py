"""A CSV table with a heading as rows like those of the inputs."""

from __future__ import annotations

import csv
import io
from typing import Any, Callable, Mapping

from ansible.module_utils.orch.dns import rdata
from ansible.module_utils.orch.dns.faults import Invalid

TAGS_BETWEEN = "|"
_YES = frozenset({"true", "yes", "1", "sim", "on"})
_NO = frozenset({"false", "no", "0", "nao", "não", "off"})
_STATES = ("present", "absent")
_WAYS = ("replace", "add", "fail")


def read(text: str) -> list[tuple[str, dict[str, Any]]]:
    """(where it stands, row) of each line; raises Invalid with the line that cannot be read.

    Columns `type` and `name` have to be there; `content ttl proxied priority comment tags state on_conflict` may be.
    An empty cell says nothing. Commas, semicolons or tabs stand between cells, `|` between tags.
    """
    rows = _cells(text.lstrip("\ufeff"))
    heading = [cell.strip().lower() for cell in rows[0]] if rows else []
    missing = [name for name in ("type", "name") if name not in heading]
    unknown = [name for name in heading if name not in _CELLS]
    if missing or unknown:
        fault = f"has no column {missing[0]}" if missing else f"has a column {unknown[0][:40]!r}, which means nothing"
        raise Invalid(f"the table {fault}; columns are {', '.join(_CELLS)}")
    filled = [(number, cells) for number, cells in enumerate(rows[1:], 2) if any(map(str.strip, cells))]
    return [(f"line {number}", _row(number, heading, cells)) for number, cells in filled]


def _cells(text: str) -> list[list[str]]:
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    try:
        return list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise Invalid(f"the table cannot be read: {error}") from None


def _row(number: int, heading: list[str], cells: list[str]) -> dict[str, Any]:
    if len(cells) > len(heading):
        raise Invalid(f"line {number}: there are {len(cells)} cells under {len(heading)} headings")
    given = {name: cell.strip() for name, cell in zip(heading, cells) if cell.strip()}
    missing = [name for name in ("type", "name") if name not in given]
    if missing:
        raise Invalid(f"line {number}: the {missing[0]} is missing")
    try:
        return {name: _CELLS[name](cell) for name, cell in given.items()}
    except Invalid as error:
        raise Invalid(f"line {number}: {error}") from None


def _kind(cell: str) -> str:
    return _one_of(sorted(rdata.TYPES))(cell.upper())


def _number(cell: str) -> int:
    if not cell.isdigit():
        raise Invalid(f"{cell[:20]!r} is not a whole number")
    return int(cell)


def _truth(cell: str) -> bool:
    if cell.lower() not in _YES | _NO:
        raise Invalid(f"{cell[:20]!r} is neither true nor false")
    return cell.lower() in _YES


def _tags(cell: str) -> list[str]:
    return [tag.strip() for tag in cell.split(TAGS_BETWEEN) if tag.strip()]


def _one_of(known: Any) -> Callable[[str], str]:
    def read_cell(cell: str) -> str:
        if cell not in known:
            raise Invalid(f"{cell[:20]!r} is none of {', '.join(known)}")
        return cell

    return read_cell


_CELLS: Mapping[str, Callable[[str], Any]] = {
    "type": _kind,
    "name": str,
    "content": str,
    "ttl": _number,
    "proxied": _truth,
    "priority": _number,
    "comment": str,
    "tags": _tags,
    "state": _one_of(_STATES),
    "on_conflict": _one_of(_WAYS),
}
