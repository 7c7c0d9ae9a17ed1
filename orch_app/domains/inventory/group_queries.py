"""Reading groups of hosts."""

from collections.abc import Sequence

from sqlmodel import Session, col, func, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.inventory.group_tree import ALL
from orch_app.domains.inventory.group_wire import GroupAnswer, GroupsQuery
from orch_app.domains.inventory.grouping import Grouping, read_grouping
from orch_app.domains.inventory.models import Host, HostGroup, HostGroupMember
from orch_app.kit.errors import NotFound
from orch_app.kit.pages import Page, contains, read_page

GROUP_SORT = {
    "name": HostGroup.name,
    "environment": HostGroup.environment,
    "createdAt": HostGroup.created_at,
    "updatedAt": HostGroup.updated_at,
    "id": HostGroup.id,
}


def get_group(session: Session, actor: Actor, group_id: str) -> HostGroup:
    """One group.

    Raises:
        NotFound: there is none with this id.
    """
    require(actor, Permission.HOSTS_READ)
    group = session.exec(select(HostGroup).where(HostGroup.id == group_id)).one_or_none()
    if group is None:
        raise NotFound("There is no such group of hosts.", "host_group_not_found")
    return group


def list_groups(session: Session, actor: Actor, wanted: GroupsQuery) -> Page[HostGroup]:
    """A page of groups by name, or in the order asked for.

    Raises:
        BadRequest: an unknown sort key or a foreign cursor.
    """
    require(actor, Permission.HOSTS_READ)
    query = select(HostGroup)
    environments = [one for one in wanted.environment if one]
    if environments:
        query = query.where(col(HostGroup.environment).in_(environments))
    if wanted.q:
        query = query.where(contains(HostGroup.name, wanted.q))
    return read_page(session, query, GROUP_SORT, wanted)


def members(session: Session, actor: Actor, group: HostGroup) -> list[str]:
    """The ids of the hosts that stand in a group itself."""
    require(actor, Permission.HOSTS_READ)
    query = select(HostGroupMember.host_id).where(HostGroupMember.group_id == group.id)
    return sorted(session.exec(query).all())


def show(session: Session, actor: Actor, rows: Sequence[HostGroup]) -> list[GroupAnswer]:
    """The answers for these rows, with who is in each group."""
    known = {name: read_grouping(session, actor, name) for name in {row.environment for row in rows}}
    return [_shown(session, known[row.environment], row) for row in rows]


def _shown(session: Session, grouping: Grouping, row: HostGroup) -> GroupAnswer:
    if row.name == ALL:
        query = select(func.count()).select_from(Host).where(Host.environment == row.environment)
        return GroupAnswer.of(row, [], session.exec(query).one())
    return GroupAnswer.of(row, sorted(grouping.standing_in(row.name)), len(grouping.hosts_in(row.name)))
