"""The form's fields follow the schema: kinds, order, both languages, tables, conditions."""

import json
from pathlib import Path
from typing import Any

from orch_app.domains.runbooks.form import form_model


def fields(**properties: Any) -> dict[str, Any]:
    model = form_model(
        {"type": "object", "properties": properties, "$defs": {"port": {"type": "integer", "maximum": 65535}}}
    )
    return {field["name"]: field for field in model}


def test_kinds_follow_types_and_widgets() -> None:
    found = fields(
        a={"type": "string"},
        b={"type": "integer"},
        c={"type": "number"},
        d={"type": "boolean"},
        e={"enum": ["x"]},
        f={"type": "string", "x-widget": "textarea"},
        g={"type": "string", "x-widget": "code"},
        h={"type": "string", "x-widget": "password"},
        i={"type": "object", "properties": {"x": {"type": "string"}}},
        j={"type": "array", "items": {"type": "string"}},
        k={"type": "array", "items": {"type": "object", "properties": {"x": {"type": "string"}}}},
        l={"type": "object", "additionalProperties": {"type": "string"}},
        m={"$ref": "#/$defs/port"},
        n={"anyOf": [{"const": 1}, {"type": "integer", "minimum": 60}]},
        o={"oneOf": [{"type": "object", "properties": {"x": {}}}, {"type": "object", "properties": {"y": {}}}]},
        p={"const": "orch/v1"},
        q={"type": "object"},
        r={"type": "array"},
        s={"type": "array", "items": {"type": "object"}},
        t={"type": "string", "x-widget": "file"},
    )
    kinds = (
        "string integer number boolean enum textarea code password object array table map integer integer variant "
        "const json json json file"
    )
    assert [field["kind"] for field in found.values()] == kinds.split()
    assert "minimum" not in found["n"]
    assert [[field["name"] for field in variant["fields"]] for variant in found["o"]["variants"]] == [["x"], ["y"]]


def test_a_reference_brings_its_rules_and_its_neighbours_win() -> None:
    field = fields(p={"$ref": "#/$defs/port", "title": "Port", "maximum": 1024})["p"]
    assert (field["kind"], field["maximum"], field["title"]) == ("integer", 1024, "Port")


def test_titles_help_and_units_come_in_both_languages() -> None:
    found = fields(
        a={
            "type": "string",
            "title": "Zone",
            "x-title-pt": "Zona",
            "x-help": "Which",
            "x-help-pt": "Qual",
            "x-unit": "s",
        },
        zone_id={"type": "string", "description": "From the dashboard", "x-danger": True},
    )
    assert {key: found["a"][key] for key in ("title", "titlePt", "help", "helpPt", "unit", "danger")} == {
        "title": "Zone",
        "titlePt": "Zona",
        "help": "Which",
        "helpPt": "Qual",
        "unit": "s",
        "danger": False,
    }
    assert (found["zone_id"]["title"], found["zone_id"]["help"], found["zone_id"]["danger"]) == (
        "Zone id",
        "From the dashboard",
        True,
    )


def test_order_is_declared_or_as_written() -> None:
    found = fields(a={"type": "string"}, b={"type": "string"}, c={"type": "string", "x-order": 1})
    assert list(found) == ["c", "a", "b"]


def test_tables_have_columns_with_row_pointers_and_conditions() -> None:
    rule = {"if": {"properties": {"kind": {"enum": ["tcp", "http"]}}}, "then": {"required": ["port"]}}
    items = {
        "type": "object",
        "required": ["kind"],
        "properties": {
            "kind": {"enum": ["tcp", "http", "icmp"]},
            "port": {"$ref": "#/$defs/port", "x-show-when": {"kind": ["tcp"]}},
        },
        "allOf": [rule],
    }
    table = fields(targets={"type": "array", "minItems": 1, "maxItems": 9, "items": items})["targets"]
    kind, port = table["columns"]
    assert (table["kind"], table["minItems"], table["maxItems"]) == ("table", 1, 9)
    assert (kind["pointer"], kind["required"]) == ("/targets/*/kind", True)
    wanted = [
        [{"path": ["kind"], "in": ["tcp", "http"], "absent": False}],
        [{"path": ["kind"], "in": [], "absent": True}],
    ]
    assert (port["required"], port["requiredWhen"]) == (False, wanted)
    assert port["showWhen"] == {"kind": ["tcp"]}


def test_a_row_holds_the_columns_that_are_named_or_the_first_simple_ones_and_the_urgent_before_others() -> None:
    columns = {name: {"type": "string"} for name in "abcdef"} | {"g": {"type": "object", "properties": {"x": {}}}}
    items = {"type": "object", "title": "Record", "x-title-pt": "Registro", "properties": columns, "required": ["f"]}
    found = fields(
        plain={"type": "array", "items": items},
        named={"type": "array", "items": items, "x-columns": ["b", "a", "g", "zz"], "x-import": ["zone"]},
    )
    assert found["plain"]["grid"] == ["a", "b", "c", "d", "f"]
    assert (found["named"]["grid"], found["named"]["import"]) == (["b", "a"], ["zone"])
    assert (found["plain"]["itemTitle"], found["plain"]["itemTitlePt"]) == ("Record", "Registro")


def test_a_number_may_have_values_with_a_word_of_their_own() -> None:
    field = fields(
        ttl={"anyOf": [{"const": 1}, {"type": "integer", "minimum": 60}], "x-labels": {"1": "auto"}, "default": 1}
    )["ttl"]
    assert (field["kind"], field["named"]) == ("integer", [{"value": 1, "label": "auto", "labelPt": "auto"}])


def test_options_carry_labels_in_both_languages() -> None:
    field = fields(a={"enum": ["x", 2], "x-labels": {"x": "Ex"}, "x-labels-pt": {"x": "Xis"}})["a"]
    assert field["options"] == [
        {"value": "x", "label": "Ex", "labelPt": "Xis"},
        {"value": 2, "label": "2", "labelPt": "2"},
    ]


def test_names_with_slashes_are_escaped_in_pointers() -> None:
    assert fields(**{"a/b": {"type": "string"}})["a/b"]["pointer"] == "/a~1b"


def test_every_shipped_form_is_plain_json_with_titles_in_both_languages() -> None:
    schemas = list(Path("runbooks").glob("*/schema.json"))
    assert schemas
    for path in schemas:
        model = form_model(json.loads(path.read_text()))
        json.dumps(model)
        assert model
        for field in model:
            assert field["title"]
            assert field["titlePt"]
