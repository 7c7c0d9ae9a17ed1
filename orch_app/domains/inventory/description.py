"""The inventory of an environment as one document, for a play that compares it with another: no secret is in it."""

from typing import Any

from sqlmodel import Session

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.inventory.group_tree import ALL
from orch_app.domains.inventory.grouping import Grouping, read_grouping
from orch_app.domains.inventory.models import Host, HostGroup
from orch_app.domains.inventory.queries import hosts_of

OF_HOSTS = ("name", "address", "port", "user", "python", "labels", "variables", "origin")
OF_GROUPS = ("name", "children", "variables", "origin")


def describe(session: Session, actor: Actor, environment: str) -> dict[str, Any]:
    """`{hosts, groups}`, each by name; hosts and groups name each other by their names."""
    require(actor, Permission.HOSTS_READ)
    grouping, hosts = read_grouping(session, actor, environment), hosts_of(session, actor, environment)
    names = {host.id: host.name for host in hosts}
    return {
        "hosts": [_host(host, grouping) for host in hosts],
        "groups": [_group(group, grouping, names) for group in grouping.groups.values()],
    }


def _host(host: Host, grouping: Grouping) -> dict[str, Any]:
    known = {name: getattr(host, name) for name in OF_HOSTS}
    return known | {"trusted": host.is_trusted_text, "groups": grouping.direct.get(host.id, [])}


def _group(group: HostGroup, grouping: Grouping, names: dict[str, str]) -> dict[str, Any]:
    """`hosts` stand in it themselves, `members` also in groups in it."""
    inside = names.keys() if group.name == ALL else grouping.hosts_in(group.name)
    known = {name: getattr(group, name) for name in OF_GROUPS}
    return known | {
        "trusted": group.is_trusted_text,
        "hosts": sorted(names[host_id] for host_id in grouping.standing_in(group.name)),
        "members": sorted(names[host_id] for host_id in inside),
    }
