"""Pipelines in the browser: written, started, watched as a graph, cancelled, resumed, and read as a report."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e import axe
from tests.e2e.conftest import OpenTab
from tests.e2e.drill import chain
from tests.e2e.looks import DESKTOP, PHONE, Look, Tab, in_looks

RUN_MS = 240_000


def asked(where: Tab, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """What REST answers to a POST in the name of the tab."""
    url = where.product.url
    answer = where.page.request.post(f"{url}/v1/{path}", data=body or {}, headers={"Origin": url})
    assert answer.ok, answer.text()
    return answer.json()


def begun(where: Tab, name: str, **inputs: Any) -> str:
    """The id of a run of a new pipeline of this name."""
    pipeline = asked(where, "pipelines", chain(name))
    return asked(where, f"pipelines/{pipeline['id']}/run", {"inputs": inputs})["runId"]


def node(page: Page, step: str) -> Locator:
    return page.locator(".pg-n", has=page.locator("b", has_text=re.compile(f"^{step}$")))


def status(page: Page) -> Locator:
    return page.locator(".ttl .st")


def test_a_failure_is_followed_through_the_graph_and_resumed(tab: OpenTab):
    where = tab()
    page = where.open(f"/pipelines/{begun(where, 'failing', fail=True)}")
    expect(node(page, "leave")).to_contain_text("Falhou", timeout=RUN_MS)
    expect(status(page)).to_have_text("Concluído", timeout=RUN_MS)
    expect(node(page, "call")).to_contain_text("Concluído")
    expect(node(page, "report")).to_contain_text("Concluído")
    expect(page.get_by_role("table", name="Relatório")).to_contain_text("the door is locked")
    node(page, "leave").get_by_role("link").click()
    expect(page.locator(".fail")).to_contain_text("the door is locked")
    page.get_by_role("link", name="Pipeline", exact=True).click()
    expect(status(page)).to_have_text("Concluído")


def test_a_run_is_cancelled_and_resumed_on_its_page(tab: OpenTab):
    where = tab("operator")
    made = tab("admin")
    run_id = begun(made, "stopped", wait=120)
    page = where.open(f"/pipelines/{run_id}")
    expect(node(page, "doors")).to_contain_text("Executando", timeout=RUN_MS)
    page.get_by_role("button", name="Cancelar execução").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Cancelar execução").click()
    expect(status(page)).to_have_text("Cancelado", timeout=RUN_MS)
    expect(node(page, "report")).to_contain_text("Cancelado")
    page.get_by_role("button", name="Retomar").first.click()
    expect(node(page, "doors")).to_contain_text("Executando", timeout=RUN_MS)
    expect(node(page, "alarm")).to_contain_text("Concluído")
    asked(where, f"pipeline-runs/{run_id}/cancel")


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_pipeline_is_written_by_hand_and_started(tab: OpenTab, look: Look):
    where = tab("admin", look)
    page = where.open("/pipelines?edit=new")
    drawer = page.get_by_role("dialog", name="Novo pipeline")
    name = f"by-hand-{look.width}"
    drawer.get_by_role("textbox", name="Nome", exact=True).fill(name)
    drawer.get_by_role("combobox", name="Runbook").select_option(label="Treino de incêndio")
    drawer.get_by_role("button", name="Adicionar passo").click()
    second = drawer.get_by_role("group", name="Passo 2")
    second.get_by_role("combobox", name="Runbook").select_option(label="Treino de incêndio")
    second.get_by_role("textbox", name="Espera").fill("${inputs.nothing}")
    drawer.get_by_role("button", name="Salvar").click()
    expect(second).to_contain_text("O pipeline não declara a entrada nothing.")
    second.get_by_role("textbox", name="Espera").fill("0")
    drawer.get_by_role("button", name="Salvar").click()
    expect(drawer).to_be_hidden()
    page.get_by_role("link", name=f"Executar {name}").click()
    page.get_by_role("dialog", name=name).get_by_role("button", name="Executar").click()
    expect(page).to_have_url(re.compile("/pipelines/plr_"))
    expect(page.locator(".pg-n")).to_have_count(2)
    expect(status(page)).to_have_text("Concluído", timeout=RUN_MS)


def test_a_definition_is_edited_as_text(tab: OpenTab):
    where = tab()
    pipeline = asked(where, "pipelines", chain("as-text"))
    page = where.open(f"/pipelines?edit={pipeline['id']}")
    drawer = page.get_by_role("dialog")
    drawer.get_by_role("radio", name="YAML").click()
    text = drawer.get_by_role("textbox", name=re.compile("Definição"))
    expect(text).to_have_value(re.compile("^name: as-text"))
    text.fill("name: [")
    drawer.get_by_role("button", name="Aplicar texto").click()
    expect(drawer).to_contain_text("YAML line 1")
    text.fill("name: as-text\ntitle: Outro\nsteps:\n  - {id: only, runbook: drill}\n")
    drawer.get_by_role("button", name="Aplicar texto").click()
    expect(drawer.get_by_role("textbox", name="Título")).to_have_value("Outro")
    drawer.get_by_role("button", name="Salvar").click()
    expect(page.get_by_role("table", name="Definidos")).to_contain_text("Outro")


@in_looks(1)
def test_each_screen_of_pipelines_is_accessible_and_fits(tab: OpenTab, look: Look):
    where = tab("admin", look)
    made = asked(where, "pipelines", chain(f"look-{look.name.lower()}"))
    run_id = asked(where, f"pipelines/{made['id']}/run", {"inputs": {"wait": 60}})["runId"]
    screens = {
        "the list": "/pipelines",
        "the editor": f"/pipelines?edit={made['id']}",
        "the order": f"/pipelines?run={made['id']}",
        "a run": f"/pipelines/{run_id}",
    }
    faults: dict[str, list[str]] = {}
    for name, path in screens.items():
        page = where.open(path)
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        expect(page.locator(".pg-n, .rows tbody tr").first).to_be_visible()
        found = axe.violations(page) + ([] if where.fits() else ["scrolls sideways"])
        faults |= {name: found} if found else {}
    asked(where, f"pipeline-runs/{run_id}/cancel")
    assert faults == {}
