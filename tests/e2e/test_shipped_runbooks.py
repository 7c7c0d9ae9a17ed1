"""Every runbook that comes with the product has a form that anybody can use, on a desk and on a phone."""

from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.e2e import axe
from tests.e2e.conftest import OpenTab
from tests.e2e.looks import Look, in_looks

SHIPPED = sorted(path.parent.name for path in (Path(__file__).parents[2] / "runbooks").glob("*/runbook.yaml"))
FITS = "drawer => drawer.scrollWidth <= drawer.clientWidth"
# A control that says nothing but the name of its key, as the form shows what has no title.
UNTITLED = """drawer => [...drawer.querySelectorAll("label, legend, th")]
  .map(part => part.textContent.trim()).filter(text => /^[a-z]+(_[a-z]+)+$/.test(text))"""


def drawer(page: Page) -> Locator:
    return page.locator("dialog[open]")


@in_looks(1)
def test_every_form_is_accessible_fits_and_names_its_fields(tab: OpenTab, look: Look) -> None:
    found = tab("admin", look)
    faults: dict[str, list[str]] = {}
    for name in SHIPPED:
        page = found.open(f"/runbooks?run={name}")
        expect(drawer(page).locator("footer .btn.p")).to_be_visible()
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        unnamed = [f"has no title: {key}" for key in drawer(page).evaluate(UNTITLED)]
        fits = found.fits() and drawer(page).evaluate(FITS)
        seen = [*axe.violations(page), *unnamed, *([] if fits else ["scrolls sideways"])]
        faults |= {name: seen} if seen else {}
    assert faults == {}
