"""Kept trees: unpacked once, under their SHA-256, whole or not at all."""

from pathlib import Path

import pytest

from orch_app.domains.runbooks import trees
from orch_app.domains.runbooks.errors import RunbookBroken
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.runbooks.trees import KeptTree
from orch_app.integrations.object_store import open_store
from orch_app.kit.clock import now
from orch_app.kit.file_tree import TreeFile, pack
from orch_app.kit.settings import settings
from tests.systems.product import bound_to

PACKED = pack({"greet/run.sh": TreeFile(b"#!/bin/sh\n", is_executable=True), "greet/x": TreeFile(b"x")})


@pytest.fixture(autouse=True)
def _bound(tmp_path: Path):
    with bound_to(tmp_path):
        yield


def test_a_runbook_of_a_source_is_found_in_its_tree_and_one_of_the_product_where_it_is(tmp_path: Path) -> None:
    kept = trees.keep("edt_1", PACKED)
    runbook = Runbook(id="1", name="greet", path="greet", tree_id=kept.id, tree_sha256=kept.sha256, synced_at=now())
    folder = trees.folder_of(runbook)
    assert folder == tmp_path / "trees" / kept.sha256 / "greet"
    assert (folder / "run.sh").stat().st_mode & 0o777 == 0o755
    own = Runbook(id="2", name="own", path="/srv/own", synced_at=now())
    assert trees.folder_of(own) == Path("/srv/own")


def test_what_is_unpacked_is_not_asked_for_again() -> None:
    kept = trees.keep("edt_1", PACKED)
    folder = trees.unpacked(kept)
    trees.forget("edt_1")
    assert trees.unpacked(kept) == folder


def test_what_is_gone_altered_or_no_archive_is_refused_and_nothing_is_left() -> None:
    kept = trees.keep("edt_1", PACKED)
    trees.keep("edt_1", PACKED + b"\0" * 512)
    with pytest.raises(RunbookBroken, match="altered"):
        trees.unpacked(kept)
    with pytest.raises(RunbookBroken, match="cannot be used"):
        trees.unpacked(trees.keep("edt_2", b"no archive"))
    with pytest.raises(RunbookBroken, match="gone"):
        trees.unpacked(KeptTree("edt_3", "0" * 64))
    assert list((settings().data_dir / "trees").iterdir()) == []


def test_what_is_larger_than_anything_that_was_kept_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = trees.keep("edt_1", PACKED)
    monkeypatch.setattr(trees, "PACKED_LIMIT", 100)
    with pytest.raises(RunbookBroken, match="larger"):
        trees.unpacked(kept)


def test_only_what_nothing_needs_is_swept() -> None:
    kept, other = trees.keep("edt_1", PACKED), trees.keep("edt_2", pack({"y/z": TreeFile(b"z")}))
    for tree in (kept, other):
        trees.unpacked(tree)
    assert trees.sweep({kept.sha256}) == [other.sha256]
    assert open_store().folders() == ["edt_1", "edt_2"]
