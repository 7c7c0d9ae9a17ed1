"""LOC values: a place on earth, in a zone file as `37 46 46 N 122 23 35 W 0m 100m 0m 0m`."""

from __future__ import annotations

from typing import Any, Sequence

from ansible.module_utils.orch.dns.faults import Invalid

_SIDES = (("lat", "NS", 90), ("long", "EW", 180))
_METRES = (
    ("altitude", -100_000.0, 42_849_672.95, 0.0),
    ("size", 0.0, 90_000_000.0, 1.0),
    ("precision_horz", 0.0, 90_000_000.0, 10_000.0),
    ("precision_vert", 0.0, 90_000_000.0, 10.0),
)
NAMES: tuple[str, ...] = (
    *(f"{side}_{part}" for side, _, _ in _SIDES for part in ("degrees", "minutes", "seconds", "direction")),
    *(name for name, _, _, _ in _METRES),
)
_MOST_MINUTES, _MOST_SECONDS = 59, 59.999


def spelled(data: dict[str, Any]) -> str:
    """The one spelling of the fields; those left out are 0, as the API has it. Raises Invalid."""
    parts = []
    for side, directions, most in _SIDES:
        direction = str(data.get(f"{side}_direction", "")).upper()
        if len(direction) != 1 or direction not in directions:
            raise Invalid(f"{side}_direction is one of {' and '.join(directions)}")
        limits = (("degrees", most), ("minutes", _MOST_MINUTES), ("seconds", _MOST_SECONDS))
        parts += [_number(data, f"{side}_{part}", 0, limit) for part, limit in limits]
        parts.append(direction)
    return " ".join([*parts, *(f"{_number(data, name, low, high)}m" for name, low, high, _ in _METRES)])


def _number(data: dict[str, Any], name: str, low: float, high: float) -> str:
    try:
        number = float(data.get(name, 0))
    except (TypeError, ValueError):
        number = high + 1
    if not low <= number <= high:
        raise Invalid(f"{name} is a number from {low:g} to {high:g}")
    return f"{number:.3f}".rstrip("0").rstrip(".")


def document(value: str) -> dict[str, Any]:
    """The fields of a spelling."""
    return dict(zip(NAMES, (_plain(word) for word in value.split())))


def _plain(word: str) -> Any:
    if word.isalpha():
        return word
    number = float(word.rstrip("m"))
    return int(number) if number.is_integer() else number


def from_words(words: Sequence[str]) -> str:
    """The spelling of what a zone file says, in which minutes, seconds and the last lengths may be left out."""
    left = list(words)
    data: dict[str, Any] = {}
    for side, directions, _ in _SIDES:
        for part in ("degrees", "minutes", "seconds"):
            if left and left[0].upper() not in directions:
                data[f"{side}_{part}"] = left.pop(0)
        data[f"{side}_direction"] = left.pop(0) if left else ""
    for name, _, _, default in _METRES:
        data[name] = left.pop(0).rstrip("mM") if left else default
    return spelled(data)
