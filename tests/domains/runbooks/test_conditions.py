"""What a form follows of a schema's rules agrees with what the check of the inputs says."""

from typing import Any

import pytest

from orch_app.domains.runbooks.conditions import Condition, hidden_when, required_when
from orch_app.domains.runbooks.inputs import check_inputs


def holds(condition: Condition, values: dict[str, Any]) -> bool:
    """As the form reads a condition."""
    return any(all(_passes(test, values) for test in tests) for tests in condition)


def _passes(test: dict[str, Any], values: Any) -> bool:
    for name in test["path"]:
        if not isinstance(values, dict) or name not in values:
            return test["absent"]
        values = values[name]
    return values in test["in"] if "in" in test else values not in test["out"]


RULES: dict[str, dict[str, Any]] = {
    "const": {"if": {"properties": {"kind": {"const": "tcp"}}, "required": ["kind"]}, "then": {"required": ["port"]}},
    "absent counts": {"if": {"properties": {"kind": {"enum": ["tcp", "udp"]}}}, "then": {"required": ["port"]}},
    "else": {"if": {"properties": {"kind": {"const": "a"}}, "required": ["kind"]}, "else": {"required": ["port"]}},
    "not": {"if": {"properties": {"kind": {"not": {"const": "a"}}}}, "then": {"required": ["port"]}},
    "not around": {"if": {"not": {"required": ["kind"]}}, "then": {"required": ["port"]}},
    "present": {"if": {"required": ["kind"]}, "then": {"required": ["port"]}},
    "nested": {
        "if": {"properties": {"deep": {"properties": {"kind": {"const": "a"}}, "required": ["kind"]}}},
        "then": {"required": ["port"]},
    },
    "two": {
        "if": {"properties": {"kind": {"const": "a"}, "more": {"const": True}}, "required": ["kind", "more"]},
        "then": {},
        "else": {"required": ["port"]},
    },
    "chain": {
        "if": {"properties": {"kind": {"const": "a"}}, "required": ["kind"]},
        "else": {
            "if": {"properties": {"kind": {"const": "tcp"}}, "required": ["kind"]},
            "then": {"required": ["port"]},
        },
    },
    "either": {
        "allOf": [
            {"if": {"properties": {"kind": {"const": "a"}}, "required": ["kind"]}, "then": {"required": ["port"]}},
            {"if": {"properties": {"more": {"const": True}}, "required": ["more"]}, "then": {"required": ["port"]}},
        ]
    },
    "dependent": {"dependentRequired": {"kind": ["port"]}},
}
INPUTS: list[dict[str, Any]] = [
    {},
    {"kind": "a"},
    {"kind": "tcp"},
    {"more": True},
    {"kind": "a", "more": True},
    {"kind": "a", "more": False},
    {"deep": {}},
    {"deep": {"kind": "a"}},
    {"deep": {"kind": "b"}},
]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("inputs", INPUTS, ids=str)
def test_a_field_is_required_in_the_form_exactly_when_the_check_says_so(rule: str, inputs: dict[str, Any]) -> None:
    schema = {"type": "object", "properties": {"port": {"type": "integer"}}, **RULES[rule]}
    is_missed = "/port" in {problem.pointer for problem in check_inputs(schema, inputs).problems}
    assert holds(required_when(schema).get("port", []), inputs) is is_missed


@pytest.mark.parametrize("kind", ["a", "b"])
def test_what_a_branch_forbids_is_hidden_exactly_then(kind: str) -> None:
    rule = {"if": {"properties": {"kind": {"const": "a"}}}, "then": {"properties": {"port": False}}}
    schema = {"type": "object", **rule}
    is_refused = bool(check_inputs(schema, {"kind": kind, "port": 1}).problems)
    assert holds(hidden_when(schema)["port"], {"kind": kind}) is is_refused


@pytest.mark.parametrize(
    "said",
    [{"minProperties": 3}, {"properties": {"kind": {"pattern": "^a"}}}, {"properties": {"kind": True}}],
    ids=str,
)
def test_what_no_test_can_say_is_left_to_the_check(said: dict[str, Any]) -> None:
    rule = {"if": said, "then": {"required": ["port"]}, "else": {"required": ["path"]}}
    assert required_when({"type": "object", **rule}) == {}
