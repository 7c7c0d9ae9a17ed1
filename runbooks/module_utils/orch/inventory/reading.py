"""From what `ansible-inventory` lists to hosts and groups as the product keeps them; what does not fit is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Iterator, Mapping, TypeVar

from ansible.module_utils.orch.inventory import acceptable
from ansible.module_utils.orch.inventory.acceptable import Unacceptable
from ansible.module_utils.orch.inventory.faults import Fault
from ansible.module_utils.orch.inventory.precedence import ALL, Ancestry
from ansible.module_utils.orch.inventory.remarks import Remarks
from ansible.module_utils.orch.inventory.things import Found, Group, Host

MOST_HOSTS, MOST_GROUPS, MOST_CHILDREN = 5_000, 2_000, 500
"""More the product does not take: of hosts in a group, of groups, of groups in a group."""

UNGROUPED = "ungrouped"
ADDRESS = ("ansible_host", "ansible_ssh_host")
PORT = ("ansible_port", "ansible_ssh_port")
USER = ("ansible_user", "ansible_ssh_user")
PYTHON = ("ansible_python_interpreter",)
_MAPPED = frozenset(ADDRESS + PORT + USER + PYTHON)
Document = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Manner:
    """How an inventory is read. `prefix` stands before each group's name.

    `tells_all`: a host without an address, and a group without a host, is nothing to us; otherwise a host is reached by
    its name. `labels` finds labels in the variables of a host.
    """

    prefix: str = ""
    tells_all: bool = False
    labels: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda _: {}


def read(document: Document, manner: Manner, remarks: Remarks) -> Found:
    """The hosts and groups of a list; raises Fault where there are too many."""
    return _Reader(document, manner, remarks).found()


class _Reader:
    def __init__(self, document: Document, manner: Manner, remarks: Remarks) -> None:
        self._own: Mapping[str, Mapping[str, Any]] = document.get("_meta", {}).get("hostvars", {})
        self._groups = {name: body for name, body in document.items() if name != "_meta"}
        self._ancestry = Ancestry(self._groups)
        self._manner = manner
        self._remarks = remarks

    def found(self) -> Found:
        grouped = {host for body in self._groups.values() for host in body.get("hosts", ())}
        names = sorted(grouped.union(self._own))
        _require_few(len(names), MOST_HOSTS, "hosts")
        _require_few(len(self._groups), MOST_GROUPS, "groups")
        hosts = {host.name: host for host in map(self._host, names) if host}
        return Found(hosts, self._all_groups(hosts))

    def _host(self, name: str) -> Host | None:
        place, own = f"host {name}", self._own.get(name, {})
        if not acceptable.is_host(name):
            self._remarks.note("this cannot be the name of a host here, and the host is left out", place)
            return None
        told = self._ancestry.value(name, own, ADDRESS)
        if told is None and self._manner.tells_all:
            self._remarks.note("it has no address there, and is left out", place)
            return None
        try:
            address = acceptable.address(name if told is None else told)
        except Unacceptable as refused:
            self._remarks.note(f"{refused}, and the host is left out", place)
            return None
        return Host(
            name,
            address,
            port=self._connection(name, PORT, acceptable.port),
            user=self._connection(name, USER, acceptable.user),
            python=self._connection(name, PYTHON, acceptable.python),
            labels=acceptable.labels(self._manner.labels(own)),
            variables=self._variables(own, place),
        )

    def _connection(self, host: str, names: tuple[str, ...], judge: Callable[[Any], T]) -> T | None:
        """How a host is reached, by the host itself or by its groups; None where nothing that fits is said."""
        value = self._ancestry.value(host, self._own.get(host, {}), names)
        try:
            return None if value is None else judge(value)
        except Unacceptable as refused:
            self._remarks.note(f"{names[0]} {refused}, and is left out", f"host {host}")
            return None

    def _variables(self, found: Mapping[str, Any], place: str) -> dict[str, Any]:
        taken: dict[str, Any] = {}
        for name, value in sorted(found.items()):
            if name not in _MAPPED:
                try:
                    acceptable.require_variable(name)
                    taken[name] = acceptable.value_of(name, value)
                except Unacceptable as refused:
                    self._remarks.note(f"{name} {refused}", place)
        while acceptable.size_of(taken) > acceptable.MOST_BYTES:
            largest = max(taken, key=lambda name: acceptable.size_of({name: taken[name]}))
            del taken[largest]
            limit = acceptable.MOST_BYTES >> 10
            self._remarks.note(f"{largest} is left out: variables have {limit} KiB in all", place)
        return taken

    def _all_groups(self, hosts: Mapping[str, Host]) -> dict[str, Group]:
        names = dict(self._names(self._ancestry.peopled(hosts)))
        found: dict[str, Group] = {}
        for name, final in names.items():
            body = self._groups[name]
            variables = self._variables(body.get("vars", {}), f"group {name}")
            if name == ALL:
                members, children = (tuple(hosts) if self._manner.prefix else ()), ()
            else:
                members = tuple(sorted(host for host in set(body.get("hosts", ())) if host in hosts))
                children = tuple(sorted({names[child] for child in body.get("children", ()) if child in names}))
            _require_few(len(children), MOST_CHILDREN, f"groups in {name}")
            if name != ALL or variables:
                found[final] = Group(final, children, members, variables)
        return found

    def _names(self, peopled: frozenset[str]) -> Iterator[tuple[str, str]]:
        """The groups that are taken, by their names there, with those that they have here."""
        taken: set[str] = set()
        for name in sorted(self._groups):
            final = self._manner.prefix + acceptable.as_group(name)
            if name == UNGROUPED or (self._manner.tells_all and name not in peopled):
                continue
            if not acceptable.is_group(final) or final in taken:
                why = "is taken twice" if final in taken else "cannot be the name of a group here"
                self._remarks.note(f"{final} {why}, and the group is left out", f"group {name}")
                continue
            if acceptable.as_group(name) != name:
                self._remarks.note(f"it is called {final} here; what names it has to say so", f"group {name}")
            taken.add(final)
            yield name, final


def _require_few(count: int, most: int, what: str) -> None:
    if count > most:
        raise Fault("validation", f"the inventory has {count} {what}, more than {most}: narrow it down")
