"""Every visible word comes from the catalogues, and both languages say the same things."""

import ast
import json
import re

import pytest

from tests.architecture.sources import ROOT, dotted, nodes, place

LANGUAGES = ("pt-BR", "en")
FOLDER = ROOT / "orch_app" / "i18n"
SCREENS = ("orch_app/pages", "orch_app/components", "orch_app/state")
PLACEHOLDER = re.compile(r"{(\w+)}")
LETTERS = re.compile(r"[^\W\d_]{2,}")
# Elements whose children are no prose, and properties that a person reads or hears.
NOT_PROSE = {"style", "script", "code", "svg", "path", "kbd"}
READ_ALOUD = {"placeholder", "title", "alt", "aria_label", "label"}
# Names of things and units are the same in every language.
PROPER_NAMES = {"JARVIS", "ms", "English", "Português (Brasil)", "Português", "PT", "EN"}


def catalogue(language: str) -> dict[str, str]:
    return json.loads((FOLDER / f"{language}.json").read_text("utf-8"))


def test_both_catalogues_have_the_same_keys():
    first, second = (set(catalogue(language)) for language in LANGUAGES)
    assert first == second
    assert first


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty(language: str):
    assert [key for key, text in catalogue(language).items() if not text.strip()] == []


def test_both_languages_use_the_same_placeholders():
    first, second = (catalogue(language) for language in LANGUAGES)
    different = [
        key
        for key in first.keys() & second.keys()
        if set(PLACEHOLDER.findall(first[key])) != set(PLACEHOLDER.findall(second[key]))
    ]
    assert different == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_keys_are_sorted_so_that_two_people_rarely_meet_in_one_line(language: str):
    keys = list(catalogue(language))
    assert keys == sorted(keys)


def element_name(call: ast.Call) -> str:
    """`button` of `rx.el.button(...)`, empty for other calls."""
    name = dotted(call.func)
    return name.rpartition(".")[2] if name.startswith("rx.el.") or name in {"rx.text", "rx.heading"} else ""


def literal(node: ast.AST) -> str:
    """The words of a string written in place, also of the fixed parts of an f-string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return " ".join(literal(part) for part in node.values)
    return ""


def visible(call: ast.Call) -> list[str]:
    """Texts of one element that a person would see or hear, as far as they are written in place."""
    name = element_name(call)
    if not name or name in NOT_PROSE:
        return []
    shown = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg in READ_ALOUD)]
    return [text for node in shown if LETTERS.search(text := literal(node)) and text.strip() not in PROPER_NAMES]


def test_no_visible_text_is_written_in_the_code():
    found = [
        f"{place(path, node)}: {text}"
        for path, node in nodes(*SCREENS)
        if isinstance(node, ast.Call)
        for text in visible(node)
    ]
    assert found == []


def test_a_text_in_the_code_would_be_found():
    call = ast.parse("rx.el.button('Save', aria_label='Save it', class_name='btn primary')").body[0]
    assert isinstance(call, ast.Expr)
    assert isinstance(call.value, ast.Call)
    assert visible(call.value) == ["Save", "Save it"]
