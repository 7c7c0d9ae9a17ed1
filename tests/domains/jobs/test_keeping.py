"""The end of a job waits for the store of its files, is written once they are there, and says so when they are not."""

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import artifacts, keeping
from orch_app.domains.jobs.errors import LostClaimError
from orch_app.domains.jobs.execution import ArtifactInfo, IsolationLevel, Workspace, open_workspace
from orch_app.domains.jobs.held import Claim
from orch_app.domains.jobs.run import run_job
from orch_app.domains.jobs.slots import Running, slots
from orch_app.domains.jobs.states import Phase, Reason
from orch_app.integrations.object_store import open_store
from orch_app.kit.errors import Unavailable
from tests.domains.jobs.rows import place_of
from tests.domains.jobs.trials import GOOD, Trials, files_of, fresh
from tests.systems.processes import free_port
from tests.systems.product import bound_to
from tests.systems.s3 import S3Server, s3_server

FILES = [ArtifactInfo("output.json", 2, "0" * 64)]
DEADLINE_S = 120.0


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    (tmp_path / "runbook").mkdir()
    with (
        bound_to(tmp_path),
        open_workspace(tmp_path / "data", "job_1.1", tmp_path / "runbook", IsolationLevel.RLIMITS) as opened,
    ):
        opened.kept.mkdir()
        (opened.kept / "output.json").write_text("{}")
        yield opened


@pytest.fixture
def running() -> Running:
    return Running(Claim("job_1", "wrk_1", 3))


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> list[str]:
    """The store is away once for each entry; what an entry names happens to the job meanwhile."""
    left: list[str] = []
    put = open_store().put

    def stumble(files: Mapping[str, Path]) -> None:
        if left:
            left.pop(0)
            raise Unavailable("away", "artifacts_unavailable")
        put(files)

    monkeypatch.setattr(open_store(), "put", stumble)
    monkeypatch.setattr(keeping, "RETRY_S", 0.01)
    return left


def test_a_store_that_comes_back_gets_the_files_and_the_waiting_is_told_once(
    running: Running, workspace: Workspace, faults: list[str]
) -> None:
    faults += ["away"] * 3
    said: list[str] = []
    kept = keeping.put_all(running, workspace, FILES, said.append)
    assert (kept.files, kept.fault, said) == (FILES, "", [keeping.WAITS])
    assert open_store().size("job_1/3/output.json") == 2


def test_a_cancelled_job_waits_for_the_store_too(running: Running, workspace: Workspace, faults: list[str]) -> None:
    faults += ["away"] * 2
    running.end(Reason.CANCELED)
    assert keeping.put_all(running, workspace, FILES, lambda _why: None).files == FILES


@pytest.mark.parametrize(
    "happens",
    [
        lambda running: running.end(Reason.CANCELED),
        lambda running: running.end(Reason.INTERRUPTED),
        lambda running: running.kill.set(),
    ],
    ids=["canceled", "worker_stops", "forced"],
)
def test_who_cannot_wait_ends_without_files(running: Running, workspace: Workspace, faults: list[str], happens) -> None:
    faults += ["away"] * 1_000
    kept = keeping.put_all(running, workspace, FILES, lambda _why: happens(running))
    assert (kept.files, kept.fault) == ((), keeping.GAVE_UP)
    assert open_store().folders() == []


def test_who_lost_the_claim_stops_waiting(running: Running, workspace: Workspace, faults: list[str]) -> None:
    faults += ["away"] * 1_000
    with pytest.raises(LostClaimError):
        keeping.put_all(running, workspace, FILES, lambda _why: running.lose())


@pytest.mark.integration
def test_a_job_ends_when_its_bucket_is_back(sqlite_trials: Trials, viewer: Actor, tmp_path: Path) -> None:
    server = S3Server(free_port(), tmp_path / "credentials")
    server.credentials.write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
    with bound_to(tmp_path, ORCH_RUNBOOKS_DIR=str(sqlite_trials.folder), **server.settings("jobs")):
        job = sqlite_trials.launch(GOOD)
        thread = threading.Thread(target=run_job, args=(job.id,))
        thread.start()
        try:
            wait_until_it_says(job.id, keeping.WAITS, thread)
            assert fresh(job.id).phase == Phase.FINALIZING
            with s3_server(server.port):
                thread.join(DEADLINE_S)
                ended = fresh(job.id)
                assert (ended.status, ended.reason_detail) == ("SUCCESS", "")
                assert set(files_of(job)) == {"output.json", "logs.ndjson", "artifacts.tar.gz", "MANIFEST.sha256"}
                found = artifacts.open_for_download(viewer, job.id, "output.json")
                assert b'"words"' in b"".join(found.read(0))
        finally:
            slots.end_all(Reason.INTERRUPTED)
            thread.join(DEADLINE_S)


def wait_until_it_says(job_id: str, detail: str, thread: threading.Thread) -> None:
    pause = threading.Event()
    for _ in range(int(DEADLINE_S / 0.05)):
        if fresh(job_id).reason_detail == detail:
            return
        assert thread.is_alive(), "the job ended before it was expected to"
        pause.wait(0.05)
    pytest.fail("it did not come so far in time")


@pytest.mark.integration
def test_files_that_cannot_be_collected_do_not_keep_a_job_from_ending(
    sqlite_trials: Trials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orch_app.domains.jobs.execution.artifacts._TOTAL_BYTES", -1)
    tasks = """
    - name: Leave a file
      ansible.builtin.copy:
        content: much
        dest: "{{ orch.artifacts_dir }}/much.txt"
        mode: "0600"
"""
    job = sqlite_trials.ran(tasks + GOOD)
    assert job.status == "SUCCESS"
    assert job.reason_detail.startswith("Its files were not kept: the job left more than")
    assert (files_of(job), place_of(job).exists()) == ({}, False)
