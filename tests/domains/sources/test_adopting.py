"""Plain playbooks become runbooks: the missing files are written, and of the playbook only `hosts` is another."""

import json

import pytest
import yaml

from orch_app.domains.runbooks.catalogue import read_one
from orch_app.domains.runbooks.contract import RunbookSpec
from orch_app.domains.sources.adopting import adopt, candidates
from orch_app.domains.sources.layout import lay_out
from orch_app.domains.sources.models import SourceAdoption
from orch_app.domains.sources.wire import AdoptionBody
from orch_app.kit.clock import now
from orch_app.kit.file_tree import TreeFile, write
from tests.domains.sources.files import runbook_files, tree_of

SITE = """---
# The whole site
- name: Web
  hosts: webservers:!old   # by name
  vars: {port: 80}
  tasks:
    - ansible.builtin.debug: {msg: "{{ greeting }}"}

- hosts:
    - db1
    - db2
  roles: [db]
- hosts: localhost
  tasks: []
- hosts: "{{ chosen }}"
"""
SCHEMA = {"type": "object", "additionalProperties": False, "properties": {"greeting": {"type": "string"}}}


def adoption(playbook: str = "site.yml", **facts: object) -> SourceAdoption:
    words = {"playbook": playbook, "title": "Site", "titlePt": "Página", "schema": SCHEMA}
    body = AdoptionBody.model_validate(words | facts)
    meta = body.model_dump(exclude={"playbook", "input_schema"})
    return SourceAdoption(
        source_id="src_1", name="site", playbook=playbook, meta=meta, input_schema=SCHEMA, updated_at=now()
    )


def adopted(texts: dict[str, str], one: SourceAdoption | None = None) -> dict[str, str]:
    return {path: file.content.decode() for path, file in adopt(tree_of(texts), one or adoption()).items()}


def test_every_hosts_but_localhost_becomes_the_targets_and_nothing_else_is_touched() -> None:
    text = adopted({"site.yml": SITE})["playbook.yml"]
    assert [play["hosts"] for play in yaml.safe_load(text)] == ["targets", "targets", "localhost", "targets"]
    assert "# The whole site\n- name: Web\n  hosts: targets   # by name\n  vars: {port: 80}\n" in text
    assert text.count("roles: [db]") == 1
    changed = {line for line in text.splitlines() if line not in SITE.splitlines()}
    assert {line.strip() for line in changed} == {"hosts: targets   # by name", "targets", "- hosts: targets"}


def test_on_the_worker_every_play_works_on_localhost() -> None:
    text = adopted({"site.yml": SITE}, adoption(target="localhost"))["playbook.yml"]
    assert {play["hosts"] for play in yaml.safe_load(text)} == {"localhost"}


def test_the_files_that_are_missing_are_written(tmp_path) -> None:
    texts = {"playbooks/site.yml": SITE, "roles/db/tasks/main.yml": "[]", "playbooks/templates/x.j2": "{{ a }}"}
    tree = lay_out(tree_of(texts), {"site": adopt(tree_of(texts), adoption("playbooks/site.yml"))}).tree
    write(tree, tmp_path)
    found = read_one(tmp_path / "site")
    assert isinstance(found, RunbookSpec), found
    assert (found.title_pt, found.target, found.risk, found.inputs_as_variables) == ("Página", "hosts", "high", True)
    assert found.schema == SCHEMA
    assert {"site/roles/db/tasks/main.yml", "site/templates/x.j2"} <= tree.keys()
    assert "playbooks/site.yml" in found.readme


def test_who_has_to_agree_is_said_in_the_runbook(tmp_path) -> None:
    texts = {"site.yml": SITE}
    asked = adoption(approval={"prod": "required_other_person"})
    write(lay_out(tree_of(texts), {"site": adopt(tree_of(texts), asked)}).tree, tmp_path)
    found = read_one(tmp_path / "site")
    assert isinstance(found, RunbookSpec), found
    assert found.metadata["approval"] == {"prod": "required_other_person", "stage": "none"}


def test_what_the_rules_refuse_stays_refused(tmp_path) -> None:
    play = '- hosts: all\n  tasks:\n    - ansible.builtin.shell: "rm {{ greeting }}"\n'
    write(lay_out({}, {"site": adopt(tree_of({"site.yml": play}), adoption())}).tree, tmp_path)
    assert "can be injected into" in getattr(read_one(tmp_path / "site"), "reason", "")


def test_a_playbook_that_is_gone_or_cannot_be_read_is_a_broken_runbook(tmp_path) -> None:
    for number, files in enumerate(({}, tree_of({"site.yml": "- hosts: [a"}), {"site.yml": TreeFile(b"\xff")})):
        place = tmp_path / str(number)
        place.mkdir()
        write(lay_out({}, {"site": adopt(files, adoption())}).tree, place)
        assert "playbook.yml" in getattr(read_one(place / "site"), "reason", "")


def test_a_runbook_of_the_source_goes_before_an_adopted_one_of_its_name() -> None:
    files = tree_of(runbook_files("site") | {"site.yml": SITE})
    tree = lay_out(files, {"site": adopt(files, adoption())}).tree
    assert tree["site/README.md"].content == b"# site\n"
    assert "inputs_as_variables" not in tree["site/runbook.yaml"].content.decode()


def test_playbooks_that_could_be_adopted_are_found_with_what_they_ask_for() -> None:
    asking = "- hosts: all\n  vars_prompt: [{name: word}]\n  vars: {port: 80}\n"
    others = {
        "vars.yml": "a: 1",
        "list.yml": "[1, 2]",
        "tasks/main.yml": "- hosts: x",
        "broken.yml": "- hosts: [a",
        "empty.yml": "",
        "site.json": "[]",
    }
    found = candidates(tree_of({"site.yml": SITE, "playbooks/ask.yaml": asking} | others))
    assert [(one.path, one.variables) for one in found] == [
        ("playbooks/ask.yaml", ("word", "port")),
        ("site.yml", ("port",)),
    ]
    assert json.dumps(found[1].to_json()["hosts"][:1]) == '["webservers:!old"]'


@pytest.mark.parametrize("playbook", ["../site.yml", "/site.yml", "site.txt", "a/.git/x.yml", ""])
def test_a_playbook_is_named_by_its_path_in_the_source(playbook: str) -> None:
    with pytest.raises(ValueError, match="playbook"):
        AdoptionBody.model_validate({"playbook": playbook, "title": "x", "titlePt": "x"})


@pytest.mark.parametrize("value", ["5", "true", "2026-01-01", "name", "{name: x}", "!!bool perhaps", "[5, {name: 7}]"])
def test_nothing_that_stands_in_a_playbook_keeps_a_source_from_being_fetched(value: str) -> None:
    odd = tree_of({"site.yml": f"- hosts: {value}\n  vars_prompt: {value}\n  vars: {value}\n"})
    assert json.dumps([one.to_json() for one in candidates(odd)])
    assert adopt(odd, adoption())["playbook.yml"]
