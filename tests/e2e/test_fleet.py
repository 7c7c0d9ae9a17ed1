"""A job over a thousand hosts in the browser: who differs from the rest, hosts a page at a time, a short timeline."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import create_engine, insert
from sqlmodel import SQLModel

from orch_app.domains.jobs.models import Job, JobStep, StepHost
from tests.e2e import axe
from tests.e2e.conftest import OpenTab
from tests.e2e.looks import DESKTOP, PHONE, Look
from tests.e2e.product import Product

JOB_ID = "job_00000000000000000000FLEET0"
NAMES = [f"node-{n}" for n in range(1_000)]
ODD = ("node-17", "node-404", "node-900")
TASKS = ("Read the kernel", "Restart what is old", "Look again")


@pytest.fixture(scope="module")
def job_id(product: Product) -> str:
    """A finished job as the recorder leaves it, put into the tables: to run it takes minutes."""
    begin = datetime.now(UTC) - timedelta(days=400)  # so old that no other test counts it among the last ones
    times: dict[str, Any] = dict.fromkeys(("created_at", "queued_at", "started_at"), begin)
    times["finished_at"] = begin + timedelta(seconds=90)
    job = Job(id=JOB_ID, number=90_000, runbook_name="host_report", status="SUCCESS", host_names=NAMES, **times)
    job.phase = "done"
    steps = [_step(position, task, begin) for position, task in enumerate(TASKS, 1)]
    results = [_result(step, name) for step in steps for name in NAMES]
    engine = create_engine(f"sqlite:///{product.data_dir / 'orch.db'}", connect_args={"timeout": 30})
    with engine.begin() as connection:
        for rows in ([job], steps, results):
            connection.execute(insert(type(rows[0])), [_values(row) for row in rows])
    engine.dispose()
    return JOB_ID


def _step(position: int, task: str, begin: datetime) -> JobStep:
    start = begin + timedelta(seconds=30 * (position - 1))
    made = JobStep(id=f"stp_fleet{position}", job_id=JOB_ID, position=position, name=task, started_at=start)
    made.status, made.first_seq, made.finished_at = "SUCCESS", position, start + timedelta(seconds=30)
    return made


def _result(step: JobStep, host: str) -> StepHost:
    is_odd = host in ODD
    said = ("5.10.0" if is_odd else "6.1.0", "", f"{host} is fine")[step.position - 1]
    changed = is_odd and step.position == 2
    made = StepHost(step_id=step.id, host=host, job_id=JOB_ID, status="changed" if changed else "ok", changed=changed)
    made.message, made.duration_ms = said, 40
    return made


def _values(row: SQLModel) -> dict[str, Any]:
    columns: Any = type(row).__mapper__.column_attrs  # pyright: ignore[reportAttributeAccessIssue]
    return {column.key: getattr(row, column.key) for column in columns}


def names_shown(page: Page) -> list[str]:
    return page.locator("table.rows tbody .go").all_inner_texts()


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=lambda look: look.name)
def test_the_hosts_that_differ_are_named_with_the_difference(tab: OpenTab, job_id: str, look: Look):
    where = tab("viewer", look)
    where.open(f"/jobs/{job_id}?tab=hosts")
    page = where.page
    expect(page.get_by_role("heading", name="997 hosts iguais · 3 diferentes")).to_be_visible()
    group = page.locator(".list > li").filter(has_text="node-404")
    for words in ("Read the kernel", "5.10.0", "6.1.0", "Restart what is old"):
        expect(group).to_contain_text(words)
    expect(group).not_to_contain_text("Look again")
    assert where.fits()
    assert axe.violations(page) == []


def test_hosts_are_found_by_name_and_come_a_page_at_a_time(tab: OpenTab, job_id: str):
    where = tab("viewer")
    where.open(f"/jobs/{job_id}?tab=hosts")
    page = where.page
    expect(page.locator("table.rows tbody tr")).to_have_count(50)
    page.get_by_role("textbox", name="Buscar host").fill("node-40")
    expect(page.locator("table.rows tbody tr")).to_have_count(11)
    assert "node-404" in names_shown(page)
    page.locator("table.rows").get_by_role("button", name="node-404", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("5.10.0")


def test_the_timeline_of_a_fleet_has_a_bar_for_each_task_and_not_for_each_host(tab: OpenTab, job_id: str):
    where = tab("viewer")
    where.open(f"/jobs/{job_id}?tab=timeline")
    expect(where.page.locator(".gantt .gr.task")).to_have_count(len(TASKS))
