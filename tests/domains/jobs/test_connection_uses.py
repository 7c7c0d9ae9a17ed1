"""Jobs that have not ended use the connections that they name."""

import pytest

from orch_app.domains.jobs.connection_uses import find_uses
from orch_app.domains.jobs.states import Status
from orch_app.kit.db import reading
from tests.domains.jobs.rows import add_job

pytestmark = pytest.mark.usefixtures("database")


def test_waiting_and_running_jobs_use_what_they_name_and_others_do_not() -> None:
    add_job(1, status=Status.PENDING, connection_ids={"dns": "con_a", "spare": "con_a"})
    add_job(2, status=Status.RUNNING, connection_ids={"dns": "con_b"})
    add_job(3, status=Status.SUCCESS, connection_ids={"dns": "con_a"})
    add_job(4, status=Status.PENDING)
    add_job(5, status=Status.PENDING, connection_ids={"dns": "con_c"})
    with reading() as session:
        found = sorted(find_uses(session, ["con_a", "con_b"]), key=lambda use: use.name)
    assert [(use.connection_id, use.kind, use.name, use.environment) for use in found] == [
        ("con_a", "job", "#1 host_report", "stage"),
        ("con_b", "job", "#2 host_report", "stage"),
    ]
