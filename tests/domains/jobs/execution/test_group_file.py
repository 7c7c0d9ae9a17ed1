"""Groups and variables as Ansible reads them: who wins, what is a template and what stays the text that it is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.jobs.execution import (
    Credentials,
    HostRefused,
    InputsRefused,
    IsolationLevel,
    PlayStatus,
    TargetGroup,
    TargetHost,
    Variables,
    Workspace,
    open_workspace,
)
from orch_app.domains.jobs.execution.group_file import write_groups
from tests.domains.jobs.execution.conftest import Plays

pytestmark = pytest.mark.integration


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    (tmp_path / "runbook").mkdir()
    with open_workspace(tmp_path / "data", "job_1.1", tmp_path / "runbook", IsolationLevel.RLIMITS) as opened:
        yield opened


KEY = ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHxvRnWKe0wCcqV4YG5qSFnGSoZsX0lrb8nhAIFCCrzb",)
BOOK = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.debug: {msg: "in {{ groups.site | sort }} {{ groups.web }} {{ hostvars['web-1'].group_names }}"}
    - ansible.builtin.debug: {msg: "who {{ item }} {{ hostvars[item].who }}"}
      loop: [web-1, web-2, localhost]
    - ansible.builtin.debug: {msg: "data {{ hostvars['web-2'].said }} {{ hostvars['web-2'].code }}"}
    - ansible.builtin.debug: {msg: "text {{ hostvars['web-1'].said }} {{ hostvars['web-1'].deep.x[0] }}"}
    - ansible.builtin.debug: {msg: "python {{ hostvars['web-1'].ansible_python_interpreter }}"}
"""


def host(name: str, values: dict[str, Any] | None = None, *, trusted: bool = False, **more: Any) -> TargetHost:
    variables = Variables(values or {}, trusted)
    return TargetHost(name, "192.0.2.7", 22, KEY, Credentials("root", password="x"), variables=variables, **more)


def test_groups_children_and_precedence_are_those_of_ansible(plays: Plays) -> None:
    hosts = [
        host(
            "web-1", {"who": "host", "said": "{{ 6 * 7 }}", "deep": {"x": ["{{ 2 + 3 }}"]}}, trusted=True, python="/py3"
        ),
        host("web-2", {"said": "{{ 6 * 7 }}", "code": "0123"}),
    ]
    groups = [
        TargetGroup("all", variables=Variables({"who": "all"})),
        TargetGroup("site", children=("web",), variables=Variables({"who": "site"})),
        TargetGroup(
            "web", hosts=("web-1", "web-2"), variables=Variables({"who": "{{ 'we' ~ 'b' }}"}, is_trusted_text=True)
        ),
    ]
    told = plays.run(BOOK, hosts=hosts, groups=groups, localhost=False)
    assert told.ended.status is PlayStatus.SUCCESSFUL, told.text
    for line in (
        "in ['web-1', 'web-2'] ['web-1', 'web-2'] ['site', 'targets', 'web']",
        "who web-1 host",
        "who web-2 web",
        "who localhost all",
        "data {{ 6 * 7 }} 0123",
        "text 42 5",
        "python /py3",
    ):
        assert line in told.text, told.text


def test_without_groups_and_variables_there_is_no_file(workspace: Workspace) -> None:
    assert write_groups(workspace, [host("web-1")], []) == ()
    (path,) = write_groups(workspace, [host("web-1", {"a": 1})], [])
    assert path.read_text() == 'all:\n  hosts:\n    web-1: !unsafe\n      "a": 1\n'


@pytest.mark.parametrize(
    "group",
    [
        TargetGroup("targets"),
        TargetGroup("web servers"),
        TargetGroup("web", hosts=("web-9",)),
        TargetGroup("web", children=("db",)),
    ],
)
def test_a_group_that_could_mean_more_than_it_says_is_refused(workspace: Workspace, group: TargetGroup) -> None:
    with pytest.raises(HostRefused):
        write_groups(workspace, [host("web-1")], [group])


@pytest.mark.parametrize("name", ["ansible_host", "orch", "inputs", "hostvars"])
def test_a_variable_that_ansible_would_obey_is_refused(workspace: Workspace, name: str) -> None:
    with pytest.raises(InputsRefused) as refused:
        write_groups(workspace, [], [TargetGroup("web", variables=Variables({name: "x"}))])
    assert refused.value.pointer == f"/web/{name}"
    with pytest.raises(InputsRefused):
        write_groups(workspace, [host("web-1", {name: "x"}, trusted=True)], [])
