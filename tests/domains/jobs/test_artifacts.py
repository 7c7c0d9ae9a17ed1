"""The files of a job: only recorded ones are handed out, downloads are noted, and in the end everything goes."""

import json
from datetime import timedelta

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import ANONYMOUS, Actor
from orch_app.domains.audit.models import AuditEntry
from orch_app.domains.jobs import artifacts
from orch_app.domains.jobs.log.reader import level_counts, lines_after
from orch_app.domains.jobs.models import Job, JobArtifact, JobLog
from orch_app.integrations.object_store import open_store
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import NotFound, Unauthorized, Unavailable
from tests.domains.jobs.rows import add_artifact, add_job, add_line, keep_file, place_of
from tests.systems.people import audited

pytestmark = pytest.mark.usefixtures("database")
DAY = timedelta(days=1)


def download(actor: Actor, job: Job, name: str) -> tuple[str, int, bytes]:
    found = artifacts.open_for_download(actor, job.id, name)
    return found.name, found.size, b"".join(found.read(0))


def test_a_viewer_may_download_and_it_is_noted(viewer: Actor) -> None:
    job = add_job(1, environment="prod")
    keep_file(job, content=b'{"a": 1}')
    assert download(viewer, job, "output.json") == ("output.json", 8, b'{"a": 1}')
    (entry,) = audited("artifact.downloaded")
    assert (entry.actor_name, entry.target_id, entry.environment) == ("vera", job.id, "prod")
    assert entry.metadata_json == {"name": "output.json", "sha256": "0" * 64}


def test_nobody_may_download() -> None:
    job = add_job(1)
    keep_file(job)
    with pytest.raises(Unauthorized):
        download(ANONYMOUS, job, "output.json")
    assert audited("artifact.downloaded") == []


def test_only_recorded_files_are_handed_out(viewer: Actor) -> None:
    job = add_job(1)
    folder = keep_file(job).parent
    (folder / "secret.txt").write_text("not recorded")
    (folder / "folder").mkdir()
    add_artifact(job, "folder", b"")
    for name in ("secret.txt", "", ".", "..", "../../orch.db", "output.json/", "OUTPUT.JSON", "folder"):
        with pytest.raises(NotFound):
            download(viewer, job, name)
    assert audited("artifact.downloaded") == []


def test_a_file_of_another_job_is_not_this_jobs(viewer: Actor) -> None:
    job, other = add_job(1), add_job(2)
    keep_file(job)
    with pytest.raises(NotFound):
        download(viewer, other, "output.json")


def test_a_file_that_is_gone_from_the_disk_is_not_found(viewer: Actor) -> None:
    job = add_job(1)
    keep_file(job).unlink()
    with pytest.raises(NotFound, match="has no file"):
        download(viewer, job, "output.json")


def test_while_the_store_is_away_a_download_says_so_and_is_not_noted(
    viewer: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = add_job(1)
    keep_file(job)

    def away(_key: str) -> int:
        raise Unavailable("away", "artifacts_unavailable")

    monkeypatch.setattr(open_store(), "size", away)
    with pytest.raises(Unavailable):
        download(viewer, job, "output.json")
    assert audited("artifact.downloaded") == []


def test_what_an_earlier_run_of_the_job_left_is_not_what_it_left(viewer: Actor) -> None:
    earlier, job = add_job(1, fence=1), add_job(2, fence=2)
    keep_file(earlier)
    place_of(earlier).rename(place_of(job).parent.with_name(earlier.id) / "2")
    with pytest.raises(NotFound):
        download(viewer, earlier, "output.json")


def left() -> list[int]:
    with reading() as session:
        return sorted(session.exec(select(Job.number)))


def test_what_outlived_its_retention_goes_with_its_rows_and_folder_and_is_noted() -> None:
    due = add_job(1, status="SUCCESS", purge_after=now() - timedelta(seconds=1), environment="prod", tallied=True)
    later = add_job(2, status="ERROR", purge_after=now() + DAY)
    running = add_job(3, status="RUNNING")
    for job in (due, later, running):
        add_line(job, 1)
        keep_file(job)
    with unit_of_work() as session:
        gone = artifacts.purge_due(session, "w1")
    artifacts.remove_folders(gone)
    assert (gone, left()) == ([due.id], [2, 3])
    assert open_store().folders() == [later.id, running.id]
    with reading() as session:
        assert due.id not in {*session.exec(select(JobLog.job_id)), *session.exec(select(JobArtifact.job_id))}
        (entry,) = session.exec(select(AuditEntry).where(AuditEntry.action == "job.purged")).all()
    assert (entry.actor_name, entry.target_id, entry.environment) == ("w1", due.id, "prod")
    assert entry.metadata_json == {"number": 1, "runbook": "host_report", "status": "SUCCESS"}


def test_a_folder_that_is_not_there_stops_no_purge() -> None:
    artifacts.remove_folders(["job_00000000000000000000000000"])


def test_old_lines_are_read_from_the_file_and_are_the_same(viewer: Actor) -> None:
    old = add_job(1, status="SUCCESS", finished_at=now() - 30 * DAY, last_seq=3)
    fresh = add_job(2, status="SUCCESS", finished_at=now(), last_seq=1)
    fileless = add_job(3, status="SUCCESS", finished_at=now() - 30 * DAY, last_seq=1)
    for number, level in enumerate(["info", "error", "info"], 1):
        add_line(old, number, f"line {number} última", level, "web-1")
    for job in (fresh, fileless):
        add_line(job, 1)
    before = [line.to_wire() for line in lines_of(old)]
    keep_file(old, "logs.ndjson", "".join(f"{line}\n" for line in as_json(before)).encode())
    assert artifacts.archive_logs() == 1
    with reading() as session:
        assert set(session.exec(select(JobLog.job_id))) == {fresh.id, fileless.id}
        archived = session.exec(select(Job).where(Job.id == old.id)).one()
        assert level_counts(session, archived) == {"info": 2, "error": 1}
    assert [line.to_wire() for line in lines_of(archived)] == before
    assert [line.seq for line in lines_of(archived, 1)] == [2, 3]


def lines_of(job: Job, after: int = 0):
    with reading() as session:
        return lines_after(session, job, after, 100)


def as_json(items: list[dict[str, object]]) -> list[str]:
    return [json.dumps(item) for item in items]
