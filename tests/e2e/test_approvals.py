"""Preview, the approval of another person, application and the way back, in the browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from orch_app.i18n import text
from tests.e2e import axe
from tests.e2e.conftest import OpenTab
from tests.e2e.looks import OPPOSITES, Look, Tab

JOB_MS = 120_000
JOB = re.compile(r"/jobs/(job_\w+)")
REASON = "Conferido com a rede"


def say(where: Tab, key: str, **params: object) -> str:
    """What the product calls it in the language of this tab."""
    return text(where.look.language, key, **params)


def press(where: Tab, key: str) -> None:
    """Press a button of the page: on a phone that in the bar for the thumb."""
    where.page.get_by_role("button", name=say(where, key), exact=True).locator("visible=true").first.click()


def choose(where: Tab, key: str) -> None:
    """Choose an entry of the page's menu."""
    where.page.get_by_role("button", name=say(where, "action.more"), exact=True).locator("visible=true").first.click()
    where.page.get_by_role("menuitem", name=say(where, key)).click()


def looked_at(where: Tab) -> None:
    assert axe.violations(where.page) == []
    assert where.fits()


def job_in(url: str) -> str:
    """The id of the job that an address shows; empty where it shows none."""
    found = JOB.search(url)
    return found[1] if found else ""


def came_to_another_job(page: Page, before: str) -> str:
    """The id of the job whose page was opened instead of that of the one before."""
    page.wait_for_url(lambda url: job_in(url) not in {"", before})
    return job_in(page.url)


def previewed(asker: Tab) -> str:
    """The id of a preview that has shown its plan, made in the drawer."""
    page = asker.open("/runbooks?run=trial")
    expect(page.get_by_text(say(asker, "launch.waits"))).to_be_visible()
    press(asker, "plan.preview")
    shown = came_to_another_job(page, "")
    expect(page.get_by_text(say(asker, "plan.shown_hint"))).to_be_visible(timeout=JOB_MS)
    looked_at(asker)
    page.get_by_role("link", name=say(asker, "approval.read_plan")).click()
    expect(page.locator(".dfs > li")).to_have_count(1)
    return shown


def asked_for(asker: Tab, shown: str) -> str:
    """The id of the job that applies it, and waits for another person."""
    press(asker, "plan.apply")
    asked = came_to_another_job(asker.page, shown)
    expect(asker.page.locator(".waits")).to_contain_text(say(asker, "approval.objection.role"))
    looked_at(asker)
    return asked


def approve(boss: Tab, job_id: str) -> None:
    """Find it in the list, read it, forget the reason, and then give one."""
    page = boss.open("/approvals")
    row = page.locator(f"main .rows a[href*='{job_id}']")
    expect(row).to_be_visible()
    looked_at(boss)
    row.click()
    expect(page.locator(".waits")).to_contain_text(say(boss, "approval.waits"))
    looked_at(boss)
    press(boss, "approval.approve")
    dialog = page.locator("dialog[open]")
    dialog.get_by_role("button", name=say(boss, "approval.approve"), exact=True).click()
    expect(dialog).to_contain_text(say(boss, "approval.reason_missing"))
    looked_at(boss)
    dialog.get_by_label(say(boss, "approval.reason")).fill(REASON)
    dialog.get_by_role("button", name=say(boss, "approval.approve"), exact=True).click()
    expect(dialog).to_have_count(0)


@pytest.mark.parametrize("look", OPPOSITES[1], ids=lambda look: look.name)
def test_a_plan_is_shown_approved_by_somebody_else_applied_and_shown_backwards(tab: OpenTab, look: Look):
    asker = tab("operator", look)
    page, asked = asker.page, asked_for(asker, previewed(asker))
    approve(tab("admin", look), asked)
    # Whoever asked sees it without asking again.
    expect(page.locator(".note", has_text=REASON)).to_be_visible(timeout=JOB_MS)
    looked_at(asker)
    expect(page.locator(".ttl .st")).to_have_text(say(asker, "status.SUCCESS"), timeout=JOB_MS)
    choose(asker, "plan.undo")
    came_to_another_job(page, asked)
    expect(page.get_by_text(say(asker, "plan.shown_hint"))).to_be_visible(timeout=JOB_MS)
    press(asker, "plan.roll_back")
    expect(page.locator("dialog[open]")).to_contain_text(say(asker, "plan.apply_body"))
    looked_at(asker)
