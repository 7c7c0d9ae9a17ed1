"""Writes a job's variables for Ansible so that no value can ever be taken for a template.

Everything a person or a program sent stands under one variable, `inputs`, which is data as a whole. The second
variable, `orch`, tells the play about its own job.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from orch_app.domains.jobs.execution.isolation import Launch
from orch_app.domains.jobs.execution.unsafe_yaml import InputsRefused, below, to_unsafe_yaml
from orch_app.domains.jobs.execution.workspace import Workspace, write_secret
from orch_app.kit.ansible_names import MAGIC_NAMES, RESERVED_PREFIX

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class JobFacts:
    """What a play may know about its own job, as the variable `orch`."""

    job_id: str
    runbook: str
    version: str
    mode: str
    environment: str
    expect_plan: str = ""
    """The SHA-256 of the only plan that may be applied; "" where any may."""
    rollback_of: str = ""
    """The job that is undone, also where that is only previewed; "" otherwise."""
    snapshot_path: str = ""
    """The snapshot that is put back; set exactly when `rollback_of` is."""
    earlier_path: str = ""
    """The snapshot of an earlier job that the runbook asks for; "" where there is none, or no longer one."""
    earlier_job: str = ""
    """The job which left that."""
    inputs_path: str = ""
    """The inputs, for a runbook that asks for them as a file; "" otherwise."""
    inventory_path: str = ""
    """The inventory of the environment, for a runbook that asks for it; "" otherwise."""
    source_path: str = ""
    """The inventories in the trusted edition of a source; "" where the runbook asks for none."""
    egress_allow: tuple[str, ...] = ()
    """Private networks that runbooks may reach besides the public ones, as CIDR."""
    egress_deny: tuple[str, ...] = ()
    """Endpoints of the product itself, `address:port`, which no runbook reaches whatever is allowed."""


def orch_facts(
    workspace: Workspace, facts: JobFacts, connections: dict[str, dict[str, str]], launch: Launch
) -> dict[str, Any]:
    """The variable `orch`: what a play is told about its job; of connections only where their files lie."""
    return {
        **asdict(facts),
        "connections": connections,
        "output_path": str(workspace.output_path),
        "artifacts_dir": str(workspace.artifacts),
        "control_dir": str(workspace.control),
        "isolation": str(launch.level),
    }


def write_extravars(
    workspace: Workspace, inputs: dict[str, Any], orch: dict[str, Any], variables: Iterable[str] = ()
) -> Path:
    """Write `env/extravars`, which ansible-runner gives to the play; `variables` are inputs by their own names as well.

    Raises:
        InputsRefused: a name is reserved or no name of a variable, or a value has no place in YAML.
    """
    check_inputs(inputs)
    text = to_unsafe_yaml({"inputs": inputs, "orch": orch}) + "".join(map(_by_its_name, variables))
    path = write_secret(workspace.env / "extravars", text)
    path.chmod(0o644)  # inputs are no secrets, and the play may run as another user; the workspace itself is private
    return path


def _by_its_name(name: str) -> str:
    """A variable that is an input: the template is ours, and what it gives stays untrusted."""
    if not _VARIABLE.fullmatch(name):
        raise InputsRefused(below("", name), "this cannot be the name of a variable")
    return f'{name}: "{{{{ inputs.{name} }}}}"\n'


def check_inputs(inputs: dict[str, Any]) -> None:
    """Refuse names that Ansible would obey.

    Raises:
        InputsRefused: with the pointer of the name.
    """
    for name in inputs:
        if name in MAGIC_NAMES:
            raise InputsRefused(below("", name), "this name is reserved")
    _check_names(inputs, "")


def _check_names(value: Any, pointer: str) -> None:
    if isinstance(value, dict):
        for name, item in value.items():
            if str(name).lower().startswith(RESERVED_PREFIX):
                raise InputsRefused(below(pointer, name), f"names that begin with {RESERVED_PREFIX} are reserved")
            _check_names(item, below(pointer, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_names(item, f"{pointer}/{index}")
