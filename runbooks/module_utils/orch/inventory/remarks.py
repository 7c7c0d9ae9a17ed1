"""What is left out of an inventory, and where it stood: one sentence for each kind, however many places it has."""

from __future__ import annotations

SHOWN = 3
MOST = 200


class Remarks:
    """Sentences with their places, in the order in which they were first said."""

    def __init__(self) -> None:
        self._places: dict[str, list[str]] = {}

    def note(self, said: str, place: str) -> None:
        """Say something about a place: a file, `host web-1`, `group web`."""
        places = self._places.setdefault(said, [])
        if place not in places[-1:]:
            places.append(place)

    def told(self) -> list[dict[str, str]]:
        """The warnings of the plan."""
        found = [{"code": "left_out", "message": _sentence(*pair)} for pair in self._places.items()]
        more = len(found) - MOST
        rest = [{"code": "left_out", "message": f"And {more} further kinds of remarks."}] if more > 0 else []
        return found[:MOST] + rest


def _sentence(said: str, places: list[str]) -> str:
    more = len(places) - SHOWN
    return f"{', '.join(places[:SHOWN])}{f' and {more} more' if more > 0 else ''}: {said}"[:1000]
