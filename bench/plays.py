"""Runbooks that are measured: plays of N debug tasks, as a runbook and as a bare playbook."""

from pathlib import Path

METADATA = """name: {name}
version: "1.0.0"
title: Bench
title_pt: Bench
category: bench
risk: low
mutates: false
supports: {{check: true}}
target: localhost
timeout_s: 300
"""


def write_runbook(root: Path, tasks: int) -> Path:
    """A runbook of so many debug tasks; gives its playbook, which plain ansible-playbook can run as well."""
    folder = root / f"debug_{tasks}"
    (folder / "tests").mkdir(parents=True)
    steps = "".join(f"    - name: Say {n}\n      ansible.builtin.debug:\n        msg: line {n}\n" for n in range(tasks))
    head = "- name: Bench\n  hosts: localhost\n  gather_facts: false\n  tasks:\n"
    (folder / "playbook.yml").write_text(head + steps, "utf-8")
    (folder / "runbook.yaml").write_text(METADATA.format(name=folder.name), "utf-8")
    (folder / "schema.json").write_text('{"type": "object", "additionalProperties": false, "properties": {}}', "utf-8")
    (folder / "output.schema.json").write_text('{"type": "object"}', "utf-8")
    (folder / "README.md").write_text("# bench\n", "utf-8")
    return folder / "playbook.yml"
