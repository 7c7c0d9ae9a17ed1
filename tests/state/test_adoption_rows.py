"""Variables as rows of a form mean a schema, and a schema that says no more is shown as rows again."""

from typing import Any

import pytest

from orch_app.domains.runbooks.schema_rules import require_acceptable
from orch_app.state.adoption_rows import faults_in, is_plain, rows_of, schema_of

ROWS: list[dict[str, Any]] = [
    {"name": "version", "kind": "text", "required": True, "title": "Version", "titlePt": "Versão"},
    {"name": "port", "kind": "integer", "required": False, "default": "8080"},
    {"name": "ratio", "kind": "number", "required": False, "default": "0.5"},
    {"name": "force", "kind": "boolean", "required": False, "default": "true"},
    {"name": "level", "kind": "choice", "required": False, "options": "low, high", "default": "low"},
]


def test_rows_become_a_schema_and_the_schema_those_rows() -> None:
    schema = schema_of(ROWS)
    require_acceptable(schema, "schema")
    assert (schema["required"], schema["properties"]["level"]["enum"]) == (["version"], ["low", "high"])
    assert {name: node.get("default") for name, node in schema["properties"].items()} == {
        "version": None, "port": 8080, "ratio": 0.5, "force": True, "level": "low",
    }  # fmt: skip
    assert (rows_of(schema), is_plain(schema)) == (ROWS, True)
    assert is_plain(schema_of([]))


@pytest.mark.parametrize(
    "node",
    [
        {"type": "array", "items": {"type": "string"}},
        {"type": "string", "pattern": "^a", "maxLength": 2_000},
        {"type": "string", "maxLength": 10},
        {"enum": [1, 2]},
        {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        {"$ref": "#/$defs/a"},
    ],
)
def test_a_schema_that_says_more_is_not_plain(node: dict[str, Any]) -> None:
    assert not is_plain({"type": "object", "additionalProperties": False, "properties": {"a": node}})


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ({"kind": "integer", "default": "1.5"}, "default"),
        ({"kind": "boolean", "default": "perhaps"}, "default"),
        ({"kind": "choice", "options": " , "}, "options"),
        ({"kind": "choice", "options": "a,b", "default": "c"}, "default"),
    ],
)
def test_what_a_row_cannot_mean_is_said_at_its_cell(row: dict[str, Any], place: str) -> None:
    (fault,) = faults_in([{"name": "a", **row}])
    assert (fault.pointer, bool(fault.detail_pt)) == (f"/variables/0/{place}", True)
    twice = [{"name": "a", "kind": "text"}, {"name": "a", "kind": "text"}]
    assert [one.pointer for one in faults_in(twice)] == ["/variables/1/name"]
