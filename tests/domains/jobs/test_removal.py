"""Deleting an ended job: everything that hangs on it goes, its files too, and what was counted stays."""

from collections import Counter

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import Actor
from orch_app.domains.audit.models import AuditEntry
from orch_app.domains.jobs import removal, tallies
from orch_app.domains.jobs.models import Job, JobArtifact, JobLog
from orch_app.integrations.object_store import open_store
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict, Forbidden, NotFound, Unavailable
from orch_app.kit.queue import install_bell
from tests.domains.jobs.rows import add_job, add_line, keep_file

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def rung(database: str) -> list[tuple[str, dict[str, str]]]:
    """What was rung; nothing is done about it."""
    heard: list[tuple[str, dict[str, str]]] = []
    install_bell(lambda name, payload: heard.append((name, payload)), lambda: True)
    return heard


def remove(actor: Actor, job: Job) -> Job:
    with unit_of_work() as session:
        return removal.remove(session, actor, job.id)


def left() -> list[int]:
    with reading() as session:
        return sorted(session.exec(select(Job.number)))


def counted() -> Counter[tuple[str, str, str]]:
    with reading() as session:
        return tallies.totals(session)


def test_rows_log_and_files_go_and_it_is_audited(admin: Actor, rung: list[tuple[str, dict[str, str]]]) -> None:
    over, other = add_job(1, status="ERROR", environment="prod"), add_job(2, status="SUCCESS")
    for job in (over, other):
        add_line(job, 1)
        keep_file(job)
    assert remove(admin, over).number == 1
    assert rung == [("jobs.forget", {"job_id": over.id})]
    assert open_store().folders() == [over.id, other.id]
    removal.forget_files(**rung[0][1])
    assert (left(), open_store().folders()) == ([2], [other.id])
    with reading() as session:
        assert {*session.exec(select(JobLog.job_id)), *session.exec(select(JobArtifact.job_id))} == {other.id}
        (entry,) = session.exec(select(AuditEntry).where(AuditEntry.action == "job.deleted")).all()
    assert (entry.actor_name, entry.target_id, entry.environment) == ("ada", over.id, "prod")
    assert entry.metadata_json == {"number": 1, "runbook": "host_report", "status": "ERROR"}


def test_what_was_counted_stays_and_is_counted_once(admin: Actor, rung: object) -> None:
    jobs = [add_job(1, status="ERROR"), add_job(2, status="SUCCESS"), add_job(3, status="SUCCESS")]
    with unit_of_work() as session:
        tallies.tally_job(session, jobs[0].id)
    before = counted()
    for job in jobs:
        remove(admin, job)
    assert counted() == before
    assert (before["jobs", "host_report", "ERROR"], before["jobs", "host_report", "SUCCESS"]) == (1, 2)


@pytest.mark.parametrize("status", ["PENDING", "RUNNING"])
def test_what_has_not_ended_is_refused(admin: Actor, status: str) -> None:
    job = add_job(1, status=status)
    with pytest.raises(Conflict, match="Cancel it first"):
        remove(admin, job)
    assert left() == [1]


def test_only_admins_may(operator: Actor, viewer: Actor) -> None:
    job = add_job(1, status="ERROR")
    for actor in (operator, viewer):
        with pytest.raises(Forbidden):
            remove(actor, job)
    assert left() == [1]


def test_a_second_time_there_is_nothing(admin: Actor, rung: list[object]) -> None:
    job = add_job(1, status="ERROR")
    remove(admin, job)
    with pytest.raises(NotFound):
        remove(admin, job)
    assert len(rung) == 1


def test_files_of_a_job_that_is_there_are_never_removed() -> None:
    job = add_job(1, status="SUCCESS")
    keep_file(job)
    removal.forget_files(job.id)
    assert open_store().folders() == [job.id]


def test_a_store_that_is_away_keeps_nobody_from_deleting(admin: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_folder: str) -> None:
        raise Unavailable("away", "artifacts_unavailable")

    job = add_job(1, status="ERROR")
    install_bell(lambda _name, payload: removal.forget_files(**payload), lambda: True)
    monkeypatch.setattr(open_store(), "remove", away)
    remove(admin, job)
    assert left() == []
