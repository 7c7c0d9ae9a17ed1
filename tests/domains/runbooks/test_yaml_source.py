"""YAML of a runbook: what hides its meaning is refused, with line and column."""

from pathlib import Path

import pytest

from orch_app.domains.runbooks.errors import RunbookBroken
from orch_app.domains.runbooks.yaml_source import MAX_BYTES, read_yaml


def test_ordinary_yaml_and_ansibles_tags_are_read(tmp_path: Path) -> None:
    path = tmp_path / "playbook.yml"
    path.write_text("- a: !unsafe '{{ x }}'\n  b: [1, yes]\n")
    assert read_yaml(path) == [{"a": "{{ x }}", "b": [1, True]}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &x [1]\nb: *x\n", "f.yml line 2 column 4: aliases (*name) are not allowed"),
        ("a: 1\nb: 2\na: 3\n", "f.yml line 3 column 1: the key 'a' stands twice"),
        ("a: [1, 2\nb: 3\n", "f.yml line 2 column 2: expected ',' or ']', but got ':'"),
        ("a: !!python/object/apply:os.system ['id']\n", "f.yml line 1 column 4: could not determine a constructor"),
        ("[" * 41 + "]" * 41, "f.yml line 1 column 41: nested deeper than 40 levels"),
        ("a: 2026-99-99\n", "f.yml: month must be in 1..12"),
        ("a: !!bool perhaps\n", "f.yml: a value is not of the type that its tag names"),
        ("a: !!timestamp noon\n", "f.yml: a value is not of the type that its tag names"),
        ("a: !!int ''\n", "f.yml: a value is not of the type that its tag names"),
        ("a: !!float ''\n", "f.yml: a value is not of the type that its tag names"),
        ("a: !!map [b]\n", "f.yml line 1 column 4: expected a mapping node"),
        ("a: 1\n---\nb: 2\n", "f.yml line 2 column 1: but found another document"),
    ],
)
def test_a_surprise_is_refused_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "f.yml"
    path.write_text(text)
    with pytest.raises(RunbookBroken) as caught:
        read_yaml(path)
    assert caught.value.reason.startswith(expected[:60])


def test_a_bomb_of_aliases_is_refused_at_its_first_alias(tmp_path: Path) -> None:
    path = tmp_path / "f.yml"
    path.write_text("a: &a [x, x]\n" + "".join(f"k{n}: &k{n} [*a, *a]\n" for n in range(30)))
    with pytest.raises(RunbookBroken, match="line 2 column 10: aliases"):
        read_yaml(path)


def test_a_huge_file_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "f.yml"
    path.write_text("#" * (MAX_BYTES + 1))
    with pytest.raises(RunbookBroken, match="larger than 256 KB"):
        read_yaml(path)
