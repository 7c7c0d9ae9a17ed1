"""What failed first, and the lines that led to it."""

from collections.abc import Sequence

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs.failures import Failure, first_failure
from orch_app.domains.jobs.models import Job, JobLog, JobStep, StepHost
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.ids import new_id
from tests.domains.jobs.orders import launched

pytestmark = pytest.mark.usefixtures("catalogue")
Said = tuple[str, str, str]
MIXED = {
    "web-1": "ok",
    "web-2": "unreachable",
    "web-3": "unreachable",
    "web-4": "unreachable",
    "web-5": "failed",
    "web-6": "ok",
}


def ended(actor: Actor, status: str, lines: Sequence[Said] = (), detail: str = "") -> str:
    job_id = launched(actor).id
    with unit_of_work() as session:
        job = session.exec(select(Job).where(Job.id == job_id)).one()
        job.status, job.phase, job.reason_detail, job.last_seq = status, "done", detail, len(lines)
        session.add(job)
        for seq, (level, host, message) in enumerate(lines, 1):
            session.add(JobLog(job_id=job_id, seq=seq, ts=now(), level=level, host=host, message=message))
    return job_id


def add_step(job_id: str, position: int, name: str, first_seq: int, results: dict[str, tuple[str, str]]) -> None:
    with unit_of_work() as session:
        step = JobStep(
            id=new_id("stp"), job_id=job_id, position=position, name=name, first_seq=first_seq, started_at=now()
        )
        session.add(step)
        session.flush()
        for host, (status, message) in results.items():
            session.add(StepHost(step_id=step.id, host=host, job_id=job_id, status=status, message=message))


def failure_of(actor: Actor, job_id: str) -> Failure | None:
    with reading() as session:
        return first_failure(session, actor, job_id)


def test_a_job_that_did_not_fail_has_no_failure(admin: Actor):
    assert failure_of(admin, ended(admin, "SUCCESS", [("error", "", "said on the way")])) is None


def test_the_first_failing_task_and_its_own_lines_are_shown(admin: Actor):
    lines = [
        ("task", "", "TASK [Look]"),
        ("error", "web-2", "failed (ignored): earlier"),
        ("task", "", "TASK [Change]"),
        ("ok", "web-1", "ok"),
        ("error", "web-2", "fatal: FAILED! no space left"),
        ("error", "web-3", "fatal: FAILED! later"),
    ]
    job_id = ended(admin, "ERROR", lines, "Change on web-2: no space left")
    add_step(job_id, 1, "Look", 1, {"web-1": ("ok", ""), "web-2": ("ignored", "earlier")})
    results = {"web-1": ("ok", ""), "web-2": ("failed", "no space left"), "web-3": ("failed", "later")}
    add_step(job_id, 2, "Change", 3, results)
    found = failure_of(admin, job_id)
    assert found is not None
    assert (found.task, found.host, found.status) == ("Change", "web-2", "failed")
    assert (found.message, found.seq) == ("no space left", 5)
    assert [line.seq for line in found.lines] == [3, 4, 5]


def test_the_hosts_that_failed_with_it_and_otherwise_are_counted(admin: Actor):
    job_id = ended(admin, "ERROR")
    add_step(job_id, 1, "Look", 1, {host: (status, "") for host, status in MIXED.items()})
    add_step(job_id, 2, "Change", 3, {"web-3": ("failed", ""), "web-6": ("failed", "")})
    found = failure_of(admin, job_id)
    assert found is not None
    assert (found.task, found.host, found.status) == ("Look", "web-2", "unreachable")
    assert (found.others, found.elsewhere) == (2, 2)


def test_without_a_failing_task_the_detail_and_the_last_lines_are_shown(admin: Actor):
    job_id = ended(admin, "ERROR", [("info", "", "stopping"), ("info", "", "stopped")], "Ran longer than 600 s.")
    found = failure_of(admin, job_id)
    assert found is not None
    assert (found.task, found.message, found.seq) == ("", "Ran longer than 600 s.", 2)
    assert [line.message for line in found.lines] == ["stopping", "stopped"]


def test_a_job_that_never_wrote_a_line_shows_its_detail(admin: Actor):
    found = failure_of(admin, ended(admin, "ERROR", detail="bwrap is not there"))
    assert found == Failure("", "", "", "bwrap is not there", 0, [])
