"""The hostile program of the isolation tests as a job of the stack: what it is set upon there, and what it found."""

import json
from pathlib import Path
from typing import Any

from tests.domains.jobs.execution.hostile import program
from tests.domains.jobs.execution.hostile.prey import CANARY
from tests.swarm import prey
from tests.systems.swarm.cluster import Swarm
from tests.systems.swarm.nodes import Node

PYTHON = ".venv/bin/python"
FILES = {
    "runbook.yaml": """
name: attack
version: "1.0.0"
title: Attack
title_pt: Ataque
category: tests
risk: low
mutates: false
supports: {check: false}
target: localhost
timeout_s: 120
""",
    "playbook.yml": """
- name: Attack
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Try everything
      ansible.builtin.command:
        argv: "{{ [ansible_playbook_python, '-I', playbook_dir ~ '/program.py', prey | to_json] }}"
      vars:
        told: "{{ inputs.prey | from_json }}"
        prey: "{{ told | combine({'own_root': told.data ~ '/jobs-run/' ~ orch.job_id ~ '.1'}) }}"
      register: attack
    - name: Write the output
      ansible.builtin.copy:
        dest: "{{ orch.output_path }}"
        content: "{{ {'schema_version': 1, 'found': attack.stdout | from_json} | to_json }}"
        mode: "0600"
""",
    "schema.json": """
{"type": "object", "additionalProperties": false, "required": ["prey"],
 "properties": {"prey": {"type": "string", "title": "Prey", "maxLength": 4000}}}
""",
    "output.schema.json": '{"type": "object"}',
    "README.md": "# attack\n",
}


def write_runbook(root: Path) -> None:
    """The runbook `attack`, beside others."""
    folder = root / "attack"
    (folder / "tests").mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(text.lstrip(), "utf-8")
    (folder / "program.py").write_text(Path(program.__file__).read_text("utf-8"), "utf-8")


def lay_out(swarm: Swarm, node: Node) -> dict[str, Any]:
    """Set out in the worker's container of this node what the program is to reach; what the program is told."""
    code = Path(prey.__file__).read_text("utf-8")
    container = swarm.container("worker", node)
    node.docker("exec", "--detach", "--env", f"SECRET={CANARY}", container, PYTHON, "-c", code, CANARY)
    told = ("exec", container, "cat", prey.TOLD)
    swarm.wait_for(lambda: node.docker(*told, check=False), lambda: "the prey is laid out")
    return json.loads(node.docker(*told))


def as_table(node: str, level: str, found: dict[str, dict[str, Any]]) -> str:
    """One line a probe: its name, whether it holds, what it saw."""
    lines = [f"{name:<24} {'holds' if one['held'] else 'FALLS'}  {one['saw'][:70]}" for name, one in found.items()]
    return "\n".join([f"In a container of {node}, at level {level}:", *lines, ""])
