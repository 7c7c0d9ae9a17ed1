"""The catalogue and the run drawer: from a filter to a job, by hand, on a desktop and on a phone."""

import json
import re
import shlex

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e import axe
from tests.e2e.conftest import OpenTab
from tests.e2e.looks import DESKTOP, PHONE, Look, in_looks
from tests.e2e.product import Product, client_of

JOB_MS = 120_000
NOTE_PAINTS = """() => {
  window.seen = [];
  const note = () => window.seen.push(document.querySelector("main")?.innerText || "");
  new MutationObserver(note).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


def drawer(page: Page) -> Locator:
    return page.locator("dialog[open]")


def slot_field(page: Page, slot: str) -> Locator:
    return drawer(page).get_by_label(re.compile(rf"^Conexão: {slot}(?!_)"))


def opened(tab: OpenTab, look: Look = DESKTOP, role: str = "operator", path: str = "/runbooks?run=host_report") -> Page:
    """A tab with the drawer filled."""
    page = tab(role, look).open(path)
    expect(drawer(page).locator("fieldset, .f2").first).to_be_visible()
    return page


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=lambda look: look.name)
def test_a_runbook_is_found_filled_in_corrected_and_run(tab: OpenTab, look: Look):
    page = tab("operator", look).open("/runbooks")
    page.get_by_placeholder("Filtrar runbooks").fill("relatório")
    expect(page.locator("table tbody tr")).to_have_count(1)
    page.locator("table tbody tr .go").click()
    field = drawer(page).get_by_role("textbox", name="Avisar quando um disco passar de")
    field.fill("101")
    drawer(page).get_by_role("button", name="Executar").click()
    expect(drawer(page).get_by_text("Deve ser no máximo 100.")).to_be_visible()
    expect(field).to_be_focused()
    field.fill("70")
    drawer(page).get_by_role("button", name="Executar").click()
    expect(page.get_by_role("heading", name="Relatório do host", level=1)).to_be_visible()
    expect(page.locator(".ttl .st")).to_have_text("Concluído", timeout=JOB_MS)


def test_the_readme_is_at_hand_in_the_readers_language(tab: OpenTab):
    page = opened(tab)
    drawer(page).get_by_text("Sobre este runbook").click()
    expect(drawer(page).locator(".md")).to_contain_text("Lê o estado da máquina em que o JARVIS roda")
    expect(drawer(page).locator(".md code").first).to_be_visible()
    assert axe.violations(page) == []


def test_what_was_typed_a_moment_before_is_part_of_the_order(tab: OpenTab):
    page = opened(tab)
    field = drawer(page).get_by_role("textbox", name="Avisar quando um disco passar de")
    field.press("Control+a")
    field.press_sequentially("0")
    field.press("Control+Enter")
    expect(drawer(page).get_by_text("Deve ser no mínimo 1.")).to_be_visible()


def test_closing_keeps_the_filters_and_gives_the_focus_back(tab: OpenTab):
    page = opened(tab, path="/runbooks?q=host&run=host_report")
    page.keyboard.press("Escape")
    expect(drawer(page)).to_have_count(0)
    expect(page.get_by_placeholder("Filtrar runbooks")).to_have_value("host")
    expect(page).not_to_have_url(re.compile("run="))


def test_hosts_must_be_chosen_when_the_job_is_for_hosts(tab: OpenTab):
    page = opened(tab)
    drawer(page).get_by_role("radio", name="Hosts").click()
    drawer(page).get_by_role("button", name="Executar").click()
    expect(drawer(page).get_by_text("Escolha pelo menos um host.")).to_be_visible()


def test_a_viewer_reads_the_form_and_is_told_why_it_cannot_run(tab: OpenTab):
    page = opened(tab, role="viewer")
    expect(drawer(page).get_by_text("Seu papel não executa este runbook aqui.")).to_be_visible()
    expect(drawer(page).get_by_text("O papel Operador executa: um administrador pode dá-lo a você.")).to_be_visible()
    expect(drawer(page).get_by_role("button", name="Executar")).to_be_disabled()
    expect(drawer(page).get_by_role("textbox", name="Avisar quando um disco passar de")).to_be_disabled()


def test_the_call_for_a_shell_is_the_same_order(tab: OpenTab):
    page = opened(tab)
    drawer(page).get_by_role("textbox", name="Motivo").fill("o'clock")
    drawer(page).get_by_text("Chamada da API (curl)").click()
    shown = drawer(page).locator("pre")
    expect(shown).to_contain_text("requestReason")
    body = json.loads(shlex.split(shown.inner_text().replace("\\\n", ""))[-1])
    assert body["requestReason"] == "o'clock"
    assert body["inputs"]["disk_warn_pct"] == 85


def test_titles_are_told_in_the_readers_language(tab: OpenTab):
    page = tab("viewer", Look(language="en")).open("/runbooks?run=host_report")
    expect(drawer(page).get_by_role("heading", name="Host report")).to_be_visible()
    expect(drawer(page).get_by_role("textbox", name="Warn when a disk is fuller than")).to_be_visible()


def test_an_unknown_runbook_says_so_in_the_drawer(tab: OpenTab):
    page = tab("viewer").open("/runbooks?run=nothing")
    expect(drawer(page).get_by_text("Não existe runbook com este nome.")).to_be_visible()


def test_coming_back_does_not_show_what_was_filtered_on_the_last_visit(tab: OpenTab):
    page = tab("operator").open("/runbooks?risk=broken&q=nothing-of-that-name")
    expect(page.get_by_text("Nenhum resultado")).to_be_visible()
    page.locator("aside, nav").get_by_role("link", name="Jobs").first.click()
    expect(page.get_by_role("heading", name="Jobs", level=1)).to_be_visible()
    page.evaluate(NOTE_PAINTS)
    page.locator("aside, nav").get_by_role("link", name="Runbooks").first.click()
    expect(page.locator("table tbody tr").first).to_be_visible()
    assert not any("Nenhum resultado" in seen for seen in page.evaluate("window.seen"))


def test_a_runbooks_link_is_copied_and_its_call_is_one_press_away(tab: OpenTab):
    page = tab("operator").open("/runbooks")
    row = page.locator("table tbody tr", has_text="host_report")
    row.get_by_role("button", name=re.compile("^Mais ações")).click()
    page.get_by_role("menuitem", name="Copiar link").click()
    expect(page.get_by_text("Link copiado")).to_be_visible()
    row.get_by_role("button", name=re.compile("^Mais ações")).click()
    page.get_by_role("menuitem", name="Chamada da API (curl)").click()
    expect(drawer(page).locator("pre")).to_contain_text("curl -X POST")
    assert axe.violations(page) == []


def test_one_more_registry_is_asked_for_when_the_one_before_is_chosen(tab: OpenTab, product: Product):
    login = {"url": "https://r.example.org", "username": "ops", "password": "pull"}
    with client_of(product, "admin") as client:
        for name in ("ours", "theirs"):
            order = {"type": "registry", "name": name, "environment": "stage", "payload": login}
            client.post("/v1/connections", json=order).raise_for_status()
    page = opened(tab, path="/runbooks?run=swarm_deploy")
    first, second = (slot_field(page, slot) for slot in ("registry", "registry_2"))
    expect(first).to_be_visible()
    expect(second).to_have_count(0)
    first.select_option(label="ours")
    second.select_option(label="theirs")
    expect(slot_field(page, "registry_3")).to_be_visible()
    first.select_option(value="")
    expect(second).to_be_visible()


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=lambda look: look.name)
def test_high_risk_in_production_waits_until_its_name_was_typed(tab: OpenTab, look: Look):
    found = tab("admin", look)
    page = found.open("/runbooks?run=power_cut&environment=prod")
    drawer(page).get_by_role("button", name="Executar").click()
    asked = page.get_by_role("dialog", name="Executar Corte de energia em produção?")
    go, field = asked.get_by_role("button", name="Executar em produção"), asked.get_by_label("Digite power_cut")
    expect(go).to_be_disabled()
    field.fill("power")
    field.press("Enter")
    expect(asked.get_by_role("alert")).to_have_text("Digite power_cut exatamente como está.")
    expect(field).to_be_focused()
    assert axe.violations(page) == []
    assert found.fits()
    page.keyboard.press("Escape")
    expect(asked).to_have_count(0)
    drawer(page).get_by_role("button", name="Executar").click()
    field.fill("power_cut")
    expect(go).to_be_enabled()
    field.press("Enter")
    expect(page.get_by_role("heading", name="Corte de energia", level=1)).to_be_visible()
    expect(page.locator(".ttl .st")).to_have_text("Concluído", timeout=JOB_MS)
    before = page.url
    page.locator(".thumb" if look.is_phone else ".ph-a").get_by_role("button", name="Repetir").click()
    field.fill("power_cut")
    go.click()
    expect(page).not_to_have_url(before)


@in_looks(2)
def test_the_drawer_is_accessible_and_fits(tab: OpenTab, look: Look):
    found = tab("operator", look)
    page = found.open("/runbooks?run=host_report")
    expect(drawer(page).locator("footer .btn.p")).to_be_enabled()
    drawer(page).get_by_role("radio", name="Hosts").click()
    expect(drawer(page).locator(".pickh")).to_be_visible()
    assert axe.violations(page) == []
    assert found.fits()


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=lambda look: look.name)
def test_a_favourite_is_starred_by_key_and_stands_first_until_it_is_taken_back(tab: OpenTab, look: Look):
    found = tab("operator", look)
    page = found.open("/runbooks")
    rows = page.locator("table tbody tr")
    expect(rows.first).to_be_visible()
    last = rows.last.locator(".star").get_attribute("aria-label") or ""
    star = page.get_by_role("button", name=last)
    star.focus()
    page.keyboard.press("Enter")
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(rows.first.locator(".star")).to_have_attribute("aria-label", last)
    expect(star).to_be_focused()
    page.get_by_role("button", name="Favoritos", exact=True).click()
    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile("category=favourites"))
    assert axe.violations(page) == []
    assert found.fits()
    page.reload()
    expect(star).to_have_attribute("aria-pressed", "true")
    star.click()
    expect(page.get_by_text("Nenhum favorito ainda")).to_be_visible()


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=lambda look: look.name)
def test_values_are_kept_as_a_preset_chosen_again_and_removed(tab: OpenTab, look: Look):
    found = tab("admin", look)
    page = found.open("/runbooks?run=host_report")
    field = drawer(page).get_by_role("textbox", name="Avisar quando um disco passar de")
    field.fill("61")
    drawer(page).get_by_role("button", name="Salvar estes valores como predefinição").click()
    name = drawer(page).get_by_role("textbox", name="Nome da predefinição")
    name.fill(f"Rigoroso {look.name}")
    assert axe.violations(page) == []
    drawer(page).get_by_role("button", name="Salvar", exact=True).click()
    expect(page.get_by_text("Predefinição salva")).to_be_visible()
    page.reload()
    expect(field).to_have_value("85")
    chosen = drawer(page).get_by_role("combobox", name="Predefinição")
    chosen.select_option(label=f"Rigoroso {look.name}")
    expect(field).to_have_value("61")
    drawer(page).get_by_text("Avançado").click()
    drawer(page).get_by_role("combobox", name="Prioridade na fila").select_option(label="À frente")
    expect(drawer(page).get_by_text("prioridade: À frente")).to_be_visible()
    assert axe.violations(page) == []
    assert found.fits()
    drawer(page).get_by_role("button", name="Ações da predefinição").click()
    page.get_by_role("menuitem", name="Excluir predefinição").click()
    drawer(page).get_by_role("button", name="Excluir", exact=True).click()
    expect(page.get_by_text("Predefinição excluída")).to_be_visible()
    expect(chosen).to_have_count(0)


def test_a_preset_that_no_longer_fits_says_so_and_can_be_put_right(tab: OpenTab):
    found = tab("operator")
    place = f"{found.product.url}/v1/runbooks/host_report/presets"
    made = {"name": "Antigo", "inputs": {"sections": ["gone"]}}
    origin = {"Origin": found.product.url}
    old = found.page.request.post(place, data=made, headers=origin).json()
    page = found.open("/runbooks?run=host_report")
    drawer(page).get_by_role("combobox", name="Predefinição").select_option(label="Antigo")
    expect(drawer(page).get_by_text("gone: Deve ser um destes")).to_be_visible()
    drawer(page).get_by_role("checkbox", name="gone").click()
    expect(drawer(page).get_by_role("checkbox", name="gone")).to_have_count(0)
    assert axe.violations(page) == []
    page.request.delete(f"{place}/{old['id']}", headers=origin)
