"""Where choices are declared, and what their parameters mean with the inputs as they are."""

from typing import Any

import pytest

from orch_app.domains.runbooks.choices.declared import Declared, chosen_in, declared_at


def choices(source: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "x-choices": {"source": source, **more}}


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "provider": {"type": "string"},
        "location": {"type": "string"},
        "size": choices("{{provider}}.sizes", params={"location": "$.location", "swarm": True, "at": "3.5"}),
        "keys": {"type": "array", "items": {"$ref": "#/$defs/key"}},
        "rows": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"kind": {"type": "string"}, "name": choices("things", params={"kind": "@.kind"})},
            },
        },
        "source": {
            "oneOf": [{"properties": {"text": {}}}, {"properties": {"repo": choices("repos", connection="git")}}]
        },
        "env": {"type": "object", "additionalProperties": choices("words")},
    },
    "$defs": {"key": choices("keys")},
}
INPUTS: dict[str, Any] = {
    "provider": "acme",
    "location": "fsn1",
    "size": "cx22",
    "keys": ["one", "two"],
    "rows": [{"kind": "a", "name": "x"}, {"name": "y"}],
    "source": {"repo": "here"},
    "env": {"a/b": "c"},
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("size", Declared("acme.sizes", {"location": "fsn1", "swarm": True, "at": "3.5"})),
        ("keys/7", Declared("keys")),
        ("keys/*", Declared("keys")),
        ("rows/0/name", Declared("things", {"kind": "a"})),
        ("rows/1/name", Declared("things")),
        ("rows/9/name", Declared("things")),
        ("source/repo", Declared("repos", slot="git")),
        ("env/anything", Declared("words")),
        ("location", None),
        ("nothing/at/all", None),
    ],
)
def test_a_field_is_found_by_its_path(path: str, expected: Declared | None) -> None:
    assert declared_at(SCHEMA, path.split("/"), INPUTS) == expected


def test_a_parameter_whose_input_is_missing_is_left_out() -> None:
    assert declared_at(SCHEMA, ["size"], {}) == Declared(".sizes", {"swarm": True, "at": "3.5"})
    assert declared_at(SCHEMA, ["rows", "0", "name"], {"rows": "nonsense"}) == Declared("things")


@pytest.mark.parametrize("row", ["²", "٣", "9" * 5_000])
def test_a_row_that_is_no_number_names_no_row(row: str) -> None:
    assert declared_at(SCHEMA, ["rows", row, "name"], {"rows": [{"kind": "x"}]}) == Declared("things")


def test_every_value_that_must_be_a_choice_is_found_with_its_pointer() -> None:
    found = {chosen.pointer: (chosen.value, chosen.declared.source) for chosen in chosen_in(SCHEMA, INPUTS)}
    assert found == {
        "/size": ("cx22", "acme.sizes"),
        "/keys/0": ("one", "keys"),
        "/keys/1": ("two", "keys"),
        "/rows/0/name": ("x", "things"),
        "/rows/1/name": ("y", "things"),
        "/source/repo": ("here", "repos"),
        "/env/a~1b": ("c", "words"),
    }
