"""Playbooks of one's own by hand: a folder is added, looked at, trusted, a playbook adopted, one started by a push."""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from orch_app.i18n import text
from tests.domains.sources.files import runbook_files
from tests.e2e import axe
from tests.e2e.conftest import OpenTab
from tests.e2e.looks import Look, Tab, in_looks
from tests.e2e.product import Product

FETCHED_MS = 60_000
PLAYBOOK = "- hosts: web\n  vars: {port: 80}\n  tasks: []\n"


def drawer(page: Page) -> Locator:
    """The dialog that is on top."""
    return page.locator("dialog[open]").last


def press(page: Page, name: str) -> None:
    drawer(page).get_by_role("button", name=name, exact=True).last.click()


def looks_good(found: Tab) -> None:
    assert axe.violations(found.page) == []
    assert found.fits()


def call(found: Tab, method: str, path: str) -> Any:
    """A REST call in the name of the tab's user."""
    answer = found.page.request.fetch(
        f"{found.product.url}{path}", method=method, headers={"Origin": found.product.url}
    )
    assert answer.ok, answer.text()
    return answer.json() if answer.status != 204 else None


@contextmanager
def folder(product: Product, name: str) -> Iterator[Path]:
    """A folder that may be a source, with a runbook of this name and a plain playbook beside it."""
    place = Path(product.variables["ORCH_SOURCE_FOLDERS"]) / name
    files = runbook_files(name, title=name, title_pt=name) | {f"site_{name}.yml": PLAYBOOK}
    for path, content in files.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(content)
    yield place


@in_looks(2)
def test_from_a_folder_to_the_job_that_a_push_starts(tab: OpenTab, product: Product, look: Look) -> None:
    name = f"greet_{'phone' if look.is_phone else 'desk'}"
    found = tab("admin", look)
    with folder(product, name) as place:
        add(found, name, place)
        adopt(found, name)
        trust(found, name)
    hook_id = webhook(found, name)
    call(found, "DELETE", f"/v1/webhooks/{hook_id}")
    remove(found, name)


def add(found: Tab, name: str, place: Path) -> None:
    page = found.open("/sources")
    press_first(page, said(found, "sources.add"))
    form = drawer(page)
    form.get_by_role("radio", name=said(found, "sources.kind.folder")).click()
    form.get_by_label(said(found, "sources.form.name"), exact=True).fill(name)
    form.get_by_label(said(found, "sources.form.path")).fill("/etc")
    press(page, said(found, "sources.form.add_and_fetch"))
    expect(form.locator(".hint.bad")).to_contain_text("ORCH_SOURCE_FOLDERS")
    looks_good(found)
    form.get_by_label(said(found, "sources.form.path")).fill(str(place))
    press(page, said(found, "sources.form.add_and_fetch"))
    row = page.locator("tr").filter(has=page.get_by_role("button", name=name, exact=True))
    expect(row.get_by_text(said(found, "sources.state.waiting"))).to_be_visible(timeout=FETCHED_MS)
    page.get_by_role("button", name=name, exact=True).click()
    expect(drawer(page).get_by_text(f"{name}/playbook.yml").first).to_be_visible()
    looks_good(found)


def adopt(found: Tab, name: str) -> None:
    page = found.page
    press(page, said(found, "sources.adopt"))
    form = drawer(page)
    expect(form.get_by_label(said(found, "adoption.name"), exact=True)).to_have_value(f"site_{name}")
    form.locator('[data-row="0"] [data-col="kind"] select').select_option(
        label=said(found, "adoption.variable.kind.integer")
    )
    form.locator('[data-row="0"] [data-col="default"] input').fill("many")
    press(page, said(found, "sources.adopt"))
    expect(form.get_by_text(text(found.look.language, "launch.correct", n=1))).to_be_visible()
    looks_good(found)
    form.locator('[data-row="0"] [data-col="default"] input').fill("8080")
    press(page, said(found, "sources.adopt"))
    expect(page.locator("dialog[open]")).to_have_count(1)


def trust(found: Tab, name: str) -> None:
    page = found.page
    newest = drawer(page).get_by_role("button", name=said(found, "sources.look_newest"), exact=True)
    written = drawer(page).get_by_text(f"site_{name}/schema.json").first
    expect(newest.or_(written)).to_be_visible(timeout=FETCHED_MS)
    if newest.is_visible():
        newest.click()
    expect(written).to_be_visible()
    looks_good(found)
    press(page, said(found, "sources.trust"))
    expect(drawer(page).get_by_text(said(found, "sources.trust_body"))).to_be_visible()
    press(page, said(found, "sources.trust"))
    row = page.locator("tr").filter(has=page.get_by_role("button", name=name, exact=True))
    expect(row.get_by_text(said(found, "sources.state.trusted"), exact=True).first).to_be_visible()


def webhook(found: Tab, name: str) -> str:
    """The id of a webhook that was made by hand, was told something, and started a job."""
    page = found.open("/webhooks")
    press_first(page, said(found, "hooks.add"))
    form = drawer(page)
    form.get_by_label(said(found, "schedules.runbook"), exact=True).select_option(label=name)
    form.get_by_label(said(found, "hooks.form.name"), exact=True).fill(name)
    add_row = said(found, "schema.add_item", name=said(found, "hooks.form.mapped").lower())
    form.get_by_role("button", name=add_row).click()
    form.locator('[data-row="0"] [data-col="input"] select').select_option(label="word")
    form.locator('[data-row="0"] [data-col="pointer"] input').fill("text")
    looks_good(found)
    press(page, said(found, "action.save"))
    expect(drawer(page).get_by_text(said(found, "hooks.nothing_came"))).to_be_visible()
    press(page, said(found, "secret.show"))
    secret = drawer(page).locator(".fp.ok code").inner_text()
    looks_good(found)
    url = drawer(page).locator(".fp code").first.inner_text()
    body = '{"text": "hello"}'
    signed = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={signed}", "X-GitHub-Event": "push", "Content-Type": "application/json"}
    answer = page.request.post(url, data=body, headers=headers)
    assert (answer.status, answer.json()["outcome"]) == (202, "launched"), answer.text()
    expect(drawer(page).get_by_text(said(found, "hooks.outcome.launched"))).to_be_visible()
    looks_good(found)
    return url.rpartition("/")[2]


def remove(found: Tab, name: str) -> None:
    page = found.open("/sources")
    page.get_by_role("button", name=said(found, "hosts.actions", name=name)).click()
    page.get_by_role("menuitem", name=said(found, "action.delete")).click()
    drawer(page).get_by_role("textbox").fill(name)
    press(page, said(found, "action.delete"))
    expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)


def said(found: Tab, key: str, **params: object) -> str:
    return text(found.look.language, key, **params)


def press_first(page: Page, name: str) -> None:
    """The page's own button: above on a desktop, in reach of a thumb on a phone."""
    page.get_by_role("button", name=name, exact=True).filter(visible=True).first.click()
