"""Groups of hosts: added, changed, removed. What is in a group is of its environment, and no group is in itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete as remove
from sqlmodel import Session, col, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.inventory import group_queries, variables
from orch_app.domains.inventory.group_tree import ALL, below
from orch_app.domains.inventory.group_wire import GroupChange, NewGroup
from orch_app.domains.inventory.models import Host, HostGroup, HostGroupMember
from orch_app.domains.inventory.naming import write_named
from orch_app.domains.inventory.provenance import BY_HAND, Brought
from orch_app.kit.clock import now
from orch_app.kit.errors import Invalid, Problem
from orch_app.kit.ids import new_id
from orch_app.kit.rest import check_match, etag
from orch_app.kit.wakeups import announce


def create(session: Session, actor: Actor, new: NewGroup, *, brought: Brought = BY_HAND) -> HostGroup:
    """Add a group.

    Raises:
        Invalid: 422 at /hosts, /children or /variables.
        Conflict: the environment has a group of that name.
    """
    require(actor, Permission.HOSTS_WRITE, environment=new.environment)
    at = now()
    row = HostGroup(
        id=new_id("grp"),
        **new.model_dump(exclude={"hosts"}),
        is_trusted_text=brought.is_trusted,
        origin=brought.origin,
        created_by=actor.user_id,
        created_at=at,
        updated_at=at,
    )
    _refuse_faults(session, row, new.hosts, Others(_lock_all(session, row.environment), row.name))
    write_named(session, row, "group")
    _put_members(session, row, new.hosts)
    told = {"name": row.name, "hosts": len(new.hosts), "children": row.children, "variables": sorted(row.variables)}
    _noted(session, actor, Action.HOST_GROUP_CREATED, row, told)
    return row


def update(
    session: Session,
    actor: Actor,
    group_id: str,
    change: GroupChange,
    *,
    if_match: str | None = None,
    brought: Brought = BY_HAND,
) -> HostGroup:
    """Change the given fields; where its name changes, the groups that hold it follow.

    Raises:
        NotFound: there is no such group.
        StaleVersion: `if_match` is the ETag of an older version.
        Invalid: 422 at /hosts, /children or /variables.
        Conflict: the environment has another group of that name.
    """
    require(actor, Permission.HOSTS_WRITE)
    row, others = _locked(session, actor, group_id)
    check_match(if_match, etag(row.id, row.version))
    given = {name: value for name, value in change.model_dump(exclude_unset=True).items() if value is not None}
    standing = group_queries.members(session, actor, row)
    hosts = given.pop("hosts", standing)
    wanted = {name: value for name, value in given.items() if value != getattr(row, name)}
    before = {name: getattr(row, name) for name in wanted}
    for name, value in wanted.items():
        setattr(row, name, value)
    _refuse_faults(session, row, hosts, others)
    row.is_trusted_text = brought.trusts(before=row.is_trusted_text, is_rewritten="variables" in wanted)
    _touch(row)
    write_named(session, row, "group")
    _put_members(session, row, hosts)
    others.call_it(session, row.name)
    told = variables.told_change(before, wanted) | {"hosts": _who_differ(standing, hosts)}
    _noted(session, actor, Action.HOST_GROUP_CHANGED, row, told)
    return row


def delete(session: Session, actor: Actor, group_id: str, *, if_match: str | None = None) -> None:
    """Remove a group, also from those that hold it; its hosts and the groups in it stay.

    Raises:
        NotFound: there is no such group.
        StaleVersion: `if_match` is the ETag of an older version.
    """
    require(actor, Permission.HOSTS_WRITE)
    row, others = _locked(session, actor, group_id)
    check_match(if_match, etag(row.id, row.version))
    others.call_it(session, "")
    session.delete(row)
    _noted(session, actor, Action.HOST_GROUP_DELETED, row, {"name": row.name})


@dataclass(frozen=True)
class Others:
    """The other groups of the environment, locked, and the name by which they know the one that is being changed."""

    rows: Sequence[HostGroup]
    name: str

    @property
    def children(self) -> dict[str, list[str]]:
        """For each of them those in it."""
        return {row.name: row.children for row in self.rows}

    def call_it(self, session: Session, name: str) -> None:
        """Those that hold it follow its new name; "" takes it out of them."""
        for row in self.rows if name != self.name else ():
            if self.name in row.children:
                renamed = [name if child == self.name else child for child in row.children]
                row.children = [child for child in renamed if child]
                _touch(row)
                session.add(row)


def _locked(session: Session, actor: Actor, group_id: str) -> tuple[HostGroup, Others]:
    """The group with all others of its environment, locked in one order: two changes at once close no circle."""
    rows = _lock_all(session, group_queries.get_group(session, actor, group_id).environment)
    row = group_queries.get_group(session, actor, group_id)
    return row, Others([one for one in rows if one.id != group_id], row.name)


def _lock_all(session: Session, environment: str) -> Sequence[HostGroup]:
    query = select(HostGroup).where(HostGroup.environment == environment).order_by(col(HostGroup.id))
    return session.exec(query.with_for_update().execution_options(populate_existing=True)).all()


def _refuse_faults(session: Session, row: HostGroup, hosts: Sequence[str], others: Others) -> None:
    """What no single field can tell."""
    with session.no_autoflush:
        problems = (
            *_faults_of_all(row, hosts, others),
            *_faults_of_children(row, others),
            *_faults_of_hosts(session, row, hosts),
            *variables.faults(row.variables),
        )
    if problems:
        raise Invalid("The group is not acceptable.", "validation", errors=problems)


def _faults_of_all(row: HostGroup, hosts: Sequence[str], others: Others) -> Iterator[Problem]:
    """The group of every host lists nobody, and no other group holds it."""
    if row.name != ALL:
        return
    is_held = any(others.name in held for held in others.children.values())
    for place, is_wrong in (("/hosts", hosts), ("/children", row.children), ("/name", is_held)):
        if is_wrong:
            detail = "The group all is every host of the environment: it lists nobody and stands in no other group."
            said = "O grupo all é todos os hosts do ambiente: não lista ninguém e não está em outro grupo."
            yield Problem(place, "means_all", detail, said)


def _faults_of_children(row: HostGroup, others: Others) -> Iterator[Problem]:
    known = others.children
    for index, child in enumerate(row.children if row.name != ALL else ()):
        place = f"/children/{index}"
        if child in row.children[:index]:
            yield Problem(place, "duplicate", f"{child} is in the list already.", f"{child} já está na lista.")
        elif child in (row.name, others.name) or others.name in below(known, [child]):
            told = f"{child} is this group, or holds it.", f"{child} é este grupo, ou o contém."
            yield Problem(place, "circle", *told)
        elif child == ALL or child not in known:
            told = f"There is no group {child} that could be in another.", f"Não há grupo {child} que caiba em outro."
            yield Problem(place, "group_not_found", *told)


def _faults_of_hosts(session: Session, row: HostGroup, hosts: Sequence[str]) -> Iterator[Problem]:
    query = select(Host.id, Host.environment).where(col(Host.id).in_(hosts)).order_by(Host.id)
    staying = query.with_for_update(read=True, key_share=True)  # nobody removes one before it is a member
    known = dict(session.exec(staying).all()) if hosts else {}
    seen: set[str] = set()
    for index, host_id in enumerate(hosts):
        place, environment = f"/hosts/{index}", known.get(host_id)
        if host_id in seen:
            yield Problem(place, "duplicate", "This host is in the list already.", "Este host já está na lista.")
        elif environment is None:
            yield Problem(place, "host_not_found", "There is no such host.", "Este host não existe.")
        elif environment != row.environment:
            told = f"This host is of {environment}.", f"Este host é de {environment}."
            yield Problem(place, "other_environment", *told)
        seen.add(host_id)


def _put_members(session: Session, row: HostGroup, hosts: Sequence[str]) -> None:
    session.exec(remove(HostGroupMember).where(col(HostGroupMember.group_id) == row.id))
    session.add_all(HostGroupMember(group_id=row.id, host_id=host_id) for host_id in hosts)


def _touch(row: HostGroup) -> None:
    row.version += 1
    row.updated_at = now()


def _who_differ(before: Sequence[str], after: Sequence[str]) -> dict[str, list[str]]:
    return {"added": sorted(set(after) - set(before)), "removed": sorted(set(before) - set(after))}


def _noted(session: Session, actor: Actor, action: Action, row: HostGroup, metadata: dict[str, Any]) -> None:
    record(session, actor, action, ("host_group", row.id), environment=row.environment, metadata=metadata)
    announce(session, "hosts")
