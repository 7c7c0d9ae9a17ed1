"""The groups of a job: those that its hosts stand in, with all above them, cut down to what the job has."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.inventory.grouping import Grouping, read_grouping
from orch_app.domains.inventory.models import HostGroup
from orch_app.domains.inventory.targets import Target


@dataclass(frozen=True)
class GroupOfTargets:
    """One group; `hosts` are names of targets that stand in it, `children` names of groups of the job."""

    name: str
    hosts: tuple[str, ...]
    children: tuple[str, ...]
    variables: dict[str, Any]
    is_trusted_text: bool


def groups_for(session: Session, actor: Actor, targets: Sequence[Target], environment: str) -> list[GroupOfTargets]:
    """What a worker has to know of the groups of these targets."""
    require(actor, Permission.HOSTS_READ)
    if not targets:
        return []
    grouping = read_grouping(session, actor, environment)
    concerned = {name for target in targets for name in grouping.of(target.host_id)}
    return [_cut(grouping, grouping.groups[name], targets, concerned) for name in sorted(concerned)]


def _cut(grouping: Grouping, group: HostGroup, targets: Sequence[Target], concerned: set[str]) -> GroupOfTargets:
    standing = grouping.standing_in(group.name)
    return GroupOfTargets(
        name=group.name,
        hosts=tuple(target.name for target in targets if target.host_id in standing),
        children=tuple(child for child in group.children if child in concerned),
        variables=group.variables,
        is_trusted_text=group.is_trusted_text,
    )
