"""Writes the groups of a job's inventory and the variables of both, beside the file that says who is reached how.

`inventory/groups.yml` holds the groups that the job's hosts stand in, with those above them. Which variable wins is
Ansible's own rule: `all`, then parents, then children, then hosts.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orch_app.domains.jobs.execution.inventory_file import NO_VARIABLES, HostRefused, TargetHost, Variables
from orch_app.domains.jobs.execution.unsafe_yaml import InputsRefused, as_data, as_text, below, to_yaml
from orch_app.domains.jobs.execution.workspace import Workspace, write_secret
from orch_app.kit.ansible_names import is_reserved

_ALL = "all"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_OF_EVERY_JOB = frozenset({"targets", "machines", "local", "ungrouped", "localhost"})


@dataclass(frozen=True)
class TargetGroup:
    """A group as far as it concerns a job: of its hosts those that stand in it, of the job's groups those in it."""

    name: str
    hosts: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    variables: Variables = NO_VARIABLES


def write_groups(workspace: Workspace, hosts: Sequence[TargetHost], groups: Sequence[TargetGroup]) -> tuple[Path, ...]:
    """Write the file and return it for `-i`; nothing where there is neither a group nor a variable.

    Raises:
        HostRefused: a group has a name that means something else, or holds what is not of this job.
        InputsRefused: a variable has a reserved name, or a value that has no place in YAML.
    """
    _check(groups, {host.name for host in hosts})
    document = {group.name: _group(group) for group in groups}
    own = {host.name: _marked(host.variables, f"/{host.name}") for host in hosts if host.variables.values}
    if own:
        document.setdefault(_ALL, {})["hosts"] = own
    if not document:
        return ()
    path = write_secret(workspace.inventory / "groups.yml", to_yaml(document))
    path.chmod(0o644)  # variables are no secrets, and the play may run as another user; the workspace itself is private
    return (path,)


def _group(group: TargetGroup) -> dict[str, Any]:
    held = {"hosts": group.hosts, "children": group.children}
    parts: dict[str, Any] = {part: as_text(dict.fromkeys(names)) for part, names in held.items() if names}
    if group.variables.values:
        parts["vars"] = _marked(group.variables, f"/{group.name}")
    return parts


def _marked(variables: Variables, pointer: str) -> dict[str, Any]:
    for name in variables.values:
        if is_reserved(name):
            raise InputsRefused(below(pointer, name), "this name is reserved")
    return (as_text if variables.is_trusted_text else as_data)(variables.values, pointer)


def _check(groups: Sequence[TargetGroup], hosts: Collection[str]) -> None:
    known = {group.name for group in groups}
    for group in groups:
        if not _NAME.fullmatch(group.name) or group.name in _OF_EVERY_JOB:
            raise HostRefused(f"{group.name[:60]}: not an acceptable name of a group")
        if not (set(group.hosts) <= set(hosts) and set(group.children) <= known):
            raise HostRefused(f"{group.name}: a group of the job holds what is not of the job")
