"""The expression language: what it means, what it refuses, and that nothing a stranger writes makes it do more."""

import contextlib
import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orch_app.domains.pipelines.expressions import (
    MAX_RESOLVED_BYTES,
    Reference,
    Scope,
    parse,
    references,
    resolve,
    sole_reference,
    syntax_problems,
)
from orch_app.domains.pipelines.faults import TEXTS, ExpressionError, texts_of

SCOPE = Scope(
    {"version": "1.2", "n": 3, "on": True, "none": None, "hosts": ["a", "b"], "deep": {"x": [{"y": 5}]}},
    "stage",
    {"build": {"items": [{"name": "web", "ports": [80, 443]}], "said": "${inputs.version}", "hidden": "x***y"}},
    ["huge"],
)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
names = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=12)


def refused(text: str) -> str:
    with pytest.raises(ExpressionError) as error:
        resolve(text, SCOPE)
    assert error.value.detail
    assert error.value.detail_pt
    return error.value.code


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("${inputs.version}", "1.2"),
        ("${ inputs.n }", 3),
        ("${inputs.on}", True),
        ("${inputs.none}", None),
        ("${inputs.hosts}", ["a", "b"]),
        ("${inputs.hosts.1}", "b"),
        ("${inputs.deep.x.0.y}", 5),
        ("${steps.build.output.items.0.ports}", [80, 443]),
        ("${steps.build.output.items.0.ports.1}", 443),
        ("${env.name}", "stage"),
        ("v${inputs.version}-${inputs.n}-${inputs.on}", "v1.2-3-true"),
        ("$${inputs.version}", "${inputs.version}"),
        ("cost: $5, {x}, }, ${inputs.n}$${", "cost: $5, {x}, }, 3${"),
        ("", ""),
    ],
)
def test_what_an_expression_means(text: str, value: Any) -> None:
    found = resolve(text, SCOPE)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("${inputs.version", "not_closed"),
        ("${}", "syntax"),
        ("${inputs..x}", "syntax"),
        ("${inputs.x|upper}", "syntax"),
        ("${inputs.x + 1}", "syntax"),
        ("${inputs['x']}", "syntax"),
        ("${{ inputs.x }}", "syntax"),
        ("${inputs.ünïcode}", "syntax"),
        ("${inputs.a\nb}", "syntax"),
        ("${inputs.${inputs.x}}", "syntax"),
        ("${secrets.x}", "unknown_root"),
        ("${__class__.__mro__}", "unknown_root"),
        ("${steps.build}", "output_only"),
        ("${steps.build.job}", "output_only"),
        ("${env.PATH}", "name_only"),
        ("${env.name.__class__}", "name_only"),
        ("${inputs}", "name_one"),
        ("${inputs." + "a" * 400 + "}", "too_long"),
        ("${inputs" + ".a" * 40 + "}", "syntax"),
        ("${inputs.nothing}", "missing"),
        ("${inputs.version.0}", "missing"),
        ("${inputs.version.__class__}", "missing"),
        ("${inputs.hosts.2}", "missing"),
        ("${inputs.hosts.-1}", "missing"),
        ("${inputs.deep.keys}", "missing"),
        ("${steps.later.output.x}", "no_output"),
        ("${steps.huge.output.x}", "output_too_large"),
        ("${steps.build.output.hidden}", "masked"),
        ("a ${steps.build.output} b", "masked"),
        ("a ${inputs.none} b", "not_a_text"),
        ("a ${inputs.hosts} b", "not_a_text"),
        ("a ${inputs.deep} b", "not_a_text"),
    ],
)
def test_what_is_refused_and_why(text: str, code: str) -> None:
    assert refused(text) == code


def test_what_a_value_brings_is_never_read_as_an_expression_again() -> None:
    assert resolve("${steps.build.output.said}", SCOPE) == "${inputs.version}"
    assert resolve("<${steps.build.output.said}>", SCOPE) == "<${inputs.version}>"


def test_names_of_members_are_no_expressions() -> None:
    assert resolve({"${inputs.n}": "${inputs.n}"}, SCOPE) == {"${inputs.n}": 3}


def test_a_large_value_named_again_and_again_is_refused_before_it_fills_the_memory() -> None:
    scope = Scope({"big": "x" * 100_000}, "stage", {})
    with pytest.raises(ExpressionError) as error:
        resolve(["${inputs.big}"] * 10_000, scope)
    assert error.value.code == "too_large"
    with pytest.raises(ExpressionError) as error:
        resolve("${inputs.big}" * 10_000, scope)
    assert error.value.code == "too_large"
    assert len(resolve("${inputs.big}" * 5, scope)) < MAX_RESOLVED_BYTES


def test_each_fault_in_a_document_is_told_with_its_place() -> None:
    found = syntax_problems({"a": ["fine", "${oh"], "b/c": "${no.no}"}, ("steps", 0, "inputs"))
    assert [(fault.pointer, fault.code) for fault in found] == [
        ("/steps/0/inputs/a/1", "not_closed"),
        ("/steps/0/inputs/b~1c", "unknown_root"),
    ]


def test_references_are_found_wherever_they_stand() -> None:
    document = {"a": ["x ${inputs.n} ${steps.build.output.said}"], "b": 1}
    assert [(path, str(found), found.step) for path, found in references(document)] == [
        (("a", 0), "${inputs.n}", ""),
        (("a", 0), "${steps.build.output.said}", "build"),
    ]
    assert sole_reference("${env.name}") == Reference(("env", "name"))
    assert sole_reference(" ${env.name}") is None


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_every_fault_has_a_sentence_in_both_languages(code: str) -> None:
    facts = dict.fromkeys(
        ("shown", "part", "step", "steps", "most", "why", "runbook", "found", "wanted", "kind", "tag"), "{x}"
    )
    english, portuguese = texts_of(code, **facts)
    assert english.endswith((".", "}"))
    assert english != portuguese


@given(json_values)
def test_a_sole_expression_gives_exactly_the_value(value: Any) -> None:
    scope = Scope({"it": value}, "prod", {})
    if "***" not in json.dumps(value):
        assert resolve({"x": ["${inputs.it}"]}, scope) == {"x": [value]}


@given(json_values)
def test_a_document_without_dollars_stays_as_it_is(document: Any) -> None:
    if "$" not in json.dumps(document, ensure_ascii=False):
        assert resolve(document, SCOPE) == document


@given(st.text())
def test_any_text_can_be_written_by_escaping(text: str) -> None:
    assert resolve(text.replace("${", "$${"), SCOPE) == text


@given(st.text(alphabet="${}.abinputsev0_- \n"))
def test_hostile_texts_give_a_value_or_a_fault_and_nothing_else(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        resolve(text, SCOPE)


@given(st.lists(names, min_size=1, max_size=6), json_values)
def test_a_path_finds_what_was_put_there(path: list[str], value: Any) -> None:
    nested = value
    for name in reversed(path):
        nested = {name: nested}
    text = "${inputs." + ".".join(path) + "}"
    if "***" not in json.dumps(value) and len(text) < 300:
        assert resolve(text, Scope(nested, "stage", {})) == value


@given(st.text())
def test_what_was_parsed_says_the_same_when_written_again(text: str) -> None:
    try:
        parts = parse(text)
    except ExpressionError:
        return
    again = "".join(part.replace("${", "$${") if isinstance(part, str) else str(part) for part in parts)
    shape = ["".join(part) if isinstance(part, str) else part for part in parse(again)]
    assert "".join(map(str, shape)) == "".join(map(str, parts))
