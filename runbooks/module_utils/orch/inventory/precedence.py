"""Which value of a variable holds for a host, as Ansible decides it: a nearer group wins, and the host over all."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Callable, Iterable, Mapping

ALL = "all"
Body = Mapping[str, Any]


class Ancestry:
    """The groups of an inventory, by name, with `children`, `hosts` and `vars`."""

    def __init__(self, groups: Mapping[str, Body]) -> None:
        self._groups = groups
        self._parents: dict[str, list[str]] = {}
        self._groups_of: dict[str, list[str]] = {}
        for name, body in groups.items():
            for child in body.get("children", ()):
                self._parents.setdefault(child, []).append(name)
            for host in body.get("hosts", ()):
                self._groups_of.setdefault(host, []).append(name)
        self.above: Callable[[str], frozenset[str]] = lru_cache(maxsize=None)(self._above)
        self.depth: Callable[[str], int] = lru_cache(maxsize=None)(self._depth)

    def _above(self, group: str) -> frozenset[str]:
        """The group itself and all above it."""
        return frozenset((group,)).union(*(self.above(parent) for parent in self._parents.get(group, ())))

    def _depth(self, group: str) -> int:
        """Steps from `all`, by the longest way."""
        return max((self.depth(parent) + 1 for parent in self._parents.get(group, ())), default=int(group != ALL))

    def over(self, host: str) -> list[str]:
        """The groups whose variables hold for a host, the weakest first."""
        names = frozenset((ALL,)).union(*(self.above(group) for group in self._groups_of.get(host, ())))
        return sorted(names, key=lambda name: (self.depth(name), name))

    def value(self, host: str, own: Mapping[str, Any], names: Iterable[str]) -> Any:
        """What holds under the first of these names that is set at all; None where none is."""
        for name in names:
            if name in own:
                return own[name]
        found = None
        for group in self.over(host):
            variables = self._groups.get(group, {}).get("vars", {})
            found = next((variables[name] for name in names if name in variables), found)
        return found

    def peopled(self, hosts: Iterable[str]) -> frozenset[str]:
        """The groups with one of these hosts in them, or below them."""
        holding = {group for host in hosts for group in self._groups_of.get(host, ())}
        return frozenset().union(*map(self.above, holding))
