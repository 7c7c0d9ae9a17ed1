"""How long something has been as it is, by the engine's own sentence about it, which has no other form for that."""

import re

_UNITS = {
    "second": 1,
    "minute": 60,
    "hour": 3_600,
    "day": 86_400,
    "week": 7 * 86_400,
    "month": 30 * 86_400,
    "year": 365 * 86_400,
}
_AGE = re.compile(r"(?:\b(\d+)|(?:Less than|About) an?) (second|minute|hour|day|week|month|year)s?\b")


def age_s(status: str) -> int | None:
    """Seconds in `Up 2 hours (healthy)` or `Exited (1) About a minute ago`; None where the sentence names no time."""
    found = _AGE.search(status)
    return int(found[1] or 1) * _UNITS[found[2]] if found else None
