"""The workers page: what runs where, and a drain from the question to `drained` and back."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import OpenTab
from tests.e2e.drill import add_drill
from tests.e2e.looks import DESKTOP, PHONE, Look
from tests.e2e.product import Product, new_product, started

ENGLISH = Look(1280, 800, "light", "en")


@pytest.fixture(scope="module")
def drilled(screens: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """An installation whose worker may be drained, with a runbook that takes as long as one likes."""
    folder = tmp_path_factory.mktemp("drilled")
    books = add_drill(folder / "books")
    made = new_product(folder / "data", ORCH_RUNBOOKS_DIR=str(books), ORCH_WORKER_NAME="alpha", ORCH_HEARTBEAT_S="1")
    for role in ("admin", "viewer"):
        made.add_user(role)
    with started(made):
        yield made


def row_of(page: Page, name: str) -> Locator:
    return page.get_by_role("row", name=name)


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_worker_is_drained_while_a_job_runs_there_and_takes_jobs_again(drilled: Product, tab: OpenTab, look: Look):
    opened = tab("admin", look, drilled)
    page = opened.open("/workers")
    row = row_of(page, "alpha")
    expect(row.locator(".st")).to_have_text("Online")
    launched = {"inputs": {"wait": 8}}
    origin = {"Origin": drilled.url}
    job = page.request.post(f"{drilled.url}/v1/runbooks/drill/execute", data=launched, headers=origin).json()
    link = row.get_by_role("link", name=f"#{job['number']} drill")
    expect(link).to_be_visible()
    row.get_by_role("button", name="Esvaziar").click()
    asked = page.locator("dialog[open]")
    expect(asked).to_contain_text("O que está em execução termina")
    asked.get_by_role("button", name="Esvaziar", exact=True).click()
    expect(row.locator(".st")).to_have_text("Esvaziando")
    expect(row.locator(".st")).to_have_text("Esvaziado")
    waits = page.request.post(f"{drilled.url}/v1/runbooks/drill/execute", data={}, headers=origin).json()
    ended = page.request.get(f"{drilled.url}/v1/jobs/{job['jobId']}").json()
    assert ended["status"] == "SUCCESS"
    assert page.request.get(f"{drilled.url}/v1/jobs/{waits['jobId']}?wait=2").json()["status"] == "PENDING"
    row.get_by_role("button", name="Retomar").click()
    page.locator("dialog[open]").get_by_role("button", name="Retomar", exact=True).click()
    expect(row.locator(".st")).to_have_text("Online")
    assert opened.job_when_over(waits["jobId"])["status"] == "SUCCESS"
    assert opened.fits()


def test_a_viewer_sees_the_workers_and_gets_no_buttons(tab: OpenTab):
    page = tab("viewer", ENGLISH).open("/workers")
    expect(page.get_by_role("row").nth(1)).to_contain_text("0 of 4 busy")
    expect(page.get_by_role("button", name="Drain")).to_have_count(0)


def test_without_a_worker_the_page_says_how_to_start_one(new_installation: Product, tab: OpenTab):
    new_installation.add_user("admin")
    page = tab("admin", PHONE, new_installation).open("/workers")
    expect(page.get_by_text("Nenhum worker deu sinal")).to_be_visible()
    expect(page.get_by_text("./orch worker", exact=True)).to_be_visible()
