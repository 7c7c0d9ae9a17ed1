"""The ways in: first set-up, sign-in with everything that can go wrong, and back to where one wanted to go."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e import axe
from tests.e2e.conftest import OpenTab
from tests.e2e.looks import DESKTOP, PHONE, Look, open_tab
from tests.e2e.product import PASSWORD, Product, new_product, started


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Senha", exact=True).fill(password)
    page.get_by_role("button", name="Entrar").click()


def heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def test_a_new_installation_leads_from_nothing_to_the_first_steps(browser: Browser, new_installation: Product):
    address = new_installation.cli("setup-url").strip()
    with open_tab(browser, new_installation, PHONE) as tab:
        page = tab.open("/")
        heading(page, "Primeiro administrador")
        page.goto(address)
        tab.wait_until_alive()
        expect(page).to_have_url(re.compile("/setup/?$"))
        assert axe.violations(page) == []
        page.get_by_label("Seu nome").fill("Ana Ribeiro")
        page.get_by_label("E-mail").fill("ana@example.org")
        page.get_by_label("Senha", exact=True).fill(PASSWORD)
        page.get_by_label("Repita a senha").fill(PASSWORD)
        page.get_by_role("button", name="Criar administrador").click()
        heading(page, "Painel")
        expect(page.get_by_text("Adicionar uma conexão")).to_be_visible()
        assert tab.fits()
        page.goto(address)
        heading(page, "Entrar")


COMMON = "password1234"
REFUSED = {
    "pt-BR": "Está entre as primeiras que um atacante tenta.",
    "en": "This is among the first that an attacker tries.",
}


@pytest.mark.parametrize("look", [PHONE, Look(1280, 800, "light", "en")], ids=lambda look: look.name)
def test_what_the_server_refuses_at_the_set_up_is_said_in_the_readers_language(
    browser: Browser, new_installation: Product, look: Look
):
    with open_tab(browser, new_installation, look) as tab:
        page = tab.page
        page.goto(new_installation.cli("setup-url").strip())
        tab.wait_until_alive()
        page.locator("[name=email]").fill("ana@example.org")
        for field in ("password", "repeat"):
            page.locator(f"[name={field}]").fill(COMMON)
        page.locator("button[type=submit]").click()
        expect(page.locator("form")).to_contain_text(REFUSED[look.language])
        assert axe.violations(page) == []
        assert tab.fits()


def test_who_was_added_at_the_command_line_signs_in(tab: OpenTab, product: Product):
    options = ["--email", "carla@example.org", "--role", "operator", "--name", "Carla", "--password-stdin"]
    assert product.cli("admin", "create", *options, stdin=PASSWORD) == "created carla@example.org as operator\n"
    page = tab("").open("/login")
    sign_in(page, "carla@example.org")
    heading(page, "Painel")


def test_signing_in_leads_to_the_page_that_was_asked_for(tab: OpenTab):
    page = tab("").open("/hosts")
    heading(page, "Entrar")
    sign_in(page, "viewer@example.org")
    heading(page, "Hosts")


def test_a_foreign_next_address_is_not_followed(tab: OpenTab):
    opened = tab("")
    page = opened.open("/login?next=//example.org/hosts")
    sign_in(page, "viewer@example.org")
    heading(page, "Painel")
    assert page.url.startswith(opened.product.url)


def test_wrong_passwords_and_unknown_people_look_the_same(tab: OpenTab):
    page = tab("").open("/login")
    sign_in(page, "viewer@example.org", "not the password")
    first = page.get_by_role("alert").inner_text()
    assert axe.violations(page) == []
    sign_in(page, "nobody@example.org", "not the password")
    expect(page.get_by_role("alert")).to_have_text(first)


def test_too_many_attempts_show_how_long_to_wait(browser: Browser, screens: None, tmp_path: Path):
    limited = new_product(tmp_path / "data", ORCH_LOGIN_LIMIT="2/15minutes")
    limited.add_user("viewer")
    with started(limited, workers=0), open_tab(browser, limited) as tab:
        page = tab.open("/login")
        for _ in range(3):
            sign_in(page, "viewer@example.org", "not the password")
            expect(page.get_by_role("alert")).to_be_visible()
        expect(page.get_by_role("alert")).to_contain_text("Tente de novo em")
        expect(page.get_by_role("button", name="Entrar")).to_be_disabled()
        assert axe.violations(page) == []


def test_signing_out_ends_the_session_everywhere_in_the_browser(tab: OpenTab):
    opened = tab("operator", DESKTOP)
    page = opened.open("/dashboard")
    page.get_by_role("button", name="Menu do usuário").click()
    page.get_by_role("menuitem", name="Sair").click()
    heading(page, "Entrar")
    opened.open("/dashboard")
    heading(page, "Entrar")


def test_a_session_that_ended_says_so_and_where_one_comes_back_to(tab: OpenTab):
    opened = tab("operator")
    page = opened.open("/hosts")
    page.context.add_cookies([{"name": "orch_session", "value": "x" * 43, "url": opened.product.url}])
    page.reload()
    heading(page, "Entrar")
    expect(page.get_by_role("alert")).to_contain_text("/hosts")
