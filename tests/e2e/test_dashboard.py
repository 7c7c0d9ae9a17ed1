"""The dashboard and the frame around every page: live, searchable, by keyboard."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e import axe
from tests.e2e.conftest import OpenTab
from tests.e2e.looks import DESKTOP, PHONE, Look, Tab

JOB_MS = 120_000


def run_report(tab: Tab) -> str:
    """Run host_report on this machine through REST; gives the job's number."""
    answer = tab.page.request.post(
        f"{tab.product.url}/v1/runbooks/host_report/execute", data={"inputs": {}}, headers={"Origin": tab.product.url}
    )
    assert answer.status == 202, answer.text()
    return str(answer.json()["number"])


def test_a_job_appears_and_ends_on_the_open_page(tab: OpenTab):
    opened = tab("operator")
    page = opened.open("/dashboard")
    number = run_report(opened)
    row = page.locator("#recent tr", has=page.get_by_text(f"#{number}", exact=True))
    expect(row).to_be_visible()
    expect(row.locator(".st")).to_have_text("Concluído", timeout=JOB_MS)


def test_the_failures_of_a_day_lead_to_the_failures_of_a_day(tab: OpenTab):
    page = tab("operator").open("/dashboard")
    page.locator("a[href*='status=ERROR']").first.click()
    page.wait_for_url("**/jobs?status=ERROR&since=24h")
    expect(page.get_by_role("heading", name="Jobs", level=1)).to_be_visible()


def test_the_environment_switch_filters_and_is_remembered(tab: OpenTab):
    opened = tab("operator")
    page = opened.open("/dashboard")
    run_report(opened)
    of_stage = page.locator("#recent tbody").get_by_text("stage", exact=True)
    expect(of_stage.first).to_be_visible()
    page.get_by_role("radio", name="Prod").click()
    expect(of_stage).to_have_count(0)
    page.reload()
    expect(page.get_by_role("radio", name="Prod")).to_be_checked()
    opened.wait_until_alive()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    expect(of_stage).to_have_count(0)


def test_search_jumps_to_a_runbook_by_keyboard(tab: OpenTab):
    page = tab("operator").open("/dashboard")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("host_report")
    expect(page.get_by_role("option", name="host_report").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Runbooks", level=1)).to_be_visible()


def test_letters_lead_to_pages(tab: OpenTab):
    page = tab("operator").open("/dashboard")
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page.get_by_role("heading", name="Hosts", level=1)).to_be_visible()


def test_the_bottom_bar_reaches_every_page_by_thumb(tab: OpenTab):
    page = tab("operator", PHONE).open("/dashboard")
    page.get_by_role("button", name="Mais", exact=True).click()
    page.locator("dialog[open]").get_by_role("link", name="Conexões").click()
    expect(page.get_by_role("heading", name="Conexões", level=1)).to_be_visible()


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=lambda look: look.name)
def test_jobs_per_day_of_a_week_a_month_or_a_quarter_and_what_is_due_next(tab: OpenTab, look: Look):
    opened = tab("operator", look)
    run_report(opened)
    wanted = {"name": f"nightly {look.name}", "runbook": "host_report", "cron": "0 3 * * *"}
    made = opened.page.request.post(
        f"{opened.product.url}/v1/schedules", data=wanted, headers={"Origin": opened.product.url}
    )
    assert made.status == 201, made.text()
    page = opened.open("/dashboard")
    card = page.locator("#per-day")
    bars = card.locator(".days > div")
    expect(bars).to_have_count(30)
    card.get_by_role("radio", name="90 d").click()
    expect(bars).to_have_count(90)
    expect(card).to_contain_text("em 90 dias")
    expect(page).to_have_url(re.compile("days=90"))
    page.reload()
    expect(card.get_by_role("radio", name="90 d")).to_be_checked()
    card.get_by_role("radio", name="90 d").press("ArrowLeft")
    expect(bars).to_have_count(30)
    card.get_by_role("radio", name="7 d").click()
    expect(bars).to_have_count(7)
    assert axe.violations(page) == []
    assert opened.fits()
    page.locator("#scheduled").get_by_role("link", name=wanted["name"]).click()
    expect(page.locator("dialog[open]")).to_contain_text(wanted["name"])
