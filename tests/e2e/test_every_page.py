"""Every page in every size, theme and language: nothing that axe finds, nothing that scrolls sideways."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import axe
from tests.e2e.conftest import OpenTab
from tests.e2e.looks import LOOKS, Look

# path, and who looks at it ("" is nobody)
PAGES = (
    ("/login", ""),
    ("/dashboard", "admin"),
    ("/runbooks", "admin"),
    ("/jobs", "admin"),
    ("/schedules", "admin"),
    ("/schedules", "viewer"),
    ("/schedules?new=host_report", "operator"),
    ("/pipelines", "admin"),
    ("/pipelines", "viewer"),
    ("/pipelines?edit=new", "admin"),
    ("/pipelines/plr_nothing", "viewer"),
    ("/hosts", "admin"),
    ("/connections", "admin"),
    ("/connections", "viewer"),
    ("/workers", "admin"),
    ("/workers", "viewer"),
    ("/settings", "admin"),
    ("/settings?tab=users", "admin"),
    ("/settings?tab=users", "viewer"),
    ("/settings?tab=about", "viewer"),
)


def settled(page: Page) -> None:
    """The page shows what it has to show: no skeleton, and nothing busy."""
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


@pytest.mark.parametrize("look", LOOKS)
def test_a_page_is_accessible_and_fits(look: Look, tab: OpenTab, tmp_path: Path):
    tabs = {role: tab(role, look) for role in {role for _, role in PAGES}}
    faults: dict[str, list[str]] = {}
    for path, role in PAGES:
        page = tabs[role].open(path)
        settled(page)
        found = axe.violations(page) + ([] if tabs[role].fits() else ["scrolls sideways"])
        faults |= {f"{path} as {role or 'nobody'}": found} if found else {}
    assert faults == {}
