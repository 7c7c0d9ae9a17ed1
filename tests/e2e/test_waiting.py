"""A job that waits for a lock, in the browser: it says for whom, and begins by itself when the lock is free."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e import axe
from tests.e2e.conftest import OpenTab
from tests.e2e.looks import DESKTOP, PHONE, Look, Tab

JOB_MS = 120_000


def ordered(where: Tab, wait: int) -> str:
    answer = where.page.request.post(
        f"{where.product.url}/v1/runbooks/narrow_door/execute",
        data={"inputs": {"wait": wait}},
        headers={"Origin": where.product.url},
    )
    assert answer.status == 202, answer.text()
    return answer.json()["jobId"]


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=str)
def test_a_waiting_job_says_for_whom_and_begins_when_the_lock_is_free(tab: OpenTab, look: Look):
    where = tab("operator", look)
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
