"""Variables of hosts and groups: which names, how deep, how large, and what is told of a change."""

from typing import Any

import pytest

from orch_app.domains.inventory.variables import DEEPEST, MOST_BYTES, faults, told_change


def nested(levels: int) -> Any:
    value: Any = "end"
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"_port": 80, "Names": ["a", {"b-c": None}], "on": True, "ratio": 0.5},
        {"text": "{{ this stays text }}"},
        {"app": {"ansible_user": "below a name of its own it means nothing"}},
        nested(DEEPEST),
        {"a": "x" * (MOST_BYTES - 20)},
    ],
)
def test_what_ansible_takes_for_a_variable_is_taken(variables: dict[str, Any]) -> None:
    assert list(faults(variables)) == []


@pytest.mark.parametrize(
    ("variables", "pointer", "code"),
    [
        ({"a-b": 1}, "/variables/a-b", "variable_name"),
        ({"": 1}, "/variables/", "variable_name"),
        ({"é": 1}, "/variables/é", "variable_name"),
        ({"ansible_host": "x"}, "/variables/ansible_host", "reserved"),
        ({"Ansible_ssh_common_args": "x"}, "/variables/Ansible_ssh_common_args", "reserved"),
        ({"mitogen_via": "x"}, "/variables/mitogen_via", "reserved"),
        ({"inputs": {}}, "/variables/inputs", "reserved"),
        ({"orch": {}}, "/variables/orch", "reserved"),
        ({"groups": {}}, "/variables/groups", "reserved"),
        ({"a": float("nan")}, "/variables/a", "bad_text"),
        ({"a": ["\ud800"]}, "/variables/a/0", "bad_text"),
        ({"a": {"\x00": 1}}, "/variables/a/\x00", "bad_text"),
        (nested(DEEPEST + 1), "/variables" + "/a" * DEEPEST, "too_deep"),
        ({"a": "é" * (MOST_BYTES // 2)}, "/variables", "too_long"),
    ],
)
def test_what_cannot_be_one_is_refused_where_it_stands(variables: Any, pointer: str, code: str) -> None:
    (fault,) = faults(variables)
    assert (fault.pointer, fault.code, bool(fault.detail_pt)) == (pointer, code, True)


def test_of_a_change_the_names_are_told_and_no_value() -> None:
    before = {"name": "web", "variables": {"kept": "secret-1", "gone": "secret-2", "same": 1}}
    after = {"name": "www", "variables": {"kept": "secret-3", "came": "secret-4", "same": 1}}
    told = told_change(before, after)
    assert told["variables"] == {"added": ["came"], "removed": ["gone"], "changed": ["kept"]}
    assert (told["before"], told["after"]) == ({"name": "web"}, {"name": "www"})
    assert "secret" not in str(told)
