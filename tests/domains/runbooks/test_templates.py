"""Templates of runbook.yaml: names of locks and keys out of inputs, and nothing else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orch_app.domains.runbooks.contract import load_runbook
from orch_app.domains.runbooks.errors import RunbookBroken
from orch_app.domains.runbooks.templates import (
    MAX_LENGTH,
    MAX_TEXTS,
    TooManyTextsError,
    fault_in,
    render,
    render_one,
    scope_of,
)
from tests.domains.runbooks.folders import write_runbook

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "stack": {"type": "string"},
        "endpoint": {"type": "integer"},
        "hosts": {"type": "array", "items": {"$ref": "#/$defs/host"}},
        "words": {"type": "array", "items": {"type": "string"}},
        "options": {"type": "object", "properties": {"force": {"type": "boolean"}}},
    },
    "$defs": {"host": {"type": "object", "properties": {"name": {"type": "string"}, "port": {"type": "integer"}}}},
}
SCOPE = {
    **scope_of("deploy", "prod", ["web1", "web2"], {"portainer": "con_1"}),
    "stack": "shop",
    "endpoint": 3,
    "hosts": [{"name": "b", "port": 1}, {"name": "a", "port": 2}],
    "options": {"force": True},
}


@pytest.mark.parametrize(
    ("template", "texts"),
    [
        ("fixed", ["fixed"]),
        ("stack:{{endpoint}}/{{stack}}", ["stack:3/shop"]),
        ("host:{{host}}", ["host:web1", "host:web2"]),
        ("{{runbook}}:{{environment}}", ["deploy:prod"]),
        ("{{connection.portainer}}", ["con_1"]),
        ("{{hosts.name}}", ["a", "b"]),
        ("{{options.force}}", ["true"]),
        ("{{hosts.name}}-{{hosts.name}}", ["a-a", "b-b"]),
        ("{{host}}/{{hosts.port}}", ["web1/1", "web1/2", "web2/1", "web2/2"]),
        ("zone:{{nothing}}", ["zone:"]),
    ],
)
def test_places_are_filled(template: str, texts: list[str]) -> None:
    assert render(template, SCOPE) == texts


def test_an_empty_list_gives_nothing_and_a_list_as_one_text_is_joined() -> None:
    assert render("x:{{words}}", {"words": []}) == []
    assert render_one("x:{{words}}", {"words": []}) == ""
    assert render_one("{{host}}", SCOPE) == "web1,web2"


def test_a_long_text_stays_short_and_unmistakable() -> None:
    first, second = (render_one("k:{{word}}", {"word": "x" * 500 + end}) for end in "ab")
    assert first != second
    assert {len(first), len(second)} == {MAX_LENGTH}
    assert first.startswith("k:xxx")


def test_no_template_gives_names_without_end() -> None:
    many = [str(n) for n in range(100)]
    with pytest.raises(TooManyTextsError, match="more than 5000 names"):
        render("{{a}}{{b}}", {"a": many, "b": many})
    assert len(render("{{a}}", {"a": [str(n) for n in range(MAX_TEXTS)]})) == MAX_TEXTS


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ("{host}", "a place is written {{name}}"),
        ("{{host", "a place is written {{name}}"),
        ("{{ host }}", "a place is written {{name}}"),
        ("{{zone}}", "{{zone}} names no input"),
        ("{{hosts.colour}}", "{{hosts.colour}} names no input"),
        ("{{stack.name}}", "{{stack.name}} names no input"),
        ("{{hosts}}", "names an object"),
        ("{{options}}", "names an object"),
        ("{{connection.spare}}", "names no connection"),
        ("{{environment.name}}", "names no input"),
    ],
)
def test_a_place_that_cannot_be_filled_is_a_fault(template: str, fault: str) -> None:
    assert fault in fault_in(template, SCHEMA, frozenset({"portainer"}))


@pytest.mark.parametrize("template", ["", "x", "{{host}}", "{{hosts.port}}", "{{words}}", "{{connection.portainer}}"])
def test_a_place_that_can_be_filled_is_none(template: str) -> None:
    assert fault_in(template, SCHEMA, frozenset({"portainer"})) == ""


@pytest.mark.parametrize(
    ("rules", "place"),
    [
        ({"locks": ["fine", "zone:{{zone}}"]}, "/locks/1"),
        ({"dedup": "{{zone}}"}, "/dedup"),
        ({"rate": {"limit": 1, "per_s": 1, "key": "{{zone}}"}}, "/rate/key"),
        ({"concurrency": {"limit": 1, "key": "{{zone}}"}}, "/concurrency/key"),
    ],
)
def test_a_runbook_with_such_a_place_is_broken_and_says_where(tmp_path: Any, rules: dict[str, Any], place: str) -> None:
    with pytest.raises(RunbookBroken) as caught:
        load_runbook(write_runbook(tmp_path, **rules))
    assert caught.value.reason.startswith(f"runbook.yaml {place}: {{{{zone}}}} names no input")


@given(st.dictionaries(st.sampled_from(["a", "b"]), st.recursive(st.text() | st.integers() | st.none(), st.lists)))
def test_whatever_the_inputs_are_texts_come_out_sorted_and_once(inputs: dict[str, Any]) -> None:
    try:
        found = render("{{a}}:{{b.c}}", inputs)
    except TooManyTextsError:
        return
    assert found == sorted(set(found))
    assert all(len(text) <= MAX_LENGTH for text in found)
