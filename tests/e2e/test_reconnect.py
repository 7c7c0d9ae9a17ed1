"""A tab whose server goes away says so, with the age of what it shows, and goes on by itself when it is back."""

import re
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.e2e import axe
from tests.e2e.looks import PHONE, open_tab
from tests.e2e.product import new_product

BACK_MS = 120_000


def test_a_lost_connection_is_told_with_the_age_of_what_is_seen_and_ends_by_itself(
    browser: Browser, screens: None, tmp_path: Path
):
    made = new_product(tmp_path / "data")
    address = made.add_user("viewer")
    with open_tab(browser, made, PHONE) as tab:
        with made.process("web", path="/login/"):
            tab.sign_in(address)
            page = tab.open("/jobs")
            expect(page.get_by_text("Nenhum job ainda")).to_be_visible()
            banner = page.locator("main .note.warn", has_text="Reconectando")
            expect(banner).to_have_count(0)
        expect(banner).to_be_visible(timeout=BACK_MS)
        expect(banner).to_contain_text(re.compile("Os dados são de (agora|há)"))
        expect(page.locator("main [role=status]", has_text="Reconectando")).to_have_count(1)
        assert axe.violations(page) == []
        with made.process("web", path="/login/"):
            expect(banner).to_have_count(0, timeout=BACK_MS)
        # What the browser itself says of a socket that is refused is no fault of the page's.
        tab.complaints.clear()
