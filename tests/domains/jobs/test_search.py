"""What jobs are found by: a row made by the launch, for older jobs by the migration, and gone with the job."""

import pytest
from alembic import command
from alembic.config import Config
from sqlmodel import col, delete, select

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.jobs.models import Job, JobSearch
from orch_app.domains.jobs.search import row_of
from orch_app.kit import db
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.migrations import migrate
from orch_app.kit.settings import ROOT
from tests.domains.jobs.orders import launched, sync_runbooks
from tests.domains.jobs.rows import add_job

pytestmark = pytest.mark.usefixtures("database")
CONFIG = Config(str(ROOT / "alembic.ini"))
BEFORE = "0013"


def rows() -> list[dict[str, object]]:
    with reading() as session:
        return [row.model_dump() for row in session.exec(select(JobSearch).order_by(col(JobSearch.number)))]


def test_a_launched_job_is_found_at_once_and_a_removed_one_no_more() -> None:
    sync_runbooks(COMMAND_LINE)
    job = launched(COMMAND_LINE, request_reason="Ticket OPS-7")
    assert rows() == [row_of(job).model_dump()]
    with unit_of_work() as session:
        session.exec(delete(Job))
    assert rows() == []


def test_the_migration_makes_the_rows_of_older_jobs() -> None:
    add_job(1, host_names=["Web-1", "web-10"], request_reason="Two\nlines")
    add_job(2, host_names=[])
    add_job(3, host_names=["localhost"], created_by_name="Olga")
    made = rows()
    db.engine().dispose()
    command.downgrade(CONFIG, BEFORE)
    assert migrate()[0] > BEFORE
    assert [row["hosts"] for row in made] == ["\nweb-1\nweb-10\n", "\n", "\nlocalhost\n"]
    assert rows() == made
