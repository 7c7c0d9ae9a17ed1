"""Trees of files: equal trees have equal archives, and nothing leads out of them."""

import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orch_app.kit.file_tree import (
    Counted,
    TreeFile,
    TreeLimits,
    TreeRefused,
    is_inside,
    pack,
    read,
    sha256_of,
    unpack,
    write,
)

LIMITS = TreeLimits(files=50, size=100_000)
NAMES = st.text("ab.-é", min_size=1, max_size=5).filter(lambda name: name not in {".", ".."})
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
FILES = st.builds(TreeFile, st.binary(max_size=50), st.booleans())


@given(st.dictionaries(PATHS, FILES, max_size=10))
def test_a_tree_comes_out_as_it_went_in_and_has_one_archive(tree: dict[str, TreeFile]) -> None:
    packed = pack(tree)
    assert unpack(packed, LIMITS) == tree
    assert sha256_of(pack(dict(reversed(tree.items())))) == sha256_of(packed)


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/./b", ".git/config", "a/.GIT/x", "a\\b", "a\nb", "a\0b"]
)
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    assert not is_inside(path)
    with pytest.raises(TreeRefused, match="not one that a folder may hold"):
        Counted(LIMITS).take(path, 1)


def test_what_is_too_much_is_refused_before_it_is_read() -> None:
    counted = Counted(TreeLimits(files=2, size=10 << 20))
    counted.take("a", 1)
    counted.take("b", 1)
    with pytest.raises(TreeRefused, match="more than 2 files"):
        counted.take("c", 1)
    with pytest.raises(TreeRefused, match="larger than 10 MiB"):
        Counted(TreeLimits(files=2, size=10 << 20)).take("a", 11 << 20)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_an_archive_with_anything_but_files_is_refused(kind: bytes) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("x")
        entry.type, entry.linkname = kind, "/etc/passwd"
        archive.addfile(entry)
    with pytest.raises(TreeRefused):
        unpack(packed.getvalue(), LIMITS)


def test_a_damaged_archive_is_refused() -> None:
    with pytest.raises(TreeRefused, match="damaged"):
        unpack(pack({"a": TreeFile(b"x" * 5_000)})[:2_000], LIMITS)


def test_a_folder_is_read_as_it_was_written_without_links_and_without_gits_own(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    tree = {"a/run.sh": TreeFile(b"#!/bin/sh\n", is_executable=True), "b": TreeFile(b"x")}
    write(tree, place)
    (place / ".git").mkdir()
    (place / ".git" / "config").write_text("[core]")
    (place / "a" / ".git").write_text("gitdir: elsewhere")
    (place / "a" / "link").symlink_to("/etc/passwd")
    (place / "away").symlink_to(tmp_path)
    assert read(place, LIMITS) == (tree, ["away", "a/link"])


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "b").symlink_to(tmp_path / "target")
    with pytest.raises(FileExistsError):
        write({"b": TreeFile(b"x")}, tmp_path)
    assert not (tmp_path / "target").exists()


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "nothing", LIMITS)
