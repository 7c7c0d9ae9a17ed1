"""Only schemas that are local, small, closed and cheap to check are taken."""

from typing import Any

import pytest

from orch_app.domains.runbooks.errors import RunbookBroken
from orch_app.domains.runbooks.schema_rules import require_acceptable


def refused(schema: Any) -> str:
    with pytest.raises(RunbookBroken) as caught:
        require_acceptable(schema, "schema.json")
    return caught.value.reason


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ([], "schema.json must hold one JSON object"),
        ({"type": "object"}, "schema.json must have additionalProperties: false at the root"),
        ({"type": "array"}, "schema.json must have type: object at the root"),
        ({**closed(), "$schema": "http://json-schema.org/draft-07/schema#"}, "schema.json must be JSON Schema 2020-12"),
        (closed(a={"$ref": "https://evil.example/s.json"}), "is not local"),
        (closed(a={"$ref": "file:///etc/passwd"}), "is not local"),
        (closed(a={"$ref": "other.json#/x"}), "is not local"),
        (closed(a={"$ref": "#/$defs/none"}), "names nothing in this file"),
        (closed(a={"$dynamicRef": "#x"}), "the keyword '$dynamicRef' is not known here"),
        (closed(a={"$id": "https://x.example/"}), "the keyword '$id' is not known here"),
        (closed(a={"maxLenght": 3}), "at #/properties/a: the keyword 'maxLenght' is not known here"),
        (closed(a={"unevaluatedProperties": False}), "is not known here"),
        (closed(a={"pattern": "(?=x)"}), "the pattern '(?=x)' cannot be used"),
        (closed(a={"pattern": r"(a)\1"}), "cannot be used"),
        (closed(a={"format": "regex"}), "the format 'regex' is not known"),
        (closed(a={"x-choices": "hosts"}), "at #/properties/a: x-choices: 'hosts' is not of type 'object'"),
        (closed(a={"x-choices": {"params": {}}}), "x-choices: 'source' is a required property"),
        (closed(a={"x-choices": {"source": "hosts", "params": []}}), "x-choices/params: [] is not of type 'object'"),
        (closed(a={"enum": ["a"], "x-labels-pt": 5}), "x-labels-pt: 5 is not of type 'object'"),
        (closed(a={"x-labels": {"a": None}}), "x-labels/a: None is not of type 'string'"),
        (closed(a={"x-show-when": {"b": "c"}}), "x-show-when/b: 'c' is not of type 'array'"),
        (closed(a={"x-order": "first"}), "x-order: 'first' is not of type 'number'"),
        (closed(a={"x-widget": ["code"]}), "x-widget: ['code'] is not of type 'string'"),
        (closed(a={"x-columns": "name"}), "x-columns: 'name' is not of type 'array'"),
        (closed(a={"x-help": 5}), "x-help: 5 is not of type 'string'"),
        ({**closed(), "x-output": {}}, "at #: x-output: {} is not of type 'array'"),
        ({**closed(), "x-output": [{"columns": ["name"]}]}, "x-output/0/columns/0: 'name' is not of type 'object'"),
        (closed(a={"type": "strange"}), "schema.json at #/properties/a/type"),
        (closed(ansible_host={"type": "string"}), "the property name 'ansible_host' is reserved by Ansible"),
        (
            closed(a={"type": "object", "properties": {"vars": {}}}),
            "at #/properties/a: the property name 'vars' is reserved",
        ),
        ({**closed(a={"default": 1}), "required": ["a"]}, "required and default contradict each other"),
    ],
)
def test_a_schema_we_do_not_run_is_refused_with_the_place(schema: Any, expected: str) -> None:
    assert expected in refused(schema)


def test_a_hint_that_nobody_knows_is_let_be() -> None:
    require_acceptable(closed(a={"x-of-somebody": {"anything": 5}}), "schema.json")


def test_nesting_and_size_are_limited() -> None:
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(12):
        deep = {"type": "object", "properties": {"x": deep}}
    assert "nested 13 deep" in refused(closed(a=deep))
    assert "501 nodes" in refused(closed(**{f"p{number}": {} for number in range(600)}))


def test_references_in_a_circle_are_refused() -> None:
    schema = {
        **closed(a={"$ref": "#/$defs/a"}),
        "$defs": {"a": {"items": {"$ref": "#/$defs/b"}}, "b": {"$ref": "#/$defs/a"}},
    }
    assert "circle" in refused(schema)


def test_a_bomb_of_references_is_refused_without_being_unfolded() -> None:
    definitions: dict[str, Any] = {"d0": {"type": "string"}}
    for number in range(1, 60):
        ref = {"$ref": f"#/$defs/d{number - 1}"}
        definitions[f"d{number}"] = {"allOf": [ref, ref]}
    assert "grows beyond" in refused({**closed(a={"$ref": "#/$defs/d59"}), "$defs": definitions})


def test_extensions_of_ours_are_free() -> None:
    require_acceptable(closed(a={"type": "string", "x-help": "help", "x-widget": "code"}), "schema.json")
