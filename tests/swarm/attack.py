"""The hostile program of the isolation tests as jobs of the stack: what it is set upon there, and what it found."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

from tests.domains.jobs.execution.hostile import program
from tests.domains.jobs.execution.hostile.prey import CANARY
from tests.swarm import prey
from tests.systems.swarm.cluster import Swarm
from tests.systems.swarm.nodes import Node

PYTHON = ".venv/bin/python"
PROBES = {"none": "attack", "egress": "attack_egress"}
"""The runbook that tries every probe, for each policy of the network."""

ALONE = "attack_alone"
"""The runbook that tries one attack which its job is not to survive."""

ENDS = {
    "bomb": ("ERROR", "process_limit"),
    "fill": ("ERROR", "disk_limit"),
    "shout": ("ERROR", "output_limit"),
    "escape": ("SUCCESS", ""),
    "links": ("ERROR", "output_invalid"),
}
"""How a job with such an attack ends. The play itself says what `shout` says: the module that runs programs reads so
slowly that time would be the limit, and no runbook may have the lookup that reads fast."""

LIMITS = {"memory_mb": 256, "processes": 64, "disk_mb": 64, "file_mb": 16, "log_mb": 4}
TRY_EVERYTHING = """
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
"""
TRY_ONE = """
- name: Attack
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Try one thing
      ansible.builtin.command:
        argv: "{{ [ansible_playbook_python, '-I', program, inputs.attack] + inputs.words.split() }}"
        chdir: "{{ orch.artifacts_dir }}"
      vars: {program: "{{ playbook_dir }}/program.py"}
      when: inputs.attack != 'shout'
    - name: Say 1 GB
      ansible.builtin.debug:
        msg: "{{ 'one of very many lines that nobody reads ' * 1500 }}"
      loop: "{{ range(16000 if inputs.attack == 'shout' else 0) | list }}"
    - name: Write the output
      ansible.builtin.copy:
        dest: "{{ orch.output_path }}"
        content: '{"schema_version": 1}'
        mode: "0600"
      when: inputs.attack == 'escape'
"""


def write_runbooks(root: Path) -> None:
    """The runbooks of this file, beside others."""
    for network, name in PROBES.items():
        _write(root / name, TRY_EVERYTHING, {"prey": {"maxLength": 4000}}, network=network)
    words = {"attack": {"enum": list(ENDS)}, "words": {"maxLength": 400}}
    _write(root / ALONE, TRY_ONE, words, limits=LIMITS)


def _write(folder: Path, playbook: str, inputs: dict[str, dict[str, Any]], **more: Any) -> None:
    """A runbook with these inputs, all of them text; `more` is what else it declares."""
    about = {"name": folder.name, "version": "1.0.0", "title": "Attack", "title_pt": "Ataque", "category": "tests"}
    does = {"risk": "low", "mutates": False, "supports": {"check": False}, "target": "localhost", "timeout_s": 120}
    fields = {name: {"type": "string", "title": name, **rules} for name, rules in inputs.items()}
    schema = {"type": "object", "additionalProperties": False, "required": list(fields), "properties": fields}
    files = {
        "runbook.yaml": json.dumps(about | does | more, indent=1),
        "playbook.yml": playbook.lstrip(),
        "schema.json": json.dumps(schema),
        "output.schema.json": '{"type": "object"}',
        "README.md": f"# {folder.name}\n",
        "program.py": Path(program.__file__).read_text("utf-8"),
    }
    (folder / "tests").mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")


def lay_out(swarm: Swarm, node: Node) -> dict[str, Any]:
    """Set out in the worker's container of this node what the program is to reach; what the program is told."""
    code = Path(prey.__file__).read_text("utf-8")
    container = swarm.container("worker", node)
    node.docker("exec", "--detach", "--env", f"SECRET={CANARY}", container, PYTHON, "-c", code, CANARY)
    told = ("exec", container, "cat", prey.TOLD)
    swarm.wait_for(lambda: node.docker(*told, check=False), lambda: "the prey is laid out")
    return json.loads(node.docker(*told))


def as_table(place: str, found: dict[str, dict[str, Any]]) -> str:
    """One line a probe: its name, whether it holds, what it saw."""
    lines = [f"{name:<24} {'holds' if one['held'] else 'FALLS'}  {one['saw'][:70]}" for name, one in found.items()]
    return "\n".join([f"In a container {place}:", *lines, ""])


def left(swarm: Swarm, marks: set[str]) -> list[str]:
    """Processes and work folders in the workers' containers that bear one of these marks."""
    found: list[str] = []
    for node in swarm.nodes:
        container = swarm.container("worker", node)
        processes = node.docker("top", container, "-eo", "pid,args").splitlines()
        assert any("orch_app.cli worker" in line for line in processes), processes
        folders = node.docker("exec", container, "find", "/var/lib/jarvis", "-maxdepth", "2").splitlines()
        found += [line for line in (*processes, *folders) if any(mark in line for mark in marks)]
    return found


def kept(bundle: bytes) -> dict[str, bytes]:
    """What lies in a job's bundle, by name; nothing in it may be a link or anything else but a file or a folder."""
    with tarfile.open(fileobj=io.BytesIO(bundle)) as tar:
        members = tar.getmembers()
        assert [one.name for one in members if not (one.isfile() or one.isdir())] == []
        opened = {one.name: tar.extractfile(one) for one in members if one.isfile()}
        return {name: file.read() for name, file in opened.items() if file}
