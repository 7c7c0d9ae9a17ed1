"""Settings: one's own profile, language and theme, the password, and people for admins."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e import axe
from tests.e2e.conftest import OpenTab
from tests.e2e.looks import DESKTOP, PHONE, Look, open_tab
from tests.e2e.product import PASSWORD, Product

MORE_THAN_A_PAGE = 53


def press(page: Page, name: str) -> None:
    page.locator("dialog[open]").get_by_role("button", name=name, exact=True).click()


def test_language_and_theme_change_at_once_and_stay(browser: Browser, product: Product):
    product.add_user("viewer", "vera@example.org")
    with open_tab(browser, product, as_user="vera@example.org") as here:
        page = here.open("/settings")
        page.get_by_role("radio", name="English").click()
        expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()
        page.get_by_role("radio", name="Light").click()
        page.reload()
        expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()
        expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_language_and_theme_of_the_profile_are_there_in_a_new_browser(browser: Browser, product: Product):
    product.add_user("viewer", "nina@example.org")
    with open_tab(browser, product, as_user="nina@example.org") as here:
        page = here.open("/dashboard")
        page.get_by_role("button", name="Switch to English").click()
        page.get_by_role("button", name="Use light theme").click()
        expect(page.get_by_role("heading", name="Dashboard", level=1)).to_be_visible()
        page.goto(f"{product.url}/settings")
        expect(page.get_by_role("radio", name="Light")).to_be_checked()
    with open_tab(browser, product) as elsewhere:
        page = elsewhere.open("/login")
        page.get_by_label("E-mail").fill("nina@example.org")
        page.get_by_label("Senha", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Entrar").click()
        expect(page.get_by_role("heading", name="Dashboard", level=1)).to_be_visible()
        expect(page.locator("html")).to_have_attribute("data-theme", "light")
    with open_tab(browser, product) as on_purpose:
        page = on_purpose.open("/login")
        page.get_by_role("button", name="Switch to English").click()
        page.get_by_role("button", name="Mudar para português").click()
        page.get_by_label("E-mail").fill("nina@example.org")
        page.get_by_label("Senha", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Entrar").click()
        expect(page.get_by_role("heading", name="Painel", level=1)).to_be_visible()


def test_an_admin_adds_somebody_who_can_sign_in_until_disabled(tab: OpenTab, browser: Browser, product: Product):
    page = tab("admin").open("/settings?tab=users")
    page.get_by_role("button", name="Novo usuário").click()
    form = page.locator("dialog[open]")
    form.get_by_label("Nome").fill("Caio Mendes")
    form.get_by_label("E-mail").fill("caio@example.org")
    form.get_by_label("Primeira senha").fill(PASSWORD)
    form.get_by_role("radio", name="Leitor").click()
    assert axe.violations(page) == []
    press(page, "Salvar")
    row = page.get_by_role("row", name="Caio Mendes")
    expect(row).to_contain_text("Leitor")
    with open_tab(browser, product, as_user="caio@example.org") as other:
        expect(other.open("/dashboard").get_by_role("heading", name="Painel", level=1)).to_be_visible()
        row.get_by_role("button", name="Ações de Caio Mendes").click()
        page.get_by_role("menuitem", name="Desativar").click()
        expect(page.locator("dialog[open]")).to_be_visible()
        assert axe.violations(page) == []
        press(page, "Desativar")
        expect(row).to_contain_text("Desativado")
        other.page.goto(f"{product.url}/dashboard")
        expect(other.page.get_by_role("heading", name="Entrar", level=1)).to_be_visible()


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=lambda look: look.name)
def test_users_are_searched_and_turned_page_by_page_in_the_address(tab: OpenTab, product: Product, look: Look):
    for number in range(MORE_THAN_A_PAGE):
        name = f"clerk{number:02d}.{look.name}"
        product.add_user("viewer", f"{name.lower()}@example.org", name)
    found = tab("admin", look)
    page = found.open("/settings")
    page.get_by_role("navigation", name="Configurações").get_by_role("link", name="Usuários").click()
    search = page.get_by_role("textbox", name="Nome ou e-mail")
    search.fill(look.name)
    rows = page.locator("table tbody tr")
    expect(page.get_by_role("heading", name=f"{MORE_THAN_A_PAGE} usuários")).to_be_visible()
    expect(rows).to_have_count(50)
    expect(page).to_have_url(re.compile(r"tab=users.*q="))
    page.get_by_role("link", name="Próxima").click()
    expect(rows).to_have_count(MORE_THAN_A_PAGE - 50)
    page.reload()
    expect(rows).to_have_count(MORE_THAN_A_PAGE - 50)
    search.fill(f"CLERK07.{look.name}")
    expect(rows).to_have_count(1)
    assert axe.violations(page) == []
    assert found.fits()
    search.fill("nobody of that name")
    expect(page.get_by_text("Nenhum resultado")).to_be_visible()
    page.get_by_role("button", name="Limpar filtros").click()
    expect(rows).to_have_count(50)


def test_the_last_admin_cannot_be_demoted(tab: OpenTab):
    page = tab("admin").open("/settings?tab=users")
    page.get_by_role("button", name="Admin Tester", exact=True).click()
    page.locator("dialog[open]").get_by_role("radio", name="Leitor").click()
    press(page, "Salvar")
    expect(page.locator("dialog[open]").get_by_role("alert")).to_contain_text("último administrador")
    assert axe.violations(page) == []


def test_a_password_is_changed_only_with_the_current_one(browser: Browser, product: Product):
    product.add_user("viewer", "paula@example.org")
    with open_tab(browser, product, as_user="paula@example.org") as opened:
        page = opened.open("/settings")
        page.get_by_label("Senha atual").fill("not the password")
        page.get_by_label("Nova senha").fill("another fine phrase 77")
        page.get_by_label("Repita a senha").fill("another fine phrase 77")
        page.get_by_role("button", name="Trocar senha").click()
        expect(page.get_by_text("Não é a sua senha atual.")).to_be_visible()
        page.get_by_label("Senha atual").fill(PASSWORD)
        page.get_by_role("button", name="Trocar senha").click()
        expect(page.get_by_text("Senha trocada.")).to_be_visible()
    with open_tab(browser, product) as opened:
        opened.sign_in("paula@example.org", "another fine phrase 77")


def test_a_viewer_sees_that_users_are_for_admins(tab: OpenTab):
    page = tab("viewer").open("/settings?tab=users")
    expect(page.get_by_text("users:write")).to_be_visible()
    expect(page.get_by_text("O papel Administrador a tem: um administrador pode dá-lo a você.")).to_be_visible()
