"""What differs between two editions, as an admin reads it before trusting one."""

from pathlib import Path

import pytest

from orch_app.domains.sources import changes
from orch_app.kit.file_tree import TreeFile, write


def folder(root: Path, name: str, files: dict[str, TreeFile]) -> Path:
    place = root / name
    place.mkdir()
    write(files, place)
    return place


def test_each_file_that_differs_is_shown_with_its_lines(tmp_path: Path) -> None:
    old = folder(
        tmp_path, "old", {"a/x.yml": TreeFile(b"one\ntwo\n"), "gone": TreeFile(b"x\n"), "same": TreeFile(b"s")}
    )
    new = folder(tmp_path, "new", {"a/x.yml": TreeFile(b"one\n2\n"), "born": TreeFile(b"y\n"), "same": TreeFile(b"s")})
    found = changes.between(old, new)
    assert [(one.path, one.change) for one in found.files] == [
        ("a/x.yml", "changed"),
        ("born", "added"),
        ("gone", "removed"),
    ]
    assert found.files[0].diff == "--- a/a/x.yml\n+++ b/a/x.yml\n@@ -1,2 +1,2 @@\n one\n-two\n+2"
    assert (found.files[2].diff.splitlines()[-1], found.truncated) == ("-x", False)


def test_against_nothing_everything_is_added(tmp_path: Path) -> None:
    found = changes.between(None, folder(tmp_path, "new", {"a": TreeFile(b"x\n")}))
    assert [(one.path, one.change, one.diff[-2:]) for one in found.files] == [("a", "added", "+x")]


def test_what_is_no_text_or_only_became_executable_is_named_without_lines(tmp_path: Path) -> None:
    old = folder(tmp_path, "old", {"tool": TreeFile(b"#!/bin/sh\n"), "image": TreeFile(b"\x89PNG\0")})
    changed = {"tool": TreeFile(b"#!/bin/sh\n", is_executable=True), "image": TreeFile(b"\xff\xfe")}
    found = changes.between(old, folder(tmp_path, "new", changed))
    assert [(one.path, one.diff, one.note) for one in found.files] == [("image", "", "binary"), ("tool", "", "mode")]


def test_what_is_large_is_named_and_the_rest_is_said_to_be_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MAX_FILE", 1_000)
    monkeypatch.setattr(changes, "MAX_SHOWN", 1_500)
    monkeypatch.setattr(changes, "MOST_FILES", 3)
    files = {"a": b"x" * 2_000, "b": b"y" * 900, "c": b"z" * 900, "d": b"d"}
    found = changes.between(None, folder(tmp_path, "new", {path: TreeFile(text) for path, text in files.items()}))
    assert [(one.path, one.note) for one in found.files] == [("a", "large"), ("b", ""), ("c", "large")]
    assert found.truncated


def test_a_text_of_very_many_lines_is_not_compared_line_by_line(tmp_path: Path) -> None:
    found = changes.between(None, folder(tmp_path, "new", {"a": TreeFile(b"\n" * 4_000)}))
    assert (found.files[0].note, found.truncated) == ("large", True)
