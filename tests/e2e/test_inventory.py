"""Connections and hosts against a real sshd: form, verified key, tested login, and a key that changes."""

from collections.abc import Iterator
from secrets import token_hex
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e import axe
from tests.e2e.conftest import OpenTab
from tests.e2e.looks import DESKTOP, PHONE, Look, Tab
from tests.e2e.product import Product
from tests.systems.scripted_http import says, scripted
from tests.systems.sshd import SshServer, ssh_server


@pytest.fixture(scope="module")
def sshd() -> Iterator[SshServer]:
    with ssh_server() as server:
        yield server


def dialog(page: Page) -> Locator:
    return page.locator("dialog[open]")


def press(page: Page, name: str) -> None:
    dialog(page).get_by_role("button", name=name, exact=True).click()


def add_connection(page: Page, name: str, server: SshServer) -> None:
    page.get_by_role("button", name="Nova conexão").click()
    assert axe.violations(page) == []
    press(page, "SSH")
    form = dialog(page)
    form.get_by_label("Nome", exact=True).fill(name)
    form.get_by_label("Usuário", exact=True).first.fill(server.user)
    form.get_by_label("Chave privada").fill(server.private_key)
    assert axe.violations(page) == []
    press(page, "Salvar")
    expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()


def add_host(page: Page, name: str, server: SshServer, connection: str) -> None:
    page.get_by_role("button", name="Novo host").click()
    form = dialog(page)
    form.get_by_label("Nome", exact=True).fill(name)
    form.get_by_label("Endereço").fill(server.address)
    form.get_by_label("Porta").fill(str(server.port))
    form.get_by_label("Conexão").select_option(label=connection)
    assert axe.violations(page) == []
    press(page, "Salvar")
    expect(dialog(page).get_by_role("heading", name=name)).to_be_visible()


@pytest.fixture
def ready(tab: OpenTab, sshd: SshServer, request: pytest.FixtureRequest) -> Tab:
    """A phone's tab after a connection and a host were added by hand; both are named after the test."""
    opened = tab("admin", PHONE)
    name = request.node.name.replace("_", "-")[5:40].rstrip("-")
    add_connection(opened.open("/connections"), name, sshd)
    add_host(opened.open("/hosts"), name, sshd, name)
    opened.page.evaluate("name => (window.testName = name)", name)
    return opened


def test_a_key_is_pinned_after_it_was_shown_and_the_login_then_works(ready: Tab, sshd: SshServer):
    page, name = ready.page, ready.page.evaluate("window.testName")
    assert axe.violations(page) == []
    press(page, "Verificar chave")
    expect(dialog(page).locator(".fp code").first).to_contain_text("SHA256:")
    assert axe.violations(page) == []
    press(page, "Conferi, fixar a chave")
    expect(page.get_by_text("Chave do host fixada")).to_be_visible()
    ready.open(f"/connections?q={name}")
    page.get_by_role("button", name=name, exact=True).click()
    press(page, "Salvar e testar")
    expect(dialog(page).get_by_label("Fazer login em")).to_be_visible()
    assert axe.violations(page) == []
    press(page, "Testar")
    expect(dialog(page).get_by_text("O login funciona.")).to_be_visible()
    assert axe.violations(page) == []


def test_another_key_than_the_pinned_one_is_red_and_needs_the_name_to_be_replaced(ready: Tab, sshd: SshServer):
    page, name = ready.page, ready.page.evaluate("window.testName")
    path = f"/v1/hosts/{call(ready, 'GET', f'/v1/hosts?q={name}')['items'][0]['id']}"
    with ssh_server(client=sshd.private_key) as first:
        call(ready, "PATCH", path, {"port": first.port})
        shown = call(ready, "POST", f"{path}/scan-key", {})["keys"][0]["fingerprint"]
        call(ready, "POST", f"{path}/scan-key", {"pin": shown})
    with ssh_server(client=sshd.private_key, port=first.port):
        ready.open(f"/hosts?q={name}")
        page.get_by_role("button", name=name, exact=True).click()
        press(page, "Verificar chave")
        expect(dialog(page).get_by_role("alert")).to_contain_text("A chave mudou.")
        expect(dialog(page).get_by_role("button", name="Trocar a chave fixada")).to_be_disabled()
        dialog(page).get_by_label("Digite").press("Enter")
        expect(dialog(page).get_by_label("Digite")).to_have_attribute("aria-invalid", "true")
        assert axe.violations(page) == []
        page.keyboard.press("Escape")
        expect(page.locator("main .st", has_text="Chave mudou")).to_be_visible()


def call(tab: Tab, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """A REST call in the name of the tab's user."""
    headers = {"Origin": tab.product.url}
    answer = tab.page.request.fetch(f"{tab.product.url}{path}", method=method, data=body, headers=headers)
    assert answer.ok, answer.text()
    return answer.json()


def test_secrets_never_come_back_to_the_browser(ready: Tab, sshd: SshServer):
    page, name = ready.page, ready.page.evaluate("window.testName")
    frames: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(str(frame))))
    ready.open(f"/connections?q={name}")
    page.get_by_role("button", name=name, exact=True).click()
    expect(dialog(page).get_by_text("definida")).to_be_visible()
    secret = sshd.private_key.splitlines()[2]
    assert not [frame for frame in frames if secret in frame]
    assert secret not in page.content()


def test_a_connection_in_use_cannot_be_deleted_and_says_by_what(ready: Tab):
    page, name = ready.page, ready.page.evaluate("window.testName")
    ready.open(f"/connections?q={name}")
    page.get_by_role("button", name=name, exact=True).click()
    dialog(page).get_by_role("button", name=f"Ações de {name}").click()
    page.get_by_role("menuitem", name="Excluir").click()
    expect(dialog(page).get_by_role("link", name=name)).to_be_visible()
    expect(dialog(page).get_by_role("button", name="Excluir")).to_have_count(0)


def test_faults_are_shown_at_their_fields(tab: OpenTab):
    page = tab("admin").open("/hosts?new=1")
    form = dialog(page)
    form.get_by_label("Nome", exact=True).fill("localhost")
    form.get_by_label("Endereço").fill("not a machine")
    form.get_by_label("Porta").fill("99999")
    press(page, "Salvar")
    for field in ("Nome", "Endereço", "Porta"):
        expect(form.get_by_label(field, exact=True)).to_have_attribute("aria-invalid", "true")
    assert axe.violations(page) == []
    page.keyboard.press("Escape")
    expect(dialog(page)).to_have_count(0)
    expect(page).to_have_url(f"{page.url.split('/hosts')[0]}/hosts")


def test_an_operator_sees_hosts_and_cannot_change_them(tab: OpenTab):
    page = tab("operator").open("/hosts")
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    expect(page.get_by_role("button", name="Novo host")).to_have_count(0)


def test_a_viewer_is_told_which_permission_is_missing(tab: OpenTab):
    page = tab("viewer").open("/connections")
    expect(page.get_by_text("connections:read")).to_be_visible()


def test_what_somebody_else_adds_and_removes_is_seen_without_a_reload(tab: OpenTab, product: Product):
    page = tab("operator").open("/connections")
    other = tab("admin").page
    body = {"type": "ssh", "name": "from afar", "environment": "stage", "payload": {"user": "x", "password": "y" * 12}}
    origin = {"Origin": product.url}
    made = other.request.post(f"{product.url}/v1/connections", data=body, headers=origin)
    expect(page.get_by_role("row", name="from afar")).to_be_visible()
    other.request.delete(f"{product.url}/v1/connections/{made.json()['id']}", headers=origin)
    expect(page.get_by_role("row", name="from afar")).to_have_count(0)


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_system_is_connected_and_says_who_the_token_is(tab: OpenTab, look: Look):
    page = tab("admin", look).open("/connections")
    name = f"cloud {token_hex(4)}"  # of this try alone
    with scripted() as vendor:
        page.get_by_role("button", name="Nova conexão").click()
        press(page, "Hetzner Cloud")
        form = dialog(page)
        expect(form.get_by_text("Permissions: Read & Write")).to_be_visible()
        form.get_by_label("Nome", exact=True).fill(name)
        form.get_by_label("Token da API").fill("t0ken-of-the-test")
        form.get_by_label("Endereço da API").fill(vendor.url)
        assert axe.violations(page) == []
        press(page, "Salvar")
        page.get_by_role("button", name=name, exact=True).click()
        expect(dialog(page).get_by_text("••••••••")).to_be_visible()
        vendor.lines = [says(200, {"servers": [], "meta": {"pagination": {"total_entries": 3}}})]
        press(page, "Salvar e testar")
        expect(dialog(page).get_by_text("A conexão funciona.")).to_be_visible()
        expect(dialog(page).get_by_text("project with 3 servers")).to_be_visible()
        assert axe.violations(page) == []
        page.keyboard.press("Escape")
        expect(dialog(page)).to_have_count(0)
    expect(page.get_by_text("t0ken-of-the-test")).to_have_count(0)
