"""The run form has a control for every construct of a schema, by hand, by keyboard and by paste, on both sizes."""

import re

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.e2e import axe
from tests.e2e.conftest import OpenTab
from tests.e2e.looks import DESKTOP, PHONE, Look, Tab, in_looks

JOB_MS = 120_000
ZONE = """$ORIGIN example.com.
$TTL 300
www IN A 203.0.113.24
panel IN CNAME edge
@ IN MX 10 mx1
@ IN TXT "v=DMARC1; p=none"
"""
PASTE = """([selector, text]) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const target = document.querySelector(selector);
  target.focus();
  target.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""
both = pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=lambda look: look.name)


def opened(tab: OpenTab, look: Look = DESKTOP) -> Tab:
    found = tab("operator", look)
    found.open("/runbooks?run=record_desk")
    expect(form(found.page).locator(".rec, .rec.long").first).to_be_visible()
    return found


def form(page: Page) -> Locator:
    return page.locator("dialog[open]")


def rows(page: Page) -> Locator:
    return form(page).locator(".rec .l")


def cell(page: Page, row: int, column: str) -> Locator:
    return form(page).locator(f'[data-row="{row}"] [data-col="{column}"] :is(input, select)')


def imported(page: Page, text: str) -> None:
    form(page).get_by_role("button", name="Importar CSV ou zona BIND").click()
    form(page).get_by_role("textbox", name="Linhas a importar").fill(text)


def run(page: Page) -> None:
    form(page).get_by_role("button", name="Executar").click()


@both
def test_rows_are_typed_corrected_where_they_are_wrong_and_sent(tab: OpenTab, look: Look) -> None:
    found = opened(tab, look)
    page = found.page
    cell(page, 0, "type").select_option(label="A")
    cell(page, 0, "name").fill("www")
    cell(page, 0, "content").fill("203.0.113.256")
    run(page)
    expect(rows(page).first.locator(".m")).to_contain_text("Conteúdo: Não é um valor válido do tipo ipv4.")
    expect(cell(page, 0, "content")).to_be_focused()
    assert axe.violations(page) == []
    assert found.fits()
    cell(page, 0, "content").fill("203.0.113.25")
    run(page)
    expect(page.get_by_role("heading", name="Balcão de registros", level=1)).to_be_visible()
    expect(page.locator(".ttl .st")).to_have_text("Concluído", timeout=JOB_MS)


def test_a_table_is_filled_by_keyboard_alone_and_the_focus_is_never_lost(tab: OpenTab) -> None:
    page = opened(tab).page
    cell(page, 0, "name").fill("one")
    page.keyboard.press("Enter")
    expect(cell(page, 1, "type")).to_be_focused()
    cell(page, 1, "name").fill("two")
    page.keyboard.press("ArrowUp")
    expect(cell(page, 0, "name")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(cell(page, 1, "name")).to_be_focused()
    form(page).get_by_role("button", name="Remover item 1").press("Enter")
    expect(rows(page)).to_have_count(1)
    expect(cell(page, 0, "name")).to_have_value("two")
    expect(form(page).get_by_role("button", name="Remover item 1")).to_be_focused()


def test_a_field_below_the_row_appears_when_the_row_needs_it(tab: OpenTab) -> None:
    page = opened(tab).page
    priority = form(page).get_by_role("textbox", name="Prioridade")
    expect(priority).to_have_count(0)
    cell(page, 0, "type").select_option(label="MX")
    expect(priority).to_be_visible()
    cell(page, 0, "type").select_option(label="TXT")
    expect(priority).to_have_count(0)
    form(page).get_by_role("button", name="Mais da linha 1").click()
    expect(form(page).get_by_role("textbox", name="Comentário")).to_be_visible()


def test_a_block_of_cells_is_pasted_from_the_cell_on(tab: OpenTab) -> None:
    page = opened(tab).page
    block = "www\t203.0.113.1\t300\tsim\nmail\t203.0.113.2\tauto\tnão\n"
    page.evaluate(PASTE, ['[data-row="0"] [data-col="name"] input', block])
    expect(rows(page)).to_have_count(2)
    expect(cell(page, 1, "content")).to_have_value("203.0.113.2")
    expect(cell(page, 0, "ttl")).to_have_value("300")
    expect(cell(page, 1, "ttl")).to_have_value("auto")
    expect(cell(page, 0, "proxied")).to_be_checked()


@both
def test_a_zone_is_imported_and_says_how_much_it_understood(tab: OpenTab, look: Look) -> None:
    found = opened(tab, look)
    page = found.page
    imported(page, ZONE + "odd IN WEIRD 1\n")
    expect(form(page).get_by_text("4 linhas entendidas")).to_be_visible()
    expect(form(page).get_by_text("Linha 7: nenhum tipo de registro reconhecido; ficou de fora.")).to_be_visible()
    assert axe.violations(page) == []
    assert found.fits()
    form(page).get_by_role("button", name="Adicionar", exact=True).first.click()
    expect(rows(page)).to_have_count(4)
    expect(cell(page, 1, "content")).to_have_value("edge.example.com")
    expect(form(page).get_by_role("textbox", name="Prioridade")).to_have_value("10")


@both
def test_thousands_of_rows_stay_quick_and_the_wrong_one_is_brought_into_sight(tab: OpenTab, look: Look) -> None:
    found = opened(tab, look)
    page = found.page
    lines = [f"A,host{at},203.0.113.{at % 256 if at != 2500 else 999}" for at in range(3000)]
    form(page).get_by_role("button", name="Importar CSV ou zona BIND").click()
    content = "\n".join(["type,name,content", *lines]).encode()
    table: FilePayload = {"name": "a.csv", "mimeType": "text/csv", "buffer": content}
    form(page).locator(".import input[type=file]").set_input_files(table)
    expect(form(page).get_by_text("3.000 linhas entendidas")).to_be_visible()
    form(page).get_by_role("button", name="Adicionar", exact=True).first.click()
    expect(rows(page).first).to_be_visible()
    assert rows(page).count() < 150
    expect(form(page).get_by_role("table", name="Registros")).to_have_attribute("aria-rowcount", "3001")
    cell(page, 0, "name").fill("first")
    run(page)
    expect(cell(page, 2500, "content")).to_be_focused()
    expect(form(page).get_by_text("1 linha precisa de correção")).to_be_visible()
    expect(form(page).locator('[data-row="2500"] .m')).to_contain_text("ipv4")
    assert axe.violations(page) == []
    assert found.fits()
    cell(page, 2500, "content").fill("203.0.113.9")
    run(page)
    expect(page.get_by_role("heading", name="Balcão de registros", level=1)).to_be_visible()


def test_one_of_several_shapes_is_chosen_and_the_other_is_remembered(tab: OpenTab) -> None:
    page = opened(tab).page
    form(page).get_by_role("textbox", name="Arquivo compose").fill("services: {}")
    form(page).get_by_role("radio", name="Repositório").click()
    expect(form(page).get_by_role("textbox", name="Ramo")).to_have_value("main")
    form(page).get_by_role("radio", name="Texto").click()
    expect(form(page).get_by_role("textbox", name="Arquivo compose")).to_have_value("services: {}")


def test_tab_indents_in_code_and_esc_lets_the_keyboard_out(tab: OpenTab) -> None:
    page = opened(tab).page
    code = form(page).get_by_role("textbox", name="Arquivo compose")
    code.focus()
    page.keyboard.type("web:")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("image: x")
    page.keyboard.press("Enter")
    page.keyboard.type("ports: y")
    expect(code).to_have_value("web:\n  image: x\n  ports: y")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(code).not_to_be_focused()
    expect(form(page)).to_be_visible()


def test_the_numbers_of_the_lines_stand_beside_them_after_a_long_paste(tab: OpenTab) -> None:
    page = opened(tab).page
    code = form(page).get_by_role("textbox", name="Arquivo compose")
    code.focus()
    page.keyboard.insert_text("\n".join(f"line: {number}" for number in range(90)))
    expect(form(page).locator(".codef .num").first).to_contain_text("90")
    scrolled = code.evaluate("area => [area.scrollTop, area.parentElement.querySelector('.num').scrollTop]")
    assert scrolled[0] == scrolled[1] > 0


def test_a_file_becomes_the_text_and_what_is_no_text_is_refused(tab: OpenTab) -> None:
    page = opened(tab).page
    code = form(page).get_by_role("textbox", name="Arquivo compose")
    upload = form(page).locator(".codef + .row input[type=file]").first
    upload.set_input_files({"name": "a.yml", "mimeType": "text/yaml", "buffer": b"services: {}\n"})
    expect(code).to_have_value("services: {}\n")
    upload.set_input_files({"name": "b.bin", "mimeType": "application/octet-stream", "buffer": b"\xff\x00"})
    expect(form(page).get_by_text("Este arquivo não é texto em UTF-8.")).to_be_visible()
    upload.set_input_files({"name": "c.yml", "mimeType": "text/yaml", "buffer": b"x" * 5000})
    expect(form(page).get_by_text("Este arquivo é maior que 4 KB.")).to_be_visible()
    expect(code).to_have_value("services: {}\n")


def test_a_group_that_asks_for_something_is_switched_on_first(tab: OpenTab) -> None:
    page = opened(tab).page
    switch = form(page).get_by_role("switch", name="Avisar alguém")
    expect(form(page).get_by_role("textbox", name="Quem")).to_have_count(0)
    switch.check()
    form(page).get_by_role("textbox", name="Quem").fill("me")
    switch.uncheck()
    switch.check()
    expect(form(page).get_by_role("textbox", name="Quem")).to_have_value("me")


def test_a_choice_makes_another_field_appear(tab: OpenTab) -> None:
    page = opened(tab).page
    scope = form(page).get_by_role("textbox", name="Escopo")
    expect(scope).to_have_count(0)
    form(page).get_by_role("combobox", name="Modo").select_option(label="exact")
    expect(scope).to_be_visible()


def test_lines_of_an_env_file_become_pairs(tab: OpenTab) -> None:
    page = opened(tab).page
    page.evaluate(PASTE, ["fieldset input[placeholder^=NOME]", "A=1\nexport B='two words'\n"])
    expect(form(page).get_by_role("textbox", name="B", exact=True)).to_have_value("two words")
    form(page).get_by_role("button", name="Remover A", exact=True).click()
    expect(form(page).get_by_role("textbox", name="A", exact=True)).to_have_count(0)
    form(page).locator("fieldset input[placeholder^=NOME]").first.fill("C=typed=whole")
    page.keyboard.press("Enter")
    expect(form(page).get_by_role("textbox", name="C", exact=True)).to_have_value("typed=whole")


@both
def test_a_choice_is_found_by_typing_and_picked_by_key(tab: OpenTab, look: Look) -> None:
    found = opened(tab, look)
    page = found.page
    for name in ("choice-east", "choice-west"):
        facts = {"name": name, "address": "192.0.2.9", "environment": "stage"}
        tab("admin").page.request.post(
            f"{found.product.url}/v1/hosts", data=facts, headers={"Origin": found.product.url}
        )
    field = form(page).get_by_role("combobox", name="Host")
    field.click()
    field.press_sequentially("choice-w")
    expect(form(page).locator(".combo-l [role=option]")).to_have_count(1)
    assert axe.violations(page) == []
    assert found.fits()
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value("choice-west")
    expect(form(page).locator(".combo-l [role=option]")).to_have_count(0)
    field.fill("nobody")
    field.press("Tab")
    expect(form(page).get_by_text("Não é uma das opções.")).to_be_visible()


def test_choices_that_cannot_be_read_say_so_and_can_be_tried_again(tab: OpenTab) -> None:
    page = opened(tab).page
    page.route("**/choices/**", lambda route: route.abort())
    field = form(page).get_by_role("combobox", name="Host")
    field.click()
    expect(form(page).get_by_text("As opções não puderam ser lidas.")).to_be_visible()
    page.unroute("**/choices/**")
    form(page).get_by_role("button", name="Tentar de novo").click()
    expect(form(page).get_by_text("As opções não puderam ser lidas.")).to_have_count(0)
    field.press("Escape")
    expect(form(page)).to_be_visible()


@in_looks(3)
def test_the_form_is_accessible_and_fits(tab: OpenTab, look: Look) -> None:
    found = tab("operator", look)
    page = found.open("/runbooks?run=record_desk")
    expect(form(page).locator(".rec")).to_be_visible()
    form(page).get_by_role("button", name=re.compile("da linha 1|of row 1")).click()
    assert axe.violations(page) == []
    assert found.fits()
