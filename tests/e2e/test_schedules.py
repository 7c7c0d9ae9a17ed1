"""Schedules by hand: made from a runbook, seen in words, run, paused and held by a blackout."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e import axe
from tests.e2e.conftest import OpenTab
from tests.e2e.looks import DESKTOP, PHONE, Look, Tab, in_looks


def drawer(page: Page) -> Locator:
    return page.locator("dialog[open]")


def press(page: Page, name: str) -> None:
    drawer(page).get_by_role("button", name=name, exact=True).click()


def call(tab: Tab, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """A REST call in the name of the tab's user."""
    headers = {"Origin": tab.product.url}
    answer = tab.page.request.fetch(f"{tab.product.url}{path}", method=method, data=body, headers=headers)
    assert answer.ok, answer.text()
    return answer.json() if answer.status != 204 else None


def make(tab: Tab, name: str, **facts: Any) -> str:
    body = {"name": name, "runbook": "host_report", "cron": "0 3 * * 1-5", "timezone": "America/Sao_Paulo", **facts}
    return call(tab, "POST", "/v1/schedules", body)["id"]


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=lambda look: look.name)
def test_a_schedule_is_made_from_the_catalogue_read_in_words_and_run(tab: OpenTab, look: Look):
    name = f"relatório {look.name}"
    page = tab("operator", look).open("/schedules?new=host_report")
    form = drawer(page)
    form.get_by_label("Nome", exact=True).fill(name)
    form.get_by_role("radio", name="Semanal").click()
    form.get_by_role("button", name="sexta").click()
    expect(form.get_by_text("Segunda e sexta às 09:00")).to_be_visible()
    expect(form.locator(".meaning ol li")).to_have_count(5)
    expect(form.get_by_label("Fuso horário")).to_have_value("America/Sao_Paulo")
    press(page, "Salvar")
    expect(page.get_by_text("Agendamento salvo.")).to_be_visible()
    page.get_by_role("button", name=name, exact=True).click()
    press(page, "Executar agora")
    expect(page.get_by_role("heading", name="Relatório do host", level=1)).to_be_visible()
    page.get_by_role("link", name="Visão geral").click()
    page.get_by_role("link", name="Agendamento", exact=True).click()
    expect(drawer(page).get_by_text("à mão")).to_be_visible()


def test_an_expression_is_corrected_while_it_is_typed(tab: OpenTab):
    page = tab("operator").open("/schedules?new=host_report")
    form = drawer(page)
    form.get_by_role("radio", name="Cron").click()
    form.get_by_label("Expressão cron").fill("99 * * * *")
    expect(form.get_by_label("Expressão cron")).to_have_attribute("aria-invalid", "true")
    form.get_by_label("Expressão cron").fill("*/10 8-17 * * 1-5")
    expect(form.get_by_text("Segunda a sexta a cada 10 minutos das 08:00 às 17:59")).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer(page)).to_have_count(0)


def test_the_switch_pauses_and_what_it_says_is_seen_by_others(tab: OpenTab):
    admin = tab("admin")
    make(admin, "to be paused")
    other = tab("viewer").open("/schedules?q=to+be+paused")
    expect(other.get_by_role("switch")).to_be_disabled()
    page = admin.open("/schedules?q=to+be+paused")
    page.get_by_role("switch").click()
    expect(page.get_by_text("Agendamento pausado.")).to_be_visible()
    expect(other.get_by_role("row", name="to be paused").get_by_text("Pausado")).to_be_visible()


def test_a_blackout_is_made_and_an_admin_says_why_it_runs_all_the_same(tab: OpenTab):
    admin = tab("admin")
    schedule = make(admin, "held", environment="prod")
    page = admin.open("/schedules?q=held")
    page.get_by_role("button", name="Novo bloqueio").click()
    form = drawer(page)
    form.get_by_label("Nome", exact=True).fill("congelamento")
    form.get_by_role("radio", name="Recorrente").click()
    form.get_by_role("radio", name="Cron").click()
    form.get_by_label("Expressão cron").fill("* * * * *")
    press(page, "Salvar")
    expect(page.get_by_text("Vale agora")).to_be_visible()
    page.get_by_role("button", name="Ações de held").click()
    page.get_by_role("menuitem", name="Executar agora").click()
    expect(drawer(page).get_by_role("button", name="Iniciar mesmo assim")).to_be_disabled()
    drawer(page).get_by_label("Por que iniciar mesmo assim?").fill("o cliente espera")
    press(page, "Iniciar mesmo assim")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Relatório do host")
    history = call(admin, "GET", f"/v1/schedules/{schedule}/firings")["items"]
    assert [one["kind"] for one in history] == ["manual"]
    for blackout in call(admin, "GET", "/v1/blackouts")["items"]:
        call(admin, "DELETE", f"/v1/blackouts/{blackout['id']}")


@in_looks(3)
def test_list_drawer_and_forms_are_accessible_and_fit(tab: OpenTab, look: Look):
    found = tab("admin", look)
    name = f"looked at {look.name}"
    make(found, name)
    page = found.open("/schedules")
    expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()
    assert axe.violations(page) == []
    page.get_by_role("button", name=name, exact=True).click()
    expect(drawer(page).locator(".moments li")).to_have_count(5)
    assert axe.violations(page) == []
    drawer(page).get_by_role("button", name="Editar" if look.language == "pt-BR" else "Edit", exact=True).click()
    expect(drawer(page).locator(".meaning")).to_be_visible()
    assert axe.violations(page) == []
    assert found.fits()
