"""Every page in every size, theme and language: nothing that axe finds, nothing that scrolls sideways."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import axe
from tests.e2e.conftest import OpenTab
from tests.e2e.looks import MATRIX, OPPOSITES, Look, as_parameter

# path, and who looks at it ("" is nobody)
PAGES = (
    ("/login", ""),
    ("/dashboard", "admin"),
    ("/runbooks", "admin"),
    ("/sources", "admin"),
    ("/sources", "viewer"),
    ("/webhooks", "admin"),
    ("/jobs", "admin"),
    ("/containers", "admin"),
    ("/containers", "viewer"),
    ("/logs", "admin"),
    ("/approvals", "admin"),
    ("/schedules", "admin"),
    ("/schedules", "viewer"),
    ("/schedules?new=host_report", "operator"),
    ("/pipelines", "admin"),
    ("/pipelines", "viewer"),
    ("/pipelines?edit=new", "admin"),
    ("/pipelines/plr_nothing", "viewer"),
    ("/hosts", "admin"),
    ("/hosts?tab=groups", "viewer"),
    ("/connections", "admin"),
    ("/connections", "viewer"),
    ("/workers", "admin"),
    ("/workers", "viewer"),
    ("/settings", "admin"),
    ("/settings?tab=users", "admin"),
    ("/settings?tab=users", "viewer"),
    ("/settings?tab=about", "viewer"),
)
# Without `--full` each share of the pages is looked at in a pair of looks of its own.
SHARES = len(OPPOSITES)


def settled(page: Page) -> None:
    """The page shows what it has to show: no skeleton, and nothing busy."""
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


@pytest.mark.parametrize(("look", "share"), [as_parameter(look, n, n) for look in MATRIX for n in range(SHARES)])
def test_a_page_is_accessible_and_fits(look: Look, share: int, tab: OpenTab):
    pages = PAGES[share::SHARES]
    tabs = {role: tab(role, look) for role in {role for _, role in pages}}
    faults: dict[str, list[str]] = {}
    for path, role in pages:
        page = tabs[role].open(path)
        settled(page)
        found = axe.violations(page) + ([] if tabs[role].fits() else ["scrolls sideways"])
        faults |= {f"{path} as {role or 'nobody'}": found} if found else {}
    assert faults == {}
