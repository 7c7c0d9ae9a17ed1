"""A job's folder is private, holds no link, and is gone afterwards whatever happened."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from orch_app.domains.jobs.execution import IsolationLevel, Workspace, WorkspaceError, open_workspace, sweep_leftovers
from orch_app.domains.jobs.execution.workspace import find_secrets_root, is_tmpfs, remove_tree, write_secret

HOLDER = """
import sys, time
from pathlib import Path
from orch_app.domains.jobs.execution import IsolationLevel, open_workspace
with open_workspace(Path(sys.argv[1]), "job_held.1", Path(sys.argv[2]), IsolationLevel.BWRAP):
    print("open", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def runbook(tmp_path: Path) -> Path:
    folder = tmp_path / "runbook"
    (folder / "templates").mkdir(parents=True)
    (folder / "tests").mkdir()
    (folder / "playbook.yml").write_text("- hosts: all\n")
    (folder / "templates" / "a.j2").write_text("text")
    (folder / "tests" / "test_it.py").write_text("")
    return folder


def hold(data: Path, runbook: Path) -> subprocess.Popen[bytes]:
    """Another process with the workspace `job_held.1` open."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(data), str(runbook)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[4]
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"open\n"
    return holder


@contextmanager
def held_elsewhere(data: Path, runbook: Path) -> Iterator[None]:
    holder = hold(data, runbook)
    try:
        yield
    finally:
        holder.kill()
        holder.communicate(timeout=20)


@pytest.mark.parametrize("level", list(IsolationLevel))
def test_it_is_private_and_gone_afterwards(tmp_path: Path, runbook: Path, level: IsolationLevel) -> None:
    with open_workspace(tmp_path / "data", "job_1.3", runbook, level) as workspace:
        assert workspace.root == tmp_path / "data" / "jobs-run" / "job_1.3"
        assert {path.stat().st_mode & 0o777 for path in (workspace.root, workspace.secrets, workspace.control)} == {
            0o700
        }
        assert (workspace.project / "templates" / "a.j2").read_text() == "text"
        assert not (workspace.project / "tests").exists()
        secret = write_secret(workspace.secrets / "key", "secret")
        assert secret.stat().st_mode & 0o777 == 0o600
        folders = (workspace.root, workspace.secrets.parent, workspace.control)
    assert not any(folder.exists() for folder in folders)


def leave_a_mess(data: Path, runbook: Path) -> None:
    with open_workspace(data, "job_1.1", runbook, IsolationLevel.RLIMITS) as workspace:
        deep = workspace.home / "a" / "b"
        deep.mkdir(parents=True)
        (deep / "file").write_text("x")
        (deep / "link").symlink_to(runbook)
        deep.chmod(0)
        deep.parent.chmod(0)
        raise LookupError


def test_it_is_gone_after_an_error_and_whatever_rights_were_left(tmp_path: Path, runbook: Path) -> None:
    with pytest.raises(LookupError):
        leave_a_mess(tmp_path / "data", runbook)
    assert not (tmp_path / "data" / "jobs-run" / "job_1.1").exists()
    assert (runbook / "playbook.yml").exists()


def test_a_link_in_a_runbook_is_refused(tmp_path: Path, runbook: Path) -> None:
    (runbook / "shadow").symlink_to("/etc/passwd")
    with (
        pytest.raises(WorkspaceError, match="shadow"),
        open_workspace(tmp_path / "data", "job_1.1", runbook, IsolationLevel.BWRAP),
    ):
        pass
    assert not [path for path in (tmp_path / "data" / "jobs-run").iterdir() if path.is_dir()]


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".", "..", ".guard"])
def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path, runbook: Path, name: str) -> None:
    with (
        pytest.raises(WorkspaceError),
        open_workspace(tmp_path / "data", name, runbook, IsolationLevel.BWRAP),
    ):
        pass


def test_a_sweep_removes_what_the_dead_have_left_and_spares_the_living(tmp_path: Path, runbook: Path) -> None:
    data = tmp_path / "data"
    secrets = find_secrets_root(data, IsolationLevel.BWRAP)
    holder = hold(data, runbook)
    (data / "jobs-run" / "job_old.1" / "home").mkdir(parents=True)
    (data / "jobs-run" / "job_named.1").mkdir()
    if secrets:
        (secrets / "job_older.2" / "secrets").mkdir(parents=True)
    removed = sweep_leftovers(data, {"job_named.1"})
    assert removed == ["job_old.1", *(["job_older.2"] if secrets else [])]
    assert (data / "jobs-run" / "job_held.1").exists()
    holder.send_signal(signal.SIGKILL)
    holder.communicate(timeout=20)
    assert sweep_leftovers(data, set()) == ["job_held.1", "job_named.1"]
    assert not secrets or not list(secrets.iterdir())


def test_a_name_that_is_taken_is_refused_and_its_folder_stays(tmp_path: Path, runbook: Path) -> None:
    with open_workspace(tmp_path / "data", "job_1.1", runbook, IsolationLevel.BWRAP) as workspace:
        with (
            pytest.raises(WorkspaceError, match="already"),
            open_workspace(tmp_path / "data", "job_1.1", runbook, IsolationLevel.BWRAP),
        ):
            pass
        assert workspace.project.exists()


def test_jobs_that_run_together_never_share_a_seat_and_a_free_one_is_taken_again(tmp_path: Path, runbook: Path) -> None:
    def seat_of(name: str) -> AbstractContextManager[Workspace]:
        return open_workspace(tmp_path / "data", name, runbook, IsolationLevel.BWRAP)

    with seat_of("job_1.1") as first:
        with seat_of("job_2.1") as second, seat_of("job_3.1") as third:
            assert [first.seat, second.seat, third.seat] == [0, 1, 2]
        with held_elsewhere(tmp_path / "data", runbook), seat_of("job_4.1") as fourth:
            assert fourth.seat == 2


def test_control_sockets_fit_whatever_the_length_of_the_data_folder(tmp_path: Path, runbook: Path) -> None:
    data = tmp_path / ("long-" * 20)
    with open_workspace(data, "job_1.1", runbook, IsolationLevel.RLIMITS) as workspace:
        assert len(str(workspace.control)) < 84
        assert workspace.control.stat().st_mode & 0o777 == 0o700
    assert not workspace.control.exists()


def test_two_data_folders_share_no_secrets_folder(tmp_path: Path) -> None:
    roots = {find_secrets_root(tmp_path / name, IsolationLevel.BWRAP) for name in "ab"}
    assert len(roots) == 2 or roots == {None}


def test_secrets_of_landlocked_jobs_are_not_kept_where_others_may_look(tmp_path: Path) -> None:
    root = find_secrets_root(tmp_path, IsolationLevel.LANDLOCK)
    assert root is None or Path("/dev/shm") not in root.parents


def test_a_tmpfs_is_known_by_the_mount_that_holds_the_folder() -> None:
    assert is_tmpfs(Path("/proc")) is False
    assert is_tmpfs(Path("/dev/shm")) == (os.statvfs("/dev/shm").f_fsid != os.statvfs("/").f_fsid)


def test_removing_nothing_is_fine(tmp_path: Path) -> None:
    remove_tree(tmp_path / "absent")
