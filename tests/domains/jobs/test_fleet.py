"""The hosts of a job, summed up by the database."""

import pytest

from orch_app.domains.access.actor import ANONYMOUS, COMMAND_LINE
from orch_app.domains.jobs import fleet
from orch_app.domains.jobs.comparison import compare
from orch_app.domains.jobs.models import Job, JobStep, StepHost
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import NotFound, Unauthorized
from tests.domains.jobs.orders import launched, sync_runbooks

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def job() -> Job:
    """Two tasks on three hosts, the last of which no task has reached."""
    sync_runbooks(COMMAND_LINE)
    made = launched(COMMAND_LINE)
    with unit_of_work() as session:
        session.get_one(Job, made.id).host_names = ["web-1", "web-2", "web-3"]
        for position, name in enumerate(("Look", "Change"), 1):
            step = JobStep(id=f"stp_{position}", job_id=made.id, position=position, name=name, started_at=now())
            step.first_seq = 10 * position
            session.add(step)
            session.flush()
            for host, status in (("web-1", "ok"), ("web-2", "failed" if position == 2 else "ok")):
                row = StepHost(step_id=step.id, host=host, job_id=made.id, status=status, duration_ms=40)
                row.changed, row.message = position == 2 and host == "web-1", "disk full" if status == "failed" else ""
                session.add(row)
    return made


def test_each_host_has_its_worst_result_and_counts_and_failed_ones_come_first(job: Job):
    with reading() as session:
        found = fleet.list_hosts(session, COMMAND_LINE, job.id)
    assert [(host.name, host.status, host.length_ms) for host in found] == [
        ("web-2", "failed", 80),
        ("web-1", "changed", 80),
        ("web-3", "pending", 0),
    ]
    assert found[1].counts == {"ok": 1, "changed": 1}


def test_the_results_of_one_host_are_those_of_its_tasks_in_order(job: Job):
    with reading() as session:
        found = fleet.list_results(session, COMMAND_LINE, job.id, ["web-2"])
    assert [(one.task, one.status, one.message, one.seq) for one in found] == [
        ("Look", "ok", "", 10),
        ("Change", "failed", "disk full", 20),
    ]
    assert fleet.complaints(found) == {"web-2": "Change: disk full"}


def test_each_step_says_in_which_ways_it_ended_and_on_how_many_hosts(job: Job):
    with reading() as session:
        found = fleet.outcomes_by_step(session, job.id)
    assert [(one.status, one.changed, one.host, one.count) for one in found["stp_1"]] == [("ok", False, "web-1", 2)]
    assert len(found["stp_2"]) == 2


def test_the_hosts_are_compared_with_each_other_and_not_with_the_machine_that_helped(job: Job):
    with unit_of_work() as session:
        helped = StepHost(step_id="stp_1", host="localhost", job_id=job.id, status="ok", duration_ms=40)
        helped.message = ""
        session.add(helped)
    with reading() as session:
        found = compare(session, COMMAND_LINE, job.id)
    assert found.same + found.different == 2


def test_nobody_sees_hosts_of_a_job_without_the_right_or_of_none(job: Job):
    with reading() as session:
        with pytest.raises(Unauthorized):
            fleet.list_hosts(session, ANONYMOUS, job.id)
        with pytest.raises(NotFound):
            fleet.list_results(session, COMMAND_LINE, "job_none")
