"""Quantities as compose files write them: durations, sizes, CPUs, whole numbers and flags."""

from __future__ import annotations

import re
from typing import Any

_NANO = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PART = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?", re.IGNORECASE)
_SHIFT = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40, "p": 50}
_DURATIONS = frozenset(
    {"Interval", "Timeout", "StartPeriod", "StartInterval", "Delay", "Window", "Monitor", "stop_grace_period"}
)
_SIZES = frozenset({"MemoryBytes", "SizeBytes"})
_YES = frozenset({"y", "yes", "true", "on"})
_NO = frozenset({"n", "no", "false", "off"})


def nanoseconds(value: Any) -> int:
    """A duration such as `1m30s` or `500ms`; raises ValueError."""
    text = str(value)
    parts = _PART.findall(text)
    if text == "0":
        return 0
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text} is not a duration such as 10s or 1m30s")
    return int(sum(float(number) * _NANO[unit] for number, unit in parts))


def size(value: Any) -> int:
    """Bytes of a size such as `64M` or `1.5gb`, by powers of 1024; raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _SIZE.fullmatch(str(value).strip())
    if not found:
        raise ValueError(f"{value} is not a size such as 64M or 1G")
    return int(float(found[1]) * (1 << _SHIFT[found[2].lower()]))


def nano_cpus(value: Any) -> int:
    """Billionths of a CPU; raises ValueError."""
    try:
        return round(float(value) * 10**9)
    except (TypeError, ValueError):
        raise ValueError(f"{value} is not a number of CPUs such as 0.5") from None


def whole(value: Any) -> int:
    """A whole number, also one that came out of a variable as text; raises ValueError."""
    if isinstance(value, bool) or not re.fullmatch(r"-?\d+", str(value)):
        raise ValueError(f"{value} is not a whole number")
    return int(value)


def flag(value: Any) -> bool:
    """Yes or no, also as text; raises ValueError."""
    text = str(value).lower()
    if text not in _YES | _NO:
        raise ValueError(f"{value} is neither true nor false")
    return text in _YES


def written(name: str, value: Any) -> Any:
    """A number of the engine's as a compose file would have it, by the name of its field; others as they are."""
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    if name in _DURATIONS:
        return _duration(value)
    if name in _SIZES:
        return _size(value)
    if name == "NanoCPUs":
        return f"{value / 10**9:g}"
    return f"0{value:o}" if name == "Mode" else value


def _duration(nano: int) -> str:
    found = ""
    for unit in ("h", "m", "s", "ms", "us", "ns"):
        count, nano = divmod(nano, _NANO[unit])
        found += f"{count}{unit}" if count else ""
    return found or "0s"


def _size(count: int) -> str:
    unit = next(one for one in ("t", "g", "m", "k", "") if count % (1 << _SHIFT[one]) == 0)
    return f"{count >> _SHIFT[unit]}{unit.upper()}"
