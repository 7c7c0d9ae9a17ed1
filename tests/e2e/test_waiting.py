"""A job that waits for a lock, in the browser: it says for whom, and begins by itself when the lock is free."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.e2e import axe
from tests.e2e.conftest import OpenTab
from tests.e2e.drill import add_drill
from tests.e2e.looks import DESKTOP, PHONE, Look, Tab
from tests.e2e.product import Product, new_product, started

JOB_MS = 120_000
OpenHere = Callable[..., Tab]


@pytest.fixture(scope="module")
def locked(screens: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """An installation in which no two drills run at once."""
    folder = tmp_path_factory.mktemp("locked")
    runbooks = add_drill(folder / "runbooks")
    with (runbooks / "drill" / "runbook.yaml").open("a", encoding="utf-8") as metadata:
        metadata.write('locks: ["house:{{environment}}"]\n')
    made = new_product(folder / "data", ORCH_RUNBOOKS_DIR=str(runbooks))
    made.add_user("operator")
    with started(made):
        yield made


@pytest.fixture
def at(tab: OpenTab, locked: Product) -> OpenHere:
    return lambda look=DESKTOP: tab("operator", look, locked)


def ordered(where: Tab, wait: int) -> str:
    answer = where.page.request.post(
        f"{where.product.url}/v1/runbooks/drill/execute",
        data={"inputs": {"wait": wait}},
        headers={"Origin": where.product.url},
    )
    assert answer.status == 202, answer.text()
    return answer.json()["jobId"]


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=str)
def test_a_waiting_job_says_for_whom_and_begins_when_the_lock_is_free(at: OpenHere, look: Look):
    where = at(look)
    holder = ordered(where, 120)
    page = where.open(f"/jobs/{holder}")
    expect(page.locator(".ttl .st")).to_have_text(re.compile("Executando"), timeout=JOB_MS)
    number = page.title().split("#")[1].split(" ")[0]
    waiting = ordered(where, 0)
    page = where.open(f"/jobs/{waiting}")
    card = page.locator(".waits")
    expect(card).to_contain_text("Na fila, posição 1")
    expect(card).to_contain_text("Outro job usa uma trava")
    expect(card).to_contain_text("house:stage")
    expect(card.get_by_role("link", name=f"#{number}")).to_have_attribute("href", re.compile(f"/jobs/{holder}/?$"))
    expect(page.locator(".ttl .st")).to_have_text("Aguardando trava")
    assert axe.violations(page) == []
    assert where.fits()
    page.request.post(f"{where.product.url}/v1/jobs/{holder}/cancel", headers={"Origin": where.product.url})
    expect(card).to_have_count(0, timeout=JOB_MS)
    expect(page.locator(".ttl .st")).to_have_text("Concluído", timeout=JOB_MS)
