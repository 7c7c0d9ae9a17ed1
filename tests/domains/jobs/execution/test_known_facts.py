"""Facts are lent while they are to be believed, to their own host alone; only what is plainly JSON is taken back."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orch_app.domains.jobs.execution import (
    Credentials,
    FactShelf,
    IsolationLevel,
    TargetHost,
    Workspace,
    forget_old,
    open_workspace,
    shelf_of,
)
from orch_app.domains.jobs.execution.known_facts import LENT, file_of

HOST = TargetHost("web-1", "192.0.2.1", 22, ("ssh-ed25519 AAAA",), Credentials("root"))
FACTS = '{"ansible_distribution": "Debian"}'


@pytest.fixture
def shelf(tmp_path: Path) -> FactShelf:
    return shelf_of(tmp_path / "data", "report", "stage", 600)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    (tmp_path / "runbook").mkdir()
    with open_workspace(tmp_path / "data", "job_1.1", tmp_path / "runbook", IsolationLevel.RLIMITS) as opened:
        yield opened


def leave(workspace: Workspace, content: str = FACTS, age_s: float = 5, name: str = "s1_web-1") -> Path:
    """What a play leaves."""
    (workspace.home / LENT).mkdir(exist_ok=True)
    path = workspace.home / LENT / name
    path.write_text(content)
    moment = time.time() - age_s
    os.utime(path, (moment, moment))
    return path


def lent(workspace: Workspace) -> dict[str, str]:
    return {path.name: path.read_text() for path in (workspace.home / LENT).iterdir()}


def clear(workspace: Workspace) -> None:
    for path in (workspace.home / LENT).iterdir():
        path.unlink()
    (workspace.home / LENT).rmdir()


def test_what_a_play_found_out_is_lent_to_the_next_with_its_time(shelf: FactShelf, workspace: Workspace) -> None:
    moment = leave(workspace).stat().st_mtime
    shelf.take_back(workspace, [HOST])
    clear(workspace)
    shelf.lend(workspace, [HOST, replace(HOST, name="web-2")])
    assert lent(workspace) == {file_of(HOST): FACTS}
    assert (workspace.home / LENT / file_of(HOST)).stat().st_mtime == pytest.approx(moment)
    assert (shelf.folder.stat().st_mode & 0o077, next(shelf.folder.iterdir()).stat().st_mode & 0o077) == (0, 0)


@pytest.mark.parametrize(
    "other",
    [
        replace(HOST, address="192.0.2.9"),
        replace(HOST, port=2222),
        replace(HOST, host_keys=("ssh-ed25519 BBBB",)),
        replace(HOST, credentials=Credentials("ada")),
    ],
    ids=["address", "port", "key", "user"],
)
def test_a_host_that_is_reached_in_another_way_is_another_host(
    shelf: FactShelf, workspace: Workspace, other: TargetHost
) -> None:
    leave(workspace)
    shelf.take_back(workspace, [HOST])
    clear(workspace)
    shelf.lend(workspace, [other])
    assert lent(workspace) == {}


def test_what_is_too_old_is_not_lent_and_what_nobody_believes_is_removed(
    shelf: FactShelf, workspace: Workspace, tmp_path: Path
) -> None:
    leave(workspace, age_s=601)
    shelf.take_back(workspace, [HOST])
    clear(workspace)
    shelf.lend(workspace, [HOST])
    assert lent(workspace) == {}
    assert forget_old(tmp_path / "data") == 0
    for kept in shelf.folder.iterdir():
        os.utime(kept, (0, 0))
    assert forget_old(tmp_path / "data") == 1


def test_older_facts_do_not_replace_newer_ones_and_no_time_lies_ahead(shelf: FactShelf, workspace: Workspace) -> None:
    for content, age_s in (('{"is": "old"}', 60), ('{"is": "new"}', -3600), ('{"is": "older"}', 90)):
        leave(workspace, content, age_s)
        shelf.take_back(workspace, [HOST])
    (kept,) = shelf.folder.iterdir()
    assert kept.read_text() == '{"is": "new"}'
    assert kept.stat().st_mtime <= time.time()


@pytest.mark.parametrize("content", ["[1]", "no json", '"x"', "[" * 100_000, '{"x": "' + "y" * (1 << 20) + '"}'])
def test_what_is_no_object_or_too_large_is_left_alone(shelf: FactShelf, workspace: Workspace, content: str) -> None:
    leave(workspace, content)
    shelf.take_back(workspace, [HOST])
    assert not shelf.folder.exists()


def test_links_and_pipes_are_left_alone(shelf: FactShelf, workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text(FACTS)
    (workspace.home / LENT).mkdir()
    (workspace.home / LENT / file_of(HOST)).symlink_to(tmp_path / "secret.json")
    os.mkfifo(workspace.home / LENT / "s1_web-2")
    shelf.take_back(workspace, [HOST, replace(HOST, name="web-2")])
    assert not shelf.folder.exists()


def test_a_folder_of_links_leads_nowhere(shelf: FactShelf, workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / file_of(HOST)).write_text(FACTS)
    (workspace.home / LENT).symlink_to(tmp_path / "other")
    shelf.take_back(workspace, [HOST])
    assert not shelf.folder.exists()
