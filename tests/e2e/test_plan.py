"""A plan on the page of its job: what stood there and what will, filtered, on a phone too."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import axe
from tests.e2e.conftest import OpenTab
from tests.e2e.looks import DESKTOP, PHONE, Look, Tab
from tests.runbooks import modules

CHANGED = {
    "id": "A www",
    "action": "update",
    "kind": "A",
    "name": "www",
    "before": {"content": "198.51.100.7", "ttl": 1},
    "after": {"content": "203.0.113.24", "ttl": 1},
    "fields": ["content"],
}
GONE = {**CHANGED, "id": "CNAME old", "action": "delete", "kind": "CNAME", "name": "old\u202egnp.", "after": None}
REFUSED = {**GONE, "id": "TXT apart", "action": "error", "kind": "TXT", "name": "apart", "before": None, "fields": []}
HEAD = {
    "runbook": "rewiring",
    "direction": "apply",
    "target": {"kind": "zone", "id": "z1", "name": "exemplo.com.br"},
}


def created(number: int) -> dict[str, Any]:
    """One of many new records."""
    name = f"srv-{number}"
    after = {"content": f"203.0.113.{number % 256}", "ttl": 300}
    return {
        "id": f"A {name}",
        "action": "create",
        "kind": "A",
        "name": name,
        "before": None,
        "after": after,
        "fields": [],
    }


def planned(where: Tab, items: list[dict[str, Any]], warnings: list[dict[str, Any]] | None = None) -> Page:
    """The plan of a job that has ended."""
    made = modules.shared("plan").Plan(HEAD, items, state=[], warnings=warnings or [])
    plan = modules.shared("plan").canonical(made.document).decode()
    body = {"inputs": {"plan": plan}}
    origin = {"Origin": where.product.url}
    answer = where.page.request.post(f"{where.product.url}/v1/runbooks/rewiring/execute", data=body, headers=origin)
    job_id = answer.json()["jobId"]
    assert where.job_when_over(job_id)["status"] == "SUCCESS"
    return where.open(f"/jobs/{job_id}?tab=plan")


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=lambda look: look.name)
def test_each_step_shows_what_stood_there_and_what_will(tab: OpenTab, look: Look):
    where = tab("operator", look)
    warning = {"code": "unused", "message": "old answered 212 queries today"}
    page = planned(where, [CHANGED, GONE, created(1), REFUSED, {**CHANGED, "action": "noop"}], [warning])
    plan = page.get_by_role("region", name="Mudanças em exemplo.com.br")
    expect(plan.locator(".dsum")).to_contain_text(
        re.compile("1 criar.*1 alterar.*1 excluir.*1 sem como.*1 sem mudança", re.DOTALL)
    )
    update = plan.get_by_role("listitem").filter(has_text="www")
    expect(update.locator(".old u")).to_have_text("198.51.100.7")
    expect(update.locator(".new u")).to_have_text("203.0.113.24")
    expect(plan.get_by_role("listitem").filter(has_text="apart").get_by_role("img")).to_have_accessible_name(
        "Sem como fazer"
    )
    # A name cannot look like another one by turning its letters round.
    expect(plan.get_by_role("listitem").filter(has_text="CNAME")).to_contain_text("old\\u202egnp.")
    expect(page.get_by_text("old answered 212 queries today")).to_be_visible()
    assert axe.violations(page) == []
    assert where.fits()


def test_thousands_of_steps_are_filtered_and_shown_in_parts(tab: OpenTab):
    page = planned(tab("operator", DESKTOP), [CHANGED, *(created(number) for number in range(900))])
    steps = page.locator(".dfs > li")
    expect(steps).to_have_count(200)
    page.get_by_role("button", name="Mostrar mais (701)").click()
    expect(steps).to_have_count(400)
    page.get_by_role("searchbox", name="Filtrar por tipo, nome ou valor").fill("srv-89")
    expect(steps).to_have_count(11)
    page.get_by_role("button", name="1 alterar").click()
    expect(page.get_by_text("Nada do plano corresponde ao filtro.")).to_be_visible()


def test_a_plan_without_changes_says_so(tab: OpenTab):
    page = planned(tab("operator", PHONE), [{**CHANGED, "action": "noop"}])
    expect(page.get_by_text("Nada a mudar: tudo já está como pedido.")).to_be_visible()


def test_a_plan_that_cannot_be_read_can_be_asked_for_again(tab: OpenTab):
    where = tab("operator", DESKTOP)
    where.page.route("**/artifacts/plan.json", lambda route: route.abort(), times=1)
    page = planned(where, [CHANGED])
    expect(page.get_by_text("O plano não pôde ser lido.")).to_be_visible()
    page.get_by_role("button", name="Tentar de novo").click()
    expect(page.locator(".dfs > li")).to_have_count(1)
