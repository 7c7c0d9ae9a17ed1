"""Groups within groups, by their names. A circle cannot be stored; one that was there all the same ends no reading."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

ALL = "all"
"""The group of every host; it is above all others and stands in none."""

Edges = Mapping[str, Sequence[str]]
"""For each group the ones that are next to it in the wanted direction."""


def below(children: Edges, names: Iterable[str]) -> set[str]:
    """The groups themselves and all that stand in them, directly or through others."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += children.get(name, ())
    return found


def parents(children: Edges) -> dict[str, list[str]]:
    """The same edges the other way: for each group those in which it stands."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, held in children.items():
        for child in held:
            found[child].append(name)
    return dict(found)
