"""What is wanted against what is there: the steps between. What somebody else brought is never touched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping

from ansible.module_utils.orch.inventory.things import GROUP, HOST, Found, Group, Host
from ansible.module_utils.orch.plan import changed_fields

PORT = 22
Row = Mapping[str, Any]
Views = Mapping[str, Row]
"""Hosts or groups by their names, as they are shown and handed over."""

_HOST_FIELDS = ("address", "port", "user", "python", "labels", "variables", "trusted")
_GROUP_FIELDS = ("children", "hosts", "variables", "trusted")


@dataclass(frozen=True)
class Step:
    """One host or group: as it is, and as it is to be; None where it is not there.

    `objection` keeps it from being done.
    """

    kind: str
    name: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    note: str = ""
    objection: str = ""

    @property
    def fields(self) -> list[str]:
        """What differs between the two."""
        return changed_fields(self.before, self.after)

    @property
    def action(self) -> str:
        """What is done, as plans call it."""
        if self.objection:
            return "error"
        if self.before is None:
            return "create"
        return "delete" if self.after is None else "update" if self.fields else "noop"

    @property
    def item(self) -> dict[str, Any]:
        """The step as an item of the plan."""
        about = {"id": f"{self.kind}:{self.name}", "action": self.action, "kind": self.kind, "name": self.name}
        said = self.objection or self.note
        item = {**about, "before": self.before, "after": self.after, "fields": self.fields}
        return {**item, "note": said} if said else item


@dataclass(frozen=True)
class There:
    """What the environment holds, by kind and name; `origins` say whose each is."""

    hosts: Views = field(default_factory=dict)
    groups: Views = field(default_factory=dict)
    origins: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> There:
        """From the file that the product hands in."""
        rows = {HOST: document["hosts"], GROUP: document["groups"]}
        origins = {(kind, row["name"]): row["origin"] for kind, listed in rows.items() for row in listed}
        hosts = {row["name"]: _view(row, _HOST_FIELDS) for row in rows[HOST]}
        groups = {row["name"]: _view(row, _GROUP_FIELDS) for row in rows[GROUP]}
        return cls(hosts, groups, origins)

    def views(self, kind: str) -> Views:
        """The hosts, or the groups."""
        return self.hosts if kind == HOST else self.groups

    def is_of(self, kind: str, name: str, origin: str) -> bool:
        """Whether it is there, and this import brought it."""
        return self.origins.get((kind, name)) == origin

    def is_foreign(self, kind: str, name: str, origin: str) -> bool:
        """Whether it is there, and somebody else brought it."""
        return self.origins.get((kind, name), origin) != origin


@dataclass(frozen=True)
class Terms:
    """Of the import: its name, the user of hosts that say none, and what becomes of those that are missing."""

    name: str
    user: str = ""
    is_trusted: bool = False
    removes_missing: bool = False


def steps(found: Found, there: There, terms: Terms) -> list[Step]:
    """Every host and group that is wanted, and those that the import once brought and no longer does."""
    hosts = {name: _wanted_host(host, there.hosts.get(name), terms) for name, host in found.hosts.items()}
    mine = {name for name in hosts if not there.is_foreign(HOST, name, terms.name)}
    below = {name for name in found.groups if not there.is_foreign(GROUP, name, terms.name)}
    groups = {
        name: _wanted_group(group, mine, below, there.groups.get(name), terms) for name, group in found.groups.items()
    }
    return [*_of(HOST, hosts, there, terms), *_of(GROUP, groups, there, terms)]


def _of(kind: str, wanted: Mapping[str, dict[str, Any]], there: There, terms: Terms) -> list[Step]:
    known = there.views(kind)
    gone = [name for name in known if name not in wanted and there.is_of(kind, name, terms.name)]
    found = [_step(kind, name, view, there, terms) for name, view in wanted.items()]
    found += [_missing(kind, name, known[name], terms) for name in gone]
    return sorted(found, key=lambda step: step.name)


def _step(kind: str, name: str, view: dict[str, Any], there: There, terms: Terms) -> Step:
    if there.is_foreign(kind, name, terms.name):
        whose = there.origins[kind, name]
        by = f"the import {whose}" if whose else "a person"
        return Step(kind, name, None, view, objection=f"there is a {kind} of this name already, which {by} brought")
    before = there.views(kind).get(name)
    return Step(kind, name, dict(before) if before is not None else None, view)


def _missing(kind: str, name: str, view: Row, terms: Terms) -> Step:
    before = dict(view)
    if terms.removes_missing:
        return Step(kind, name, before, None)
    return Step(kind, name, before, before, note="it is missing there, and stays here")


def _wanted_host(host: Host, before: Row | None, terms: Terms) -> dict[str, Any]:
    known = before or {"port": PORT, "user": terms.user, "python": "", "labels": {}}
    said = {"port": host.port, "user": host.user, "python": host.python}
    view = {name: known[name] if value is None else value for name, value in said.items()}
    labels = {**known["labels"], **host.labels}
    view.update({"address": host.address, "labels": labels, "variables": dict(host.variables)})
    return {**view, **_trust(before, terms)}


def _wanted_group(group: Group, hosts: set[str], groups: set[str], before: Row | None, terms: Terms) -> dict[str, Any]:
    members = sorted(name for name in group.hosts if name in hosts)
    children = sorted(name for name in group.children if name in groups)
    return {"children": children, "hosts": members, "variables": dict(group.variables), **_trust(before, terms)}


def _trust(before: Row | None, terms: Terms) -> dict[str, Any]:
    """Whether templates are worked out is told of what is there, and of nothing else."""
    return {"trusted": terms.is_trusted} if before is not None and "trusted" in before else {}


def _view(row: Row, names: tuple[str, ...]) -> dict[str, Any]:
    view = {name: row[name] for name in names if name in row}
    for name in ("children", "hosts"):
        if name in view:
            view[name] = sorted(view[name])
    return view
