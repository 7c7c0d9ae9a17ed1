"""Who is in which group of an environment, directly or through groups in groups; read at once and asked often."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.inventory.group_tree import ALL, below, parents
from orch_app.domains.inventory.models import HostGroup, HostGroupMember


@dataclass(frozen=True)
class Grouping:
    """The groups of one environment by name, and the names of the groups in which each host, by id, stands itself."""

    groups: dict[str, HostGroup]
    direct: dict[str, list[str]]

    @cached_property
    def children(self) -> dict[str, list[str]]:
        """For each group those in it."""
        return {name: group.children for name, group in self.groups.items()}

    @cached_property
    def _parents(self) -> dict[str, list[str]]:
        return parents(self.children)

    @cached_property
    def _hosts(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for host_id, names in self.direct.items():
            for name in names:
                found[name].add(host_id)
        return found

    def of(self, host_id: str) -> set[str]:
        """Every group that the host is in, `all` among them where it has a row."""
        return below(self._parents, self.direct.get(host_id, ())) | ({ALL} & self.groups.keys())

    def standing_in(self, name: str) -> set[str]:
        """The ids of the hosts that stand in a group itself."""
        return self._hosts.get(name, set())

    def hosts_in(self, name: str) -> set[str]:
        """The ids of the hosts in a group, also through groups in it; `all` is not counted here."""
        return {host_id for one in below(self.children, [name]) for host_id in self.standing_in(one)}


def read_grouping(session: Session, actor: Actor, environment: str) -> Grouping:
    """The groups of an environment as they are now."""
    require(actor, Permission.HOSTS_READ)
    rows = session.exec(select(HostGroup).where(HostGroup.environment == environment).order_by(col(HostGroup.name)))
    groups = {row.name: row for row in rows}
    return Grouping(groups, _gathered(session, col(HostGroup.environment) == environment))


def direct_names(session: Session, actor: Actor, host_ids: Sequence[str]) -> dict[str, list[str]]:
    """For each of these hosts the names of the groups in which it stands itself, in alphabetical order."""
    require(actor, Permission.HOSTS_READ)
    return _gathered(session, col(HostGroupMember.host_id).in_(host_ids))


def group_ids_below(session: Session, names: Sequence[str]) -> set[str]:
    """The ids of the groups that have one of these names, in any environment, or stand in one that has."""
    rows = session.exec(select(HostGroup)).all()
    found: set[str] = set()
    for environment in {row.environment for row in rows}:
        here = {row.name: row for row in rows if row.environment == environment}
        wanted = below({name: row.children for name, row in here.items()}, names)
        found |= {here[name].id for name in wanted & here.keys()}
    return found


def _gathered(session: Session, which: ColumnElement[bool]) -> dict[str, list[str]]:
    query = select(HostGroupMember.host_id, HostGroup.name).join(HostGroup).where(which)
    found: dict[str, list[str]] = defaultdict(list)
    for host_id, name in session.exec(query.order_by(col(HostGroup.name))):
        found[host_id].append(name)
    return dict(found)
