"""Jobs in the browser: the list that moves nothing, and the page of one job, live, failed, canceled and repeated."""

import re
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e import axe
from tests.e2e.conftest import OpenTab
from tests.e2e.looks import DESKTOP, PHONE, Look, Tab, in_looks

JOB_MS = 120_000
OpenDrill = Callable[..., Tab]
Over = Callable[..., str]


@pytest.fixture
def at(tab: OpenTab) -> OpenDrill:
    """`at("admin", look)`: a browser tab, an operator's on a desktop when nothing else is said."""

    def make(role: str = "operator", look: Look = DESKTOP) -> Tab:
        return tab(role, look)

    return make


@pytest.fixture(scope="module")
def drills() -> dict[bool, str]:
    """Those that `over` has run."""
    return {}


@pytest.fixture
def over(at: OpenDrill, drills: dict[bool, str]) -> Over:
    """`over(fail=True)`: the id of an operator's drill that has ended, run once for all who only look at one."""

    def once(*, fail: bool = False) -> str:
        if fail not in drills:
            drills[fail] = ended(at(), fail=fail)
        return drills[fail]

    return once


def ordered(where: Tab, **inputs: Any) -> str:
    """The id of a new drill, made through REST."""
    answer = where.page.request.post(
        f"{where.product.url}/v1/runbooks/drill/execute", data={"inputs": inputs}, headers={"Origin": where.product.url}
    )
    assert answer.status == 202, answer.text()
    return answer.json()["jobId"]


def ended(where: Tab, **inputs: Any) -> str:
    """The same, when it has ended."""
    job_id = ordered(where, **inputs)
    where.job_when_over(job_id)
    return job_id


def status(page: Page) -> Locator:
    return page.locator(".ttl .st")


def show_tab(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Partes do job").get_by_role("link", name=re.compile(f"^{name}")).click()


def test_lines_status_and_title_come_without_a_reload(at: OpenDrill):
    where = at()
    # A log that is followed shows its end, and a job that ends by itself may be over before the page is there.
    job_id = ordered(where, wait=120)
    page = where.open(f"/jobs/{job_id}?tab=logs")
    expect(page.locator(".ln", has_text="TASK [Wait]")).to_be_visible(timeout=JOB_MS)
    expect(page).to_have_title(re.compile(r"^Executando #\d+ · drill"))
    page.request.post(f"{where.product.url}/v1/jobs/{job_id}/cancel", headers={"Origin": where.product.url})
    expect(page).to_have_title(re.compile(r"^Cancelado #"), timeout=JOB_MS)
    expect(status(page)).to_have_text("Cancelado")
    show_tab(page, "Artefatos")
    expect(page.locator("table").get_by_text("logs.ndjson")).to_be_visible()


def test_a_job_that_ended_well_shows_all_that_it_did(at: OpenDrill, over: Over):
    where = at()
    page = where.open(f"/jobs/{over()}?tab=artifacts")
    expect(page.locator(".strip")).to_contain_text("5 de 5 tarefas")
    expect(page.locator("table").get_by_text("output.json")).to_be_visible()


def test_a_long_log_is_whole_and_can_be_searched(at: OpenDrill, over: Over):
    where = at()
    page = where.open(f"/jobs/{over()}?tab=logs")
    search = page.get_by_role("textbox", name="Buscar no log")
    search.fill("the bell rings")
    search.press("Enter")
    expect(page.locator(".ln mark").first).to_be_visible()
    expect(page.locator(".log-f")).to_contain_text(re.compile(r"de 3\d\d"))


def test_problems_are_gone_through_and_the_log_is_had_as_text(at: OpenDrill, over: Over):
    where = at()
    page = where.open(f"/jobs/{over(fail=True)}?tab=logs")
    page.get_by_role("button", name="Próximo aviso ou erro").click()
    expect(page.locator(".ln.sel-l")).to_contain_text("the door is locked")
    page.get_by_role("button", name="Baixar log").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Baixar como texto").click()
    assert "the door is locked" in download.value.path().read_text("utf-8")


def test_what_failed_stands_on_top_and_leads_to_its_line(at: OpenDrill, over: Over):
    where = at()
    page = where.open(f"/jobs/{over(fail=True)}")
    box = page.locator(".fail")
    expect(box.get_by_role("heading")).to_have_text("Leave the house falhou em localhost")
    expect(box).to_contain_text("the door is locked")
    box.get_by_role("link", name=re.compile("Abrir nos logs")).click()
    expect(page.locator(".ln.sel-l")).to_contain_text("the door is locked")
    assert "tab=logs" in page.url


def test_a_running_job_is_canceled_and_then_repeated(at: OpenDrill):
    where = at()
    page = where.open(f"/jobs/{ordered(where, wait=100)}")
    expect(status(page)).to_have_text("Executando", timeout=JOB_MS)
    page.locator(".ph-a").get_by_role("button", name="Cancelar job").click()
    expect(page.locator("dialog[open]")).to_be_visible()
    assert axe.violations(page) == []
    page.locator("dialog[open]").get_by_role("button", name="Cancelar job").click()
    expect(status(page)).to_have_text("Cancelado", timeout=JOB_MS)
    before = page.url
    page.locator(".ph-a").get_by_role("button", name="Repetir").click()
    expect(page).not_to_have_url(before)
    expect(page.locator(".chain .chip")).to_have_count(2)
    page.locator(".ph-a").get_by_role("button", name="Cancelar job").click()
    page.locator("dialog[open]").get_by_role("button", name="Cancelar job").click()
    expect(status(page)).to_have_text("Cancelado", timeout=JOB_MS)


def test_running_again_with_edits_opens_the_filled_form(at: OpenDrill):
    where = at()
    page = where.open(f"/jobs/{ended(where, wait=1)}")
    page.locator(".ph-a").get_by_role("button", name="Mais").click()
    page.get_by_role("menuitem", name="Executar de novo com mudanças").click()
    expect(page.locator("dialog[open]").get_by_role("textbox", name="Espera")).to_have_value("1")


def test_a_task_of_the_timeline_leads_to_its_line(at: OpenDrill, over: Over):
    where = at()
    page = where.open(f"/jobs/{over()}?tab=timeline")
    page.get_by_role("button", name=re.compile("^Wait,")).click()
    expect(page.locator(".ln.sel-l")).to_contain_text("TASK [Wait]")


def test_a_host_opens_what_every_task_did_on_it(at: OpenDrill, over: Over):
    where = at()
    page = where.open(f"/jobs/{over()}?tab=hosts")
    page.get_by_role("button", name="localhost").click()
    expect(page.locator("dialog[open]")).to_contain_text("Ring the bell")


def test_a_file_is_downloaded(at: OpenDrill, over: Over):
    where = at()
    page = where.open(f"/jobs/{over()}?tab=artifacts")
    with page.expect_download() as download:
        page.locator("tr", has_text="output.json").get_by_role("link", name="Baixar").click()
    assert '"door"' in download.value.path().read_text("utf-8")


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=lambda look: look.name)
def test_the_beginning_of_a_text_file_is_read_on_the_page(at: OpenDrill, over: Over, look: Look):
    where = at(look=look)
    page = where.open(f"/jobs/{over()}?tab=artifacts")
    page.get_by_role("button", name="Ver output.json").click()
    drawer = page.locator("dialog[open]")
    expect(drawer.get_by_role("region", name="output.json")).to_contain_text('"id": "door"')
    assert axe.violations(page) == []
    assert where.fits()
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(page.get_by_role("button", name="Ver artifacts.tar.gz")).to_have_count(0)


def test_colours_of_programs_are_shown_and_can_be_left_away(at: OpenDrill, over: Over):
    where = at()
    job_id = over()
    found = where.page.request.get(f"{where.product.url}/v1/jobs/{job_id}/logs?q=the bell rings").json()["items"]
    page = where.open(f"/jobs/{job_id}?tab=logs#L{found[0]['seq']}")
    line = page.locator(".ln.sel-l")
    expect(line.locator(".a33")).to_have_text("bell")
    assert axe.violations(page) == []
    page.get_by_role("button", name="Cores dos programas").click()
    expect(line.locator(".a33")).to_have_count(0)
    expect(line).to_contain_text("the bell rings")


def test_only_an_admin_sees_the_audit_log(at: OpenDrill, over: Over):
    where = at("operator")
    job_id = over()
    expect(where.open(f"/jobs/{job_id}").locator("nav.tabs a", has_text="Auditoria")).to_have_count(0)
    page = at("admin").open(f"/jobs/{job_id}?tab=audit")
    expect(page.locator("table").get_by_text("Job pedido")).to_be_visible()


def test_a_viewer_watches_and_can_change_nothing(at: OpenDrill, over: Over):
    job_id = over()
    page = at("viewer").open(f"/jobs/{job_id}")
    expect(status(page)).to_have_text("Concluído")
    expect(page.get_by_role("button", name="Repetir")).to_have_count(0)


def test_a_job_that_does_not_exist_says_so(at: OpenDrill):
    page = at().open("/jobs/job_nothing")
    expect(page.get_by_text("Este job não existe ou já foi apagado.")).to_be_visible()


def test_new_jobs_wait_behind_a_pill(at: OpenDrill, over: Over):
    where = at()
    over()
    page = where.open("/jobs")
    first = page.locator("table tbody tr").first
    expect(first).to_be_visible()
    before = re.findall(r"#\d+", first.inner_text())[0]
    ordered(where)
    pill = page.locator(".pill")
    expect(pill).to_be_visible()
    assert before in first.inner_text()
    pill.click()
    expect(pill).to_have_count(0)
    expect(first).not_to_contain_text(before)


def test_filters_live_in_the_address(at: OpenDrill, over: Over):
    where = at()
    over()
    over(fail=True)
    page = where.open("/jobs")
    page.get_by_role("button", name="Falhou", exact=True).click()
    expect(page).to_have_url(re.compile("status=ERROR"))
    expect(page.locator("table tbody .st", has_text="Concluído")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("button", name="Falhou", exact=True)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Limpar filtros").click()
    expect(page.locator("table tbody .st", has_text="Concluído").first).to_be_visible()


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=lambda look: look.name)
def test_jobs_are_found_by_host_and_by_whatever_somebody_remembers(at: OpenDrill, over: Over, look: Look):
    where = at(look=look)
    number = where.page.request.get(f"{where.product.url}/v1/jobs/{over()}").json()["number"]
    page = where.open("/jobs")
    page.get_by_role("combobox", name="Host", exact=True).select_option(label="localhost")
    expect(page).to_have_url(re.compile("host=localhost"))
    search = page.get_by_role("textbox", name="Número, runbook, host, pessoa ou motivo")
    search.fill("TREINO localhost operator")
    expect(page).to_have_url(re.compile("host=localhost.*q=TREINO"))
    expect(rows(page).first).to_contain_text("Treino de incêndio")
    search.fill(f"#{number}")
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text(f"#{number}")
    assert axe.violations(page) == []
    assert where.fits()
    where.open("/jobs?host=gone-1")
    expect(page.get_by_text("Nenhum resultado")).to_be_visible()
    expect(page.get_by_role("combobox", name="Host", exact=True).locator("option:checked")).to_have_text("gone-1")
    page.get_by_role("button", name="Limpar filtros").click()
    expect(rows(page).first).to_be_visible()


def rows(page: Page) -> Locator:
    return page.locator("table.rows tbody tr")


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=lambda look: look.name)
def test_chosen_jobs_are_canceled_and_repeated_together(at: OpenDrill, look: Look):
    where = at(look=look)
    first, second, third = ordered(where, wait=120), ordered(where, wait=120), ended(where, fail=True)
    page = where.open("/jobs?runbook=drill")
    if look.is_phone:
        page.locator("main").get_by_role("button", name="Mais ações").click()
        page.get_by_role("menuitem", name="Selecionar jobs").click()
    for place in range(3):
        rows(page).nth(place).get_by_role("checkbox").check()
    bar = page.get_by_role("region", name="Ações para os jobs selecionados")
    expect(bar).to_contain_text("3 selecionados")
    assert axe.violations(page) == []
    assert where.fits()
    with page.expect_download() as download:
        bar.get_by_role("link", name="Exportar CSV").click()
    lines = download.value.path().read_text("utf-8").splitlines()
    assert {line.split(",")[1] for line in lines[1:]} == {first, second, third}
    bar.get_by_role("button", name="Cancelar 2").click()
    page.locator("dialog[open]").get_by_role("button", name="Cancelar 2 jobs").click()
    expect(page.get_by_text("Cancelamento pedido para 2 jobs")).to_be_visible()
    expect(bar).to_have_count(0)
    for place in (1, 2):
        expect(rows(page).nth(place).locator(".st")).to_have_text("Cancelado", timeout=JOB_MS)


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=lambda look: look.name)
def test_jobs_that_workers_gave_up_are_found_and_run_again(at: OpenDrill, look: Look):
    where = at(look=look)
    job_id = ended(where)
    given_up = "UPDATE jobs SET status = 'ERROR', reason = 'start_failed' WHERE id = ?"  # a worker dies no three times
    with sqlite3.connect(where.product.data_dir / "orch.db", timeout=60) as database:
        database.execute(given_up, (job_id,))
    number = where.page.request.get(f"{where.product.url}/v1/jobs/{job_id}").json()["number"]
    page = where.open("/jobs")
    page.get_by_role("button", name="Cartas mortas", exact=True).click()
    expect(page).to_have_url(re.compile("dead="))
    expect(page.get_by_text("Os workers desistiram destes jobs")).to_be_visible()
    expect(page.locator("table tbody .st", has_text="Concluído")).to_have_count(0)
    if look.is_phone:
        page.locator("main").get_by_role("button", name="Mais ações").click()
        page.get_by_role("menuitem", name="Selecionar jobs").click()
    rows(page).filter(has_text=f"#{number}").get_by_role("checkbox").check()
    assert axe.violations(page) == []
    assert where.fits()
    page.get_by_role("region", name="Ações para os jobs selecionados").get_by_role("button", name="Repetir 1").click()
    expect(page.get_by_text("1 job repetido")).to_be_visible()
    newest = where.page.request.get(f"{where.product.url}/v1/jobs?runbook=drill").json()["items"]
    assert job_id in [where.job_when_over(job["id"])["retryOf"] for job in newest if job["trigger"] == "retry"]


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=lambda look: look.name)
def test_ended_jobs_are_deleted_together_by_an_admin_after_a_question(at: OpenDrill, look: Look):
    where = at("admin", look)
    first, second, running = ended(where), ended(where, fail=True), ordered(where, wait=120)
    page = where.open("/jobs?runbook=drill")
    if look.is_phone:
        page.locator("main").get_by_role("button", name="Mais ações").click()
        page.get_by_role("menuitem", name="Selecionar jobs").click()
    for place in range(3):
        rows(page).nth(place).get_by_role("checkbox").check()
    bar = page.get_by_role("region", name="Ações para os jobs selecionados")
    bar.get_by_role("button", name="Excluir 2").click()
    expect(page.locator("dialog[open]")).to_contain_text("Excluir 2 jobs?")
    assert axe.violations(page) == []
    assert where.fits()
    page.locator("dialog[open]").get_by_role("button", name="Excluir 2 jobs").click()
    expect(page.get_by_text("2 jobs excluídos")).to_be_visible()
    answers = [page.request.get(f"{where.product.url}/v1/jobs/{job}").status for job in (first, second, running)]
    assert answers == [404, 404, 200]
    folders = [place.name for place in (where.product.data_dir / "artifacts").iterdir()]
    assert {first, second}.isdisjoint(folders)
    page.request.post(f"{where.product.url}/v1/jobs/{running}/cancel", headers={"Origin": where.product.url})


def test_rows_are_chosen_by_keys_and_by_range(at: OpenDrill, over: Over):
    where = at()
    over()
    over(fail=True)
    ended(where)
    page = where.open("/jobs")
    expect(rows(page).nth(2)).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("x")
    bar = page.get_by_role("region", name="Ações para os jobs selecionados")
    expect(bar).to_contain_text("1 selecionado")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(bar).to_contain_text("2 selecionados")
    rows(page).nth(0).get_by_role("checkbox").click()
    rows(page).nth(2).get_by_role("checkbox").click(modifiers=["Shift"])
    expect(rows(page).locator("input:checked").nth(2)).to_be_visible()
    page.keyboard.press("Escape")
    expect(bar).to_have_count(0)
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/jobs/job_"))


def test_columns_and_density_are_kept_for_each_user(at: OpenDrill, over: Over):
    where = at()
    over()
    page = where.open("/jobs")
    heading = page.get_by_role("columnheader", name="Hosts")
    expect(heading).to_be_visible()
    page.get_by_role("button", name="Colunas e densidade").click()
    page.get_by_role("menuitemcheckbox", name="Hosts").click()
    page.get_by_role("menuitemcheckbox", name="Linhas compactas").click()
    assert axe.violations(page) == []
    page.reload()
    expect(page.locator(".frame.compact")).to_be_visible()
    expect(heading).to_have_count(0)
    expect(page.get_by_role("columnheader", name="Quando")).to_be_visible()


def test_filters_are_kept_under_a_name(at: OpenDrill, over: Over):
    where = at()
    over(fail=True)
    page = where.open("/jobs?status=ERROR&runbook=drill")
    page.get_by_role("button", name="Visões salvas").click()
    page.get_by_role("menuitem", name="Salvar esta visão").click()
    page.get_by_role("textbox", name="Nome da visão").fill("Treinos que falharam")
    assert axe.violations(page) == []
    page.locator("dialog[open]").get_by_role("button", name="Salvar").click()
    page.get_by_role("button", name="Limpar filtros").click()
    expect(page).not_to_have_url(re.compile("status="))
    page.reload()
    page.get_by_role("button", name="Visões salvas").click()
    page.get_by_role("menuitem", name="Treinos que falharam").click()
    expect(page).to_have_url(re.compile("status=ERROR"))
    expect(page.get_by_role("button", name="Falhou", exact=True)).to_have_attribute("aria-pressed", "true")


def test_a_viewer_chooses_only_to_export(at: OpenDrill, over: Over):
    over()
    page = at("viewer").open("/jobs")
    page.get_by_role("checkbox", name="Selecionar todos os jobs desta página").check()
    bar = page.get_by_role("region", name="Ações para os jobs selecionados")
    expect(bar.get_by_role("link", name="Exportar CSV")).to_be_visible()
    expect(bar.get_by_role("button", name=re.compile("Cancelar|Repetir"))).to_have_count(0)


def test_a_broken_runbook_is_listed_with_its_reason(at: OpenDrill):
    page = at("admin").open("/runbooks?risk=broken")
    row = page.locator("tr", has_text="torn")
    expect(row).to_contain_text("Com defeito")
    expect(row.get_by_role("link", name="Executar")).to_have_count(0)


def test_an_admin_synchronises(at: OpenDrill):
    page = at("admin").open("/runbooks")
    page.get_by_role("button", name="Sincronizar").click()
    expect(page.get_by_text("Runbooks sincronizados")).to_be_visible()


def test_the_main_action_is_at_the_thumb_on_a_phone(at: OpenDrill, over: Over):
    where = at("operator", PHONE)
    page = where.open(f"/jobs/{over(fail=True)}")
    expect(page.locator(".thumb").get_by_role("button", name="Repetir")).to_be_in_viewport()


@in_looks(0)
def test_every_tab_of_a_failed_job_is_accessible_and_fits(at: OpenDrill, over: Over, look: Look):
    where = at("admin", look)
    job_id = over(fail=True)
    faults: dict[str, list[str]] = {}
    for name in ("overview", "timeline", "logs", "hosts", "artifacts", "audit"):
        page = where.open(f"/jobs/{job_id}?tab={name}")
        expect(page.locator(".fail")).to_be_visible()
        found = axe.violations(page) + ([] if where.fits() else ["scrolls sideways"])
        faults |= {name: found} if found else {}
    assert faults == {}


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=lambda look: look.name)
def test_the_filtered_list_is_had_as_a_file(at: OpenDrill, over: Over, look: Look):
    where = at(look=look)
    over()
    page = where.open("/jobs?runbook=drill&status=SUCCESS")
    if look.is_phone:
        page.locator("main").get_by_role("button", name="Mais ações").click()
    with page.expect_download() as started_download:
        page.locator("a:visible", has_text="Exportar CSV").click()
    assert started_download.value.suggested_filename == "jobs.csv"
    lines = started_download.value.path().read_text("utf-8").splitlines()
    assert lines[0].startswith("number,id,status")
    assert all(",drill," in line and ",SUCCESS," in line for line in lines[1:])
