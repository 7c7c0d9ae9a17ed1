"""snapshot.json: kept, handed over to the job that puts it back, and outliving its retention."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest

from orch_app.domains.jobs import artifacts, snapshots
from orch_app.domains.jobs.errors import PreparationError
from orch_app.domains.jobs.execution import Workspace
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.snapshots import Promise, Source, Taken, look_at_snapshot
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.keyring import KeyringError
from tests.domains.jobs.rows import add_job, keep_file

SECRET = "correct-horse-battery"
OLD = timedelta(days=400)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    found = Workspace(tmp_path / "job", tmp_path / "secrets", tmp_path / "cp")
    for folder in (found.artifacts, found.given):
        folder.mkdir(parents=True)
    return found


def looked(workspace: Workspace, raw: bytes, mode: str = "apply") -> Taken:
    (workspace.artifacts / "snapshot.json").write_bytes(raw)
    return look_at_snapshot(workspace, Job(run_mode=mode), [SECRET])  # pyright: ignore[reportCallIssue]


def test_a_snapshot_is_read_as_it_is(workspace: Workspace) -> None:
    assert looked(workspace, b'{"a":1}') == Taken(b'{"a":1}')


def test_a_preview_takes_none(workspace: Workspace) -> None:
    assert looked(workspace, b'{"a":1}', "preview") == Taken()


def test_a_snapshot_with_a_secret_is_not_kept_and_says_so_without_it(workspace: Workspace) -> None:
    found = looked(workspace, f'{{"token":"{SECRET}"}}'.encode())
    assert found.raw is None
    assert "holds a secret" in found.fault
    assert SECRET not in found.fault


def test_what_is_no_plain_file_is_no_snapshot(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "else").write_text("{}")
    (workspace.artifacts / "snapshot.json").symlink_to(tmp_path / "else")
    assert "snapshot.json" in look_at_snapshot(workspace, Job(), []).fault  # pyright: ignore[reportCallIssue]


def snapshot_of(job: Job, content: bytes) -> Source:
    keep_file(job, "snapshot.json", content)
    return Source(f"{job.id}/{job.fence}/snapshot.json", hashlib.sha256(content).hexdigest())


@pytest.mark.usefixtures("database")
def test_the_next_job_gets_the_very_bytes_and_may_only_read_them(workspace: Workspace) -> None:
    snapshots.hand_over(snapshot_of(add_job(1, fence=2), b'{"a":1}'), workspace.snapshot_path)
    assert workspace.snapshot_path.read_bytes() == b'{"a":1}'
    assert workspace.snapshot_path.stat().st_mode & 0o777 == 0o644


@pytest.mark.usefixtures("database")
def test_a_snapshot_that_changed_in_the_store_is_put_back_by_nobody(workspace: Workspace) -> None:
    source = snapshot_of(add_job(1), b'{"a":1}')
    with pytest.raises(PreparationError, match="has changed"):
        snapshots.hand_over(Source(source.key, "0" * 64), workspace.snapshot_path)


@pytest.mark.usefixtures("database")
def test_a_snapshot_that_is_gone_is_missed(workspace: Workspace) -> None:
    job = add_job(1)
    with pytest.raises(PreparationError, match="gone from the store"):
        snapshots.hand_over(Source(f"{job.id}/0/snapshot.json", "0" * 64), workspace.snapshot_path)
    with reading() as session, pytest.raises(PreparationError, match="is gone"):
        snapshots.source_of(session, Job(rollback_of=job.id))  # pyright: ignore[reportCallIssue]


def sealed(workspace: Workspace, job: Job, raw: bytes) -> bytes:
    """What is kept of a snapshot that its runbook wants sealed."""
    (workspace.artifacts / "snapshot.json").write_bytes(raw)
    found = look_at_snapshot(workspace, job, [SECRET], Promise.SEALED)
    assert (found.raw is not None, found.fault) == (True, "")
    return found.raw or b""


@pytest.mark.usefixtures("database")
def test_a_sealed_snapshot_is_opened_for_the_job_that_puts_it_back_and_as_no_other_jobs(workspace: Workspace) -> None:
    job, other = add_job(1), add_job(2)
    clear = f'{{"env":"{SECRET}"}}'.encode()
    kept = sealed(workspace, job, clear)
    assert SECRET.encode() not in kept
    assert list(json.loads(kept)) == ["sealed"]
    with pytest.raises(KeyringError):
        snapshots.hand_over(snapshot_of(other, kept), workspace.snapshot_path)
    workspace.snapshot_path.unlink()
    snapshots.hand_over(snapshot_of(job, kept), workspace.snapshot_path)
    assert workspace.snapshot_path.read_bytes() == clear


def add_old(number: int, target: str, ref: str = "snapshot.json") -> Job:
    facts = {"status": "SUCCESS", "tallied": True, "purge_after": now() - timedelta(days=1)}
    return add_job(number, ago=OLD, snapshot_ref=ref, snapshot_target=target, **facts)


@pytest.mark.usefixtures("database")
def test_the_three_newest_snapshots_of_each_target_outlive_their_retention() -> None:
    ours = [add_old(number, "zone:ours") for number in range(1, 6)]
    theirs = [add_old(number, "zone:theirs") for number in range(6, 8)]
    plain = add_old(8, "", ref="")
    with unit_of_work() as session:
        gone = artifacts.purge_due(session, "w")
    assert set(gone) == {ours[0].id, ours[1].id, plain.id}
    assert not set(gone) & {job.id for job in theirs}
    with unit_of_work() as session:
        assert artifacts.purge_due(session, "w") == []
