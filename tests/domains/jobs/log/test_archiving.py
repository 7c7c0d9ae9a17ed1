"""Old logs move from rows to their file, and readers see no difference."""

import json
from datetime import timedelta

import pytest
from sqlmodel import col, func, select, update

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import artifacts, claims
from orch_app.domains.jobs.log import archive, store
from orch_app.domains.jobs.log.lines import Line
from orch_app.domains.jobs.log.reader import lines_after
from orch_app.domains.jobs.models import Job, JobLog
from orch_app.domains.jobs.states import Status
from orch_app.integrations.object_store import open_store
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from tests.domains.jobs.orders import launched
from tests.domains.jobs.rows import keep_file
from tests.domains.jobs.trials import fresh

pytestmark = pytest.mark.usefixtures("catalogue")


def ended_job(admin: Actor, *, days_ago: int, with_file: bool) -> str:
    job = launched(admin)
    lines = [Line(seq, now(), "ok", "h", "t", f"line {seq}") for seq in (1, 2, 3)]
    with unit_of_work() as session:
        held = claims.claim(session, job.id, "w", "w")
        assert held
        store.append(session, held, lines)
        claims.finish(session, held, Status.SUCCESS)
        ended = now() - timedelta(days=days_ago)
        session.exec(update(Job).where(col(Job.id) == job.id).values(finished_at=ended))
    if with_file:
        content = "".join(json.dumps(line.to_wire()) + "\n" for line in lines).encode()
        keep_file(fresh(job.id), archive.NAME, content)
    return job.id


def archived() -> int:
    return artifacts.archive_logs()


def rows_of(job_id: str) -> int:
    with reading() as session:
        return session.exec(select(func.count()).select_from(JobLog).where(JobLog.job_id == job_id)).one()


def test_an_old_log_leaves_its_rows_and_reads_the_same(admin: Actor) -> None:
    job_id = ended_job(admin, days_ago=8, with_file=True)
    assert archived() == 1
    assert rows_of(job_id) == 0
    with reading() as session:
        found = lines_after(session, session.exec(select(Job)).one(), 0, 10)
    assert [line.message for line in found] == ["line 1", "line 2", "line 3"]


@pytest.mark.parametrize(("days_ago", "with_file"), [(1, True), (8, False)])
def test_a_young_log_or_one_without_a_file_keeps_its_rows(admin: Actor, days_ago: int, with_file: bool) -> None:
    job_id = ended_job(admin, days_ago=days_ago, with_file=with_file)
    assert archived() == 0
    assert rows_of(job_id) == 3


def test_logs_without_a_file_do_not_stand_in_the_way_of_others(admin: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "AT_ONCE", 2)
    for _ in range(3):
        ended_job(admin, days_ago=30, with_file=False)
    for _ in range(3):
        open_store().remove(ended_job(admin, days_ago=20, with_file=True))
    good = ended_job(admin, days_ago=8, with_file=True)
    assert archived() == 1
    assert rows_of(good) == 0
