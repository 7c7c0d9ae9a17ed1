"""The variables of a play, read as Ansible reads them: every value is what it was, and none is a template."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible._internal._datatag._tags import TrustedAsTemplate
from ansible.parsing.dataloader import DataLoader
from hypothesis import given
from hypothesis import strategies as st

from orch_app.domains.jobs.execution.extravars import check_inputs, write_extravars
from orch_app.domains.jobs.execution.unsafe_yaml import InputsRefused, to_unsafe_yaml

LOOKS_LIKE_MORE = [
    "",
    "1",
    "012345",
    "1e3",
    "0x1f",
    "1_000",
    "null",
    "~",
    "yes",
    "true",
    "2026-11-22",
    ".inf",
    "12:30:45",
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc{}%'\"\n: ", max_size=6), inner, max_size=3)
    ),
    max_leaves=10,
)


def read(text: str) -> dict[str, Any]:
    """As a file given by `--extra-vars @file` is read, whose templates are trusted."""
    with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        return DataLoader().load_from_file(file.name, trusted_as_template=True)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


@pytest.mark.parametrize("text", LOOKS_LIKE_MORE)
def test_a_string_stays_the_string_it_is(text: str) -> None:
    (found,) = read(to_unsafe_yaml({"inputs": {"value": text}}))["inputs"].values()
    assert (isinstance(found, str), found) == (True, text)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), VALUES, max_size=4))
def test_every_value_comes_back_as_it_was_and_nothing_in_it_is_trusted(inputs: dict[str, Any]) -> None:
    found = read(to_unsafe_yaml({"inputs": inputs, "orch": {"mode": "{{ 7 * 7 }}"}}))
    assert found == {"inputs": inputs, "orch": {"mode": "{{ 7 * 7 }}"}}
    assert [text for part in found.values() for text in strings(part) if TrustedAsTemplate.is_tagged_on(text)] == []


def test_what_is_not_tagged_would_be_trusted() -> None:
    found = read("inputs: {value: '{{ 7 * 7 }}'}\n")
    assert TrustedAsTemplate.is_tagged_on(found["inputs"]["value"])


@pytest.mark.parametrize("inputs", [{"vars": 1}, {"a": {"ansible_host": "x"}}, {"a": [{"Ansible_become": True}]}])
def test_names_that_ansible_would_obey_are_refused(inputs: dict[str, Any]) -> None:
    with pytest.raises(InputsRefused):
        check_inputs(inputs)


@pytest.mark.parametrize("value", [float("nan"), "\ud800", object()])
def test_what_has_no_place_in_yaml_is_refused_at_its_place(value: Any) -> None:
    with pytest.raises(InputsRefused) as caught:
        to_unsafe_yaml({"inputs": {"a": [value]}})
    assert caught.value.pointer == "/inputs/a/0"


def test_inputs_can_be_variables_by_their_own_names_through_a_template_of_ours(tmp_path: Path) -> None:
    place = SimpleNamespace(env=tmp_path)
    path = write_extravars(place, {"word": "{{ 7 * 7 }}", "other": 1}, {"mode": "apply"}, ["word"])  # pyright: ignore[reportArgumentType]
    assert path.read_text().endswith('\nword: "{{ inputs.word }}"\n')
    assert "other:" not in path.read_text().replace('"other"', "")


@pytest.mark.parametrize("name", ["a b", 'x"', "x\ny", "1x", "x.y", "{{x}}", "é"])
def test_what_is_no_name_of_a_variable_is_refused(tmp_path: Path, name: str) -> None:
    place = SimpleNamespace(env=tmp_path)
    with pytest.raises(InputsRefused, match="name of a variable"):
        write_extravars(place, {name: "x"}, {}, [name])  # pyright: ignore[reportArgumentType]
