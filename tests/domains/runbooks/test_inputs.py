"""Inputs are checked in bounded time, every fault has its place and both languages, defaults are filled in."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orch_app.domains.runbooks.checker import first_errors
from orch_app.domains.runbooks.inputs import MAX_PROBLEMS, check_inputs, check_output, with_defaults

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["zone"],
    "properties": {
        "zone": {"type": "string", "pattern": "^[0-9a-f]{4}$"},
        "ttl": {"anyOf": [{"const": 1}, {"type": "integer", "minimum": 60}], "default": 1},
        "mode": {"enum": ["upsert", "exact"], "default": "upsert"},
        "env": {"type": "object", "additionalProperties": {"type": "string"}},
        "tags": {"type": "array", "uniqueItems": True, "maxItems": 5000},
        "groups": {"type": "array"},
        "mail": {"type": "string", "format": "email"},
        "records": {"type": "array", "items": {"$ref": "#/$defs/record"}},
    },
    "$defs": {
        "record": {
            "type": "object",
            "required": ["type"],
            "properties": {"type": {"type": "string"}, "port": {"type": "integer"}, "state": {"default": "present"}},
            "if": {"properties": {"type": {"const": "tcp"}}},
            "then": {"required": ["port"]},
            "else": {"properties": {"port": False}},
        }
    },
}


def problems(inputs: Any, schema: dict[str, Any] = SCHEMA, **options: int) -> list[tuple[str, str]]:
    return [(problem.pointer, problem.code) for problem in check_inputs(schema, inputs, **options).problems]


def test_good_inputs_come_back_with_the_defaults() -> None:
    sent = {"zone": "00ff", "records": [{"type": "udp"}]}
    checked = check_inputs(SCHEMA, sent)
    assert checked.problems == ()
    assert checked.values == {
        "zone": "00ff",
        "ttl": 1,
        "mode": "upsert",
        "records": [{"type": "udp", "state": "present"}],
    }
    assert sent == {"zone": "00ff", "records": [{"type": "udp"}]}


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({}, [("/zone", "required")]),
        ([], [("", "type")]),
        (None, [("", "type")]),
        ({"zone": "XYZ!"}, [("/zone", "pattern")]),
        ({"zone": 7}, [("/zone", "type")]),
        ({"zone": "00ff", "ttl": 5}, [("/ttl", "anyOf")]),
        ({"zone": "00ff", "mode": "both"}, [("/mode", "enum")]),
        ({"zone": "00ff", "a/b~c": 1}, [("/a~1b~0c", "additionalProperties")]),
        ({"zone": "00ff", "records": [{"type": "tcp"}]}, [("/records/0/port", "required")]),
        ({"zone": "00ff", "records": [{"type": "udp", "port": 1}]}, [("/records/0/port", "false")]),
        ({"zone": "00ff", "tags": [1, True, 1.0]}, [("/tags", "uniqueItems")]),
        ({"zone": "00ff", "mail": "nobody"}, [("/mail", "format")]),
        ({"zone": "00ff", "env": {"A": 1}}, [("/env/A", "type")]),
    ],
)
def test_each_fault_is_reported_where_it_is(inputs: Any, expected: list[tuple[str, str]]) -> None:
    assert problems(inputs) == expected


def test_true_and_one_are_different_entries() -> None:
    assert problems({"zone": "00ff", "tags": [1, True, "1", None, 0, False, [], {}]}) == []


@pytest.mark.parametrize(
    "name", ["ansible_ssh_common_args", "ansible_", "hostvars", "vars", "orch", "inventory_hostname"]
)
def test_names_of_ansible_are_refused_at_any_depth(name: str) -> None:
    assert (f"/env/{name}", "name") in problems({"zone": "00ff", "env": {name: "x"}})
    assert (f"/{name}", "name") in problems({"zone": "00ff", name: "x"})


def test_names_are_compared_whole_and_everyday_words_are_fine() -> None:
    env = {"my_ansible_var": "x", "ANSIBLE_X": "y", "environment": "prod"}
    assert problems({"zone": "00ff", "groups": ["core"], "env": env}) == []


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (math.nan, "number"),
        (math.inf, "number"),
        (-math.inf, "number"),
        (2**63, "number"),
        ("a\0b", "characters"),
        ("\ud800", "characters"),
    ],
)
def test_what_cannot_be_stored_is_refused_before_the_schema(value: Any, code: str) -> None:
    assert problems({"zone": "00ff", "tags": [value]}) == [("/tags/0", code)]
    assert problems({"zone": "00ff", "env": {"\0": "x"}}) == [("/env", "characters")]


def test_size_depth_and_count_are_limited() -> None:
    assert problems({"zone": "00ff", "tags": ["x" * 2_000]}, max_kb=1) == [("", "size")]
    deep: Any = 1
    for _ in range(40):
        deep = [deep]
    assert [code for _, code in problems({"tags": deep})] == ["depth"]
    assert [code for _, code in problems({"tags": [0] * 100_001})] == ["nodes"]


def test_at_most_a_hundred_problems_are_listed() -> None:
    words = {"type": "object", "properties": {"words": {"type": "array", "items": {"type": "string"}}}}
    assert len(problems({"words": [1] * 100}, words)) == MAX_PROBLEMS
    assert ("", "limit") not in problems({"words": [1] * 100}, words)
    found = problems({"words": [1] * 500}, words)
    assert len(found) == MAX_PROBLEMS
    assert found[-1] == ("", "limit")


def test_hostile_lists_and_patterns_are_checked_in_linear_time() -> None:
    assert problems({"zone": "00ff", "tags": [{"a": [n]} for n in range(5_000)]}) == []
    evil = {"type": "object", "properties": {"x": {"pattern": "^(a+)+$"}}}
    assert problems({"x": "a" * 50_000 + "!"}, evil) == [("/x", "pattern")]
    assert problems({"x": "a" * 70_000}, evil) == [("/x", "pattern")]


def test_a_document_that_takes_too_much_work_is_given_up() -> None:
    words = {"type": "object", "properties": {"words": {"type": "array", "items": {"type": "string"}}}}
    errors, given_up = first_errors(words, {"words": ["a"] * 500}, limit=10, steps=400)
    assert (errors, given_up) == ([], True)
    assert first_errors(words, {"words": ["a"] * 500}, limit=10, steps=600) == ([], False)


def test_a_document_that_was_given_up_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orch_app.domains.runbooks.checker.MAX_STEPS", 5)
    assert ("", "work") in problems({"zone": "00ff", "records": [{"type": "udp"}] * 9})


def test_messages_speak_both_languages() -> None:
    (problem,) = check_inputs(SCHEMA, {"zone": "00ff", "ttl": 5}).problems
    assert problem.detail == "Fits none of the accepted forms: Must be 1; Must be at least 60."
    assert problem.detail_pt == "Não serve em nenhuma das formas aceitas: Deve ser 1; Deve ser no mínimo 60."
    (problem,) = check_inputs(SCHEMA, {"zone": "00ff", "mode": 1}).problems
    assert problem.detail_pt == "Deve ser um destes: upsert, exact."


def test_defaults_reach_into_objects_that_are_filled_in_themselves() -> None:
    schema = {"properties": {"o": {"type": "object", "default": {}, "properties": {"n": {"default": [1]}}}}}
    first, second = with_defaults(schema, {}), with_defaults(schema, {})
    first["o"]["n"].append(2)
    assert second == {"o": {"n": [1]}}


def test_an_output_is_checked_by_the_same_rules_but_may_name_anything() -> None:
    assert check_output({"type": "object"}, {"ansible_facts": {"vars": 1}, "items": [0] * 200_000}) == ()
    assert [problem.code for problem in check_output({"type": "object"}, [])] == ["type"]
    assert [problem.code for problem in check_output({"type": "object"}, {"x": math.nan})] == ["number"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=20,
)


@given(json_values)
def test_no_document_raises(document: Any) -> None:
    checked = check_inputs(SCHEMA, document)
    assert all(problem.pointer == "" or problem.pointer.startswith("/") for problem in checked.problems)
    json.dumps([problem.detail for problem in checked.problems])


@given(st.dictionaries(st.sampled_from(list(SCHEMA["properties"])), json_values))
def test_no_inputs_of_known_names_raise(document: dict[str, Any]) -> None:
    check_inputs(SCHEMA, document)


def test_an_absent_object_that_asks_for_nothing_is_there_with_the_defaults_of_its_parts() -> None:
    wait = {"type": "object", "properties": {"timeout_s": {"type": "integer", "default": 300}}}
    schema = {
        "type": "object",
        "properties": {
            "wait": wait,
            "grep": {**wait, "required": ["pattern"]},
            "dns": {"type": "object", "properties": {"name": {"type": "string"}}},
            "around": {"type": "object", "properties": {"wait": wait}},
        },
    }
    assert with_defaults(schema, {}) == {"wait": {"timeout_s": 300}, "around": {"wait": {"timeout_s": 300}}}
