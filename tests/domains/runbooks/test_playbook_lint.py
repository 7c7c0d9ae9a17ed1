"""Playbooks in which inputs would become commands, arguments or hosts are refused."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from orch_app.domains.runbooks.errors import RunbookBroken
from orch_app.domains.runbooks.playbook_lint import require_safe_playbook
from tests.domains.runbooks.folders import write_runbook


def lint(tmp_path: Path, task: dict[str, Any], *, target: str = "localhost") -> None:
    playbook = [{"hosts": "localhost", "tasks": [{"name": "T", **task}]}]
    require_safe_playbook(write_runbook(tmp_path, playbook=playbook), target)


@pytest.mark.parametrize(
    "task",
    [
        {"shell": "echo {{ inputs.word }}"},
        {"ansible.builtin.shell": {"cmd": "echo {{ copied }}"}},
        {"ansible.legacy.raw": "{% if inputs.x %}id{% endif %}"},
        {"script": "run.sh {{ inputs.word }}"},
        {"command": "ls {{ inputs.word }}"},
        {"ansible.builtin.command": {"cmd": "ls {{ inputs.word }}"}},
        {"local_action": "shell echo {{ inputs.word }}"},
        {"action": {"module": "ansible.builtin.shell", "cmd": "{{ inputs.word }}"}},
        {"block": [{"rescue": [{"shell": "{{ inputs.word }}"}]}]},
        {"debug": {"msg": "{{ lookup('pipe', inputs.word) }}"}},
        {"debug": {"msg": "{{ query( \"ansible.builtin.pipe\", 'id') }}"}},
        {"ping": None, "delegate_to": "{{ inputs.word }}"},
    ],
)
def test_a_task_that_can_be_injected_into_is_refused(tmp_path: Path, task: dict[str, Any]) -> None:
    with pytest.raises(RunbookBroken, match="task 'T'"):
        lint(tmp_path, task)


@pytest.mark.parametrize(
    "task",
    [
        {"command": {"argv": ["ls", "--", "{{ inputs.word }}"]}},
        {"shell": "set -o pipefail; df | sort"},
        {"ansible.builtin.command": "uptime"},
        {"debug": {"msg": "{{ inputs.word }} shell: raw:"}},
        {"ping": None, "delegate_to": "localhost"},
    ],
)
def test_a_task_that_passes_arguments_apart_is_fine(tmp_path: Path, task: dict[str, Any]) -> None:
    lint(tmp_path, task)


def test_a_role_that_all_runbooks_share_is_read_too(tmp_path: Path) -> None:
    folder = write_runbook(tmp_path)
    (tmp_path / "roles" / "r" / "tasks").mkdir(parents=True)
    (tmp_path / "roles" / "r" / "tasks" / "main.yml").write_text(yaml.safe_dump([{"raw": "{{ inputs.word }}"}]))
    with pytest.raises(RunbookBroken, match=r"roles/r/tasks/main.yml: raw: with a template"):
        require_safe_playbook(folder, "localhost")


@pytest.mark.parametrize("target", ["none", "localhost", "hosts", "both"])
def test_a_play_may_work_on_the_machines_that_it_brings_in(tmp_path: Path, target: str) -> None:
    playbook = [{"hosts": "localhost", "tasks": []}, {"hosts": "machines", "tasks": []}]
    require_safe_playbook(write_runbook(tmp_path, playbook=playbook), target)


def test_task_files_beside_the_playbook_are_read_too(tmp_path: Path) -> None:
    folder = write_runbook(tmp_path)
    (folder / "roles" / "r" / "tasks").mkdir(parents=True)
    (folder / "roles" / "r" / "tasks" / "main.yml").write_text(yaml.safe_dump([{"raw": "{{ inputs.word }}"}]))
    with pytest.raises(RunbookBroken, match=r"roles/r/tasks/main.yml: raw: with a template"):
        require_safe_playbook(folder, "localhost")


@pytest.mark.parametrize(
    ("hosts", "target"),
    [
        ("all", "both"),
        ("targets", "none"),
        ("web*", "hosts"),
        ("{{ inputs.word }}", "hosts"),
        (None, "both"),
        ({"web": 1}, "both"),
        ([["web"]], "both"),
    ],
)
def test_plays_run_on_chosen_hosts_and_localhost_only(tmp_path: Path, hosts: object, target: str) -> None:
    folder = write_runbook(tmp_path, playbook=[{"hosts": hosts, "tasks": []}])
    with pytest.raises(RunbookBroken, match="play 1: hosts is"):
        require_safe_playbook(folder, target)


@pytest.mark.parametrize("playbook", [[], {}, None, ["x"], [{"import_playbook": "a.yml"}]])
def test_what_is_no_list_of_plays_is_refused(tmp_path: Path, playbook: Any) -> None:
    with pytest.raises(RunbookBroken):
        require_safe_playbook(write_runbook(tmp_path, playbook=playbook), "localhost")


def test_nobody_can_be_asked_during_a_job(tmp_path: Path) -> None:
    folder = write_runbook(tmp_path, playbook=[{"hosts": "localhost", "vars_prompt": [{"name": "x"}]}])
    with pytest.raises(RunbookBroken, match="vars_prompt"):
        require_safe_playbook(folder, "localhost")


def test_tasks_of_roles_are_read_and_their_templates_are_not(tmp_path: Path) -> None:
    folder = write_runbook(tmp_path)
    for part in ("tasks", "templates"):
        (folder / "roles" / "web" / part).mkdir(parents=True)
    (folder / "roles/web/templates/site.yml").write_text("{{ this }}: [is no YAML")
    (folder / "roles/web/tasks/main.yml").write_text(yaml.safe_dump([{"name": "T", "shell": "echo {{ inputs.word }}"}]))
    with pytest.raises(RunbookBroken, match=r"roles/web/tasks/main.yml, task 'T'"):
        require_safe_playbook(folder, "localhost")
