"""Running a runbook's playbook with plain ansible-playbook, with the variables the product would give it."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from orch_app.domains.runbooks.contract import RunbookSpec, load_runbook
from orch_app.domains.runbooks.inputs import check_inputs
from tests.runbooks.modules import RUNBOOKS
from tests.systems.sshhosts import SshHost

LOCAL: dict[str, Any] = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
SSH_OPTIONS = "-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=5"


@dataclass
class Play:
    """How the run ended: exit code, what was printed, output.json (empty when none was written)."""

    rc: int
    text: str
    output: dict[str, Any] = field(default_factory=dict)


@cache
def spec(name: str) -> RunbookSpec:
    """A shipped runbook; to read and judge one takes longer than most tests."""
    return load_runbook(RUNBOOKS / name)


def over_ssh(host: SshHost, **changes: Any) -> dict[str, Any]:
    """Inventory variables of a test host."""
    return {
        "ansible_host": host.address,
        "ansible_port": host.port,
        "ansible_user": host.user,
        "ansible_ssh_private_key_file": host.private_key,
        "ansible_ssh_common_args": SSH_OPTIONS,
        "ansible_python_interpreter": "/usr/bin/python3",
        **changes,
    }


def run_play(
    folder: Path, name: str, inputs: dict[str, Any], targets: dict[str, Any] | None = None, *options: str, **orch: Any
) -> Play:
    """Run the play in `folder` on `targets` (name -> variables; localhost when left out)."""
    runbook = spec(name)
    checked = check_inputs(runbook.schema, inputs)
    assert checked.problems == ()
    output = folder / "output.json"
    given = {"job_id": "job_1", "runbook": name, "version": runbook.version, "mode": "apply", "environment": "stage"}
    places = {"output_path": str(output), "control_dir": str(folder / "cp")}
    as_file = "inputs" in runbook.gives
    if as_file:
        places["inputs_path"] = str(folder / "inputs.json")
        (folder / "inputs.json").write_text(json.dumps(checked.values))
    variables = {"inputs": {} if as_file else checked.values, "orch": {**given, **places, **orch}}
    (folder / "variables.json").write_text(json.dumps(variables))
    hosts = {"targets": {"hosts": targets or {"localhost": LOCAL}}}
    (folder / "inventory.json").write_text(json.dumps(hosts))
    playbook = str(Path(sys.executable).with_name("ansible-playbook"))
    argv = [playbook, "-i", "inventory.json", "-e", "@variables.json", *options, str(runbook.playbook)]
    done = subprocess.run(argv, cwd=folder, env=play_environment(folder), capture_output=True, text=True, check=False)
    found = json.loads(output.read_text()) if output.exists() else {}
    return Play(done.returncode, done.stdout + done.stderr, found)


def play_environment(folder: Path) -> dict[str, str]:
    """What the product would give it: our modules and roles, nothing of the machine's own configuration."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_LIBRARY": str(RUNBOOKS / "library"),
        "ANSIBLE_MODULE_UTILS": str(RUNBOOKS / "module_utils"),
        "ANSIBLE_ACTION_PLUGINS": str(RUNBOOKS / "action_plugins"),
        "ANSIBLE_ROLES_PATH": str(RUNBOOKS / "roles"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / "cp"),
        "ANSIBLE_PIPELINING": "true",
    }
