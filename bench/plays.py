"""Plays that are measured: each as a runbook of the product and as a playbook for plain `ansible-playbook`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Task = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """A play. `rounds` is how often it is run; `bound` the ratio to plain Ansible that is aimed at."""

    name: str
    tasks: list[Task]
    rounds: int
    bound: float
    strategy: str = "linear"
    is_remote: bool = False
    timeout_s: int = 300


def debug(count: int) -> list[Task]:
    return [{"name": f"Say {n}", "ansible.builtin.debug": {"msg": f"line {n}"}} for n in range(count)]


def command(count: int) -> list[Task]:
    return [
        {"name": f"Run {n}", "ansible.builtin.command": {"argv": ["true"]}, "changed_when": False} for n in range(count)
    ]


LOOP = [{"name": "Loop", "ansible.builtin.debug": {"msg": "{{ item }}"}, "loop": "{{ range(5000) | list }}"}]
PLAYS = (
    Measured("debug_1", debug(1), 15, 0.35),
    Measured("debug_20", debug(20), 15, 0.62),
    Measured("command_20", command(20), 5, 0.95),
    Measured("command_20_mitogen", command(20), 5, 0.35, strategy="mitogen_linear"),
    Measured("ssh_4_hosts_5_tasks", command(5), 5, 0.8, is_remote=True),
    Measured("loop_5000", LOOP, 3, 1.03),
)


def write_runbook(root: Path, play: Measured) -> Path:
    """The play as a runbook; gives its playbook, which plain `ansible-playbook` can run as well."""
    folder = root / play.name
    (folder / "tests").mkdir(parents=True)
    hosts = "targets" if play.is_remote else "localhost"
    book = [{"name": "Bench", "hosts": hosts, "gather_facts": False, "tasks": play.tasks}]
    (folder / "playbook.yml").write_text(json.dumps(book, indent=1), "utf-8")  # YAML without anchors, which are refused
    (folder / "runbook.yaml").write_text(yaml.safe_dump(_metadata(play), sort_keys=False), "utf-8")
    (folder / "schema.json").write_text('{"type": "object", "additionalProperties": false, "properties": {}}', "utf-8")
    (folder / "README.md").write_text("# bench\n", "utf-8")
    return folder / "playbook.yml"


def _metadata(play: Measured) -> dict[str, Any]:
    words = {"name": play.name, "version": "1.0.0", "title": "Bench", "title_pt": "Bench", "category": "bench"}
    facts = {"risk": "low", "mutates": False, "supports": {"check": True}, "timeout_s": play.timeout_s}
    way = {"strategy": play.strategy, "target": "hosts" if play.is_remote else "localhost"}
    return words | facts | way
