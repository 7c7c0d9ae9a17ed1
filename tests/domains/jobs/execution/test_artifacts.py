"""What a job leaves behind is collected completely, without following anything."""

import hashlib
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from orch_app.domains.jobs.execution import (
    ArtifactsRefused,
    IsolationLevel,
    Workspace,
    artifacts,
    collect,
    open_workspace,
    read_output,
)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    runbook = tmp_path / "runbook"
    runbook.mkdir()
    with open_workspace(tmp_path / "data", "job_1.1", runbook, IsolationLevel.BWRAP) as opened:
        yield opened


def names_in(bundle: Path) -> list[str]:
    with tarfile.open(bundle) as tar:
        return tar.getnames()


def test_output_log_and_files_are_kept_with_their_sums(workspace: Workspace) -> None:
    workspace.output_path.write_text('{"a": 1}')
    (workspace.artifacts / "reports").mkdir()
    (workspace.artifacts / "reports" / "disk.txt").write_text("full")
    infos = collect(workspace, [b'{"seq":1}', b'{"seq":2}'], {"output.json": read_output(workspace) or b""})
    folder = workspace.kept
    assert [info.name for info in infos] == ["output.json", "logs.ndjson", "artifacts.tar.gz", "MANIFEST.sha256"]
    for info in infos:
        data = (folder / info.name).read_bytes()
        assert (info.size, info.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (folder / "logs.ndjson").read_text() == '{"seq":1}\n{"seq":2}\n'
    expected = ["output.json", "logs.ndjson", "files/reports/disk.txt", "MANIFEST.sha256"]
    assert names_in(folder / "artifacts.tar.gz") == expected
    subprocess.run(["sha256sum", "-c", "MANIFEST.sha256"], cwd=folder, check=True, capture_output=True)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_what_is_withheld_is_in_no_bundle(workspace: Workspace) -> None:
    (workspace.artifacts / "snapshot.json").write_text("{}")
    (workspace.artifacts / "plan.txt").write_text("x")
    collect(workspace, [], withheld=["snapshot.json"])
    assert names_in(workspace.kept / "artifacts.tar.gz") == ["logs.ndjson", "files/plan.txt", "MANIFEST.sha256"]


def test_the_manifests_tell_sizes_too_and_are_what_sha256sum_checks(workspace: Workspace, tmp_path: Path) -> None:
    odd = ["new\nline", "back\\slash", "carriage\rreturn", os.fsdecode(b"no-utf-8-\xff"), "# no comment"]
    for name in odd:
        (workspace.artifacts / name).write_text("seven!!")
    infos = collect(workspace, [b"{}"])
    outer = (workspace.kept / "MANIFEST.sha256").read_text().splitlines()
    assert outer[::2] == [f"# {info.size} bytes: {info.name}" for info in infos[:-1]]
    with tarfile.open(workspace.kept / "artifacts.tar.gz") as tar:
        tar.extractall(tmp_path / "out", filter="data")
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "MANIFEST.sha256"], cwd=tmp_path / "out", check=True, capture_output=True
    )
    assert checked.stderr == b""
    assert checked.stdout.count(b": OK") == len(odd) + 1
    inner = (tmp_path / "out" / "MANIFEST.sha256").read_bytes()
    assert inner.count(b"# 7 bytes: ") == len(odd)


def test_links_pipes_and_the_jobs_variables_stay_out(workspace: Workspace, tmp_path: Path) -> None:
    (workspace.env / "extravars").write_text("inputs: {}")
    secret = tmp_path / "secret"
    secret.write_text("do not take me")
    (workspace.artifacts / "link").symlink_to(secret)
    (workspace.artifacts / "folder").symlink_to(workspace.env)
    os.mkfifo(workspace.artifacts / "pipe")
    (workspace.artifacts / "real.txt").write_text("take me")
    collect(workspace, [])
    names = names_in(workspace.kept / "artifacts.tar.gz")
    assert names == ["logs.ndjson", "files/real.txt", "MANIFEST.sha256"]


def test_an_output_that_is_a_link_or_too_large_is_refused(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_output(workspace) is None
    workspace.output_path.symlink_to("/etc/passwd")
    with pytest.raises(ArtifactsRefused, match="output"):
        read_output(workspace)
    workspace.output_path.unlink()
    workspace.output_path.write_text("x" * 11)
    monkeypatch.setattr(artifacts, "_OUTPUT_BYTES", 10)
    with pytest.raises(ArtifactsRefused, match="larger"):
        read_output(workspace)


def test_too_many_files_are_refused(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "_FILES", 2)
    for number in range(3):
        (workspace.artifacts / f"file-{number}").write_text("x")
    with pytest.raises(ArtifactsRefused, match="more than 2 files"):
        collect(workspace, [])


def test_collecting_again_replaces_the_folder(workspace: Workspace) -> None:
    collect(workspace, [b"one"])
    collect(workspace, [b"two"])
    assert (workspace.kept / "logs.ndjson").read_text() == "two\n"
