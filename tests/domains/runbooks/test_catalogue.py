"""The catalogue lists what can run and what cannot, and one never hides the other."""

from pathlib import Path

from orch_app.domains.runbooks.catalogue import BrokenRunbook, read_folder
from orch_app.domains.runbooks.contract import RunbookSpec
from tests.domains.runbooks.folders import write_runbook


def test_a_broken_runbook_is_listed_beside_the_good_ones(tmp_path: Path) -> None:
    write_runbook(tmp_path, "alpha")
    (write_runbook(tmp_path, "beta") / "playbook.yml").write_text("- hosts: [")
    write_runbook(tmp_path, "gamma")

    first, broken, last = read_folder(tmp_path)

    assert isinstance(first, RunbookSpec)
    assert isinstance(last, RunbookSpec)
    assert isinstance(broken, BrokenRunbook)
    assert (broken.name, broken.reason[:13]) == ("beta", "playbook.yml ")
    assert len(broken.revision) == 64


def test_shared_code_and_hidden_folders_are_no_runbooks(tmp_path: Path) -> None:
    for name in ("library", "module_utils", "action_plugins", "roles", ".git", "__pycache__"):
        (tmp_path / name).mkdir()
    (tmp_path / "runbook.schema.json").write_text("{}")
    assert read_folder(tmp_path) == []


def test_a_missing_folder_is_an_empty_catalogue(tmp_path: Path) -> None:
    assert read_folder(tmp_path / "nowhere") == []


def test_an_unreadable_file_breaks_only_its_runbook(tmp_path: Path) -> None:
    folder = write_runbook(tmp_path)
    (folder / "README.md").write_bytes(b"\xff\xfe broken")
    (entry,) = read_folder(tmp_path)
    assert isinstance(entry, BrokenRunbook)
    assert entry.reason == "README.md is not UTF-8 text (byte 0)"


def test_a_folder_that_is_too_large_is_broken(tmp_path: Path) -> None:
    folder = write_runbook(tmp_path)
    for number in range(501):
        (folder / "tests" / f"{number}.txt").touch()
    (entry,) = read_folder(tmp_path)
    assert isinstance(entry, BrokenRunbook)
    assert "larger than 500 files" in entry.reason
    assert entry.revision == ""
