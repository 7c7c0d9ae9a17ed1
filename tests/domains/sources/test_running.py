"""Jobs of runbooks that came from a source really run: with their roles, from the files that were trusted."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.run import run_job
from orch_app.kit.db import reading
from orch_app.kit.queue import install_bell
from orch_app.kit.settings import ROOT
from tests.domains.jobs.orders import launched
from tests.domains.sources.conftest import Bench
from tests.domains.sources.files import runbook_files
from tests.systems.product import bound_to

pytestmark = pytest.mark.integration
PLAY = [
    {
        "name": "Greet",
        "hosts": "localhost",
        "gather_facts": False,
        "roles": ["greeting"],
        "tasks": [{"name": "Write it", "orch_output": {"extra": "{{ {'said': said.word, 'by': answer.who} }}"}}],
    }
]
ROLE = """
- name: Ask our own module
  greeter:
  register: answer
- name: Say it
  ansible.builtin.set_fact:
    said: {word: "{{ inputs.word }} from a role"}
"""
MODULE = """
from ansible.module_utils.basic import AnsibleModule
AnsibleModule(argument_spec={}).exit_json(who="a module of the source")
"""
SHARED = {"roles/greeting/tasks/main.yml": ROLE, "library/greeter.py": MODULE}


@pytest.fixture
def bench(migrated_sqlite: Path, admin: Actor, tmp_path: Path) -> Iterator[Bench]:
    """With the product's own runbooks, whose modules those of a source see."""
    data, root = tmp_path / "data", tmp_path / "sources"
    data.mkdir()
    root.mkdir()
    shutil.copy(migrated_sqlite, data / "orch.db")
    variables = {"ORCH_RUNBOOKS_DIR": str(ROOT / "runbooks"), "ORCH_SOURCE_FOLDERS": str(root)}
    with bound_to(data, **variables):
        install_bell(lambda _name, _payload: None, lambda: True)
        yield Bench(root, admin, [])


def trusted(bench: Bench, files: dict[str, str], source_id: str = "") -> str:
    """A source whose newest edition holds these files and is trusted."""
    bench.write(files)
    source_id = source_id or bench.add()
    bench.sync(source_id)
    bench.trust_newest(source_id)
    return source_id


def ended(job: Job) -> Any:
    run_job(job.id)
    with reading() as session:
        return session.get_one(Job, job.id)


def test_a_runbook_of_a_source_runs_with_its_roles_and_modules(bench: Bench) -> None:
    trusted(bench, runbook_files(playbook=PLAY) | SHARED)
    job = ended(launched(bench.admin, "greet", inputs={"word": "hello"}))
    assert (job.status, job.reason_detail) == ("SUCCESS", "")
    assert (job.output_json["said"], job.output_json["by"]) == ("hello from a role", "a module of the source")


def test_a_job_runs_what_was_launched_or_nothing(bench: Bench) -> None:
    files = runbook_files(playbook=PLAY) | SHARED
    source_id = trusted(bench, files)
    same, other = (launched(bench.admin, "greet") for _ in range(2))
    trusted(bench, files | runbook_files("another"), source_id)
    assert ended(same).status == "SUCCESS"
    trusted(bench, files | {"roles/greeting/tasks/main.yml": ROLE + "# another role\n"}, source_id)
    refused = ended(other)
    assert (refused.status, refused.reason) == ("ERROR", "preparation_failed")
    assert "changed after the launch" in refused.reason_detail


def test_an_adopted_playbook_runs_with_its_inputs_as_variables_that_stay_text(bench: Bench) -> None:
    play = """
- hosts: all
  gather_facts: false
  vars: {word: the playbook's own}
  tasks:
    - name: The input goes before the playbook's own, and is no template
      ansible.builtin.assert:
        that:
          - word | length == 11
          - times is number
          - times == 3
"""
    bench.write({"site.yml": play})
    source_id = bench.add()
    kinds = {"word": {"type": "string"}, "times": {"type": "integer", "default": 3}}
    schema = {"type": "object", "additionalProperties": False, "properties": kinds, "required": ["word"]}
    bench.adopt(source_id, "site", playbook="site.yml", target="localhost", risk="low", schema=schema)
    bench.sync(source_id)
    bench.trust_newest(source_id)
    job = ended(launched(bench.admin, "site", inputs={"word": "{{ 7 * 7 }}"}))
    assert (job.status, job.reason_detail) == ("SUCCESS", "")


def test_where_the_kept_files_are_gone_the_job_says_so(bench: Bench) -> None:
    trusted(bench, runbook_files(playbook=PLAY) | SHARED)
    job = launched(bench.admin, "greet")
    for folder in ("trees", "artifacts"):
        shutil.rmtree(bench.root.parent / "data" / folder)
    refused = ended(job)
    assert (refused.status, "synchronise and trust the source again" in refused.reason_detail) == ("ERROR", True)
