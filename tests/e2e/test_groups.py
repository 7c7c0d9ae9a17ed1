"""Groups of hosts by hand: made, found, given variables, and chosen whole for a run."""

from collections.abc import Iterator
from secrets import token_hex
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e import axe
from tests.e2e.conftest import OpenTab
from tests.e2e.looks import DESKTOP, PHONE, Look, Tab
from tests.e2e.product import Product, client_of, new_product, started
from tests.systems.sshd import SshServer, ssh_server


@pytest.fixture(scope="module")
def sshd() -> Iterator[SshServer]:
    with ssh_server() as server:
        yield server


@pytest.fixture(scope="module")
def shipped(screens: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """An installation with the runbooks of the repository."""
    made = new_product(tmp_path_factory.mktemp("groups") / "data")
    made.add_user("admin")
    with started(made, workers=0), client_of(made, "admin") as client:
        client.post("/v1/runbooks/sync").raise_for_status()
        yield made


def dialog(page: Page) -> Locator:
    return page.locator("dialog[open]")


def press(page: Page, name: str) -> None:
    dialog(page).get_by_role("button", name=name, exact=True).click()


def call(tab: Tab, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """A REST call in the name of the tab's user."""
    headers = {"Origin": tab.product.url}
    answer = tab.page.request.fetch(f"{tab.product.url}{path}", method=method, data=body, headers=headers)
    assert answer.ok, answer.text()
    return answer.json()


def add_hosts(tab: Tab, server: SshServer, *names: str) -> list[str]:
    """The ids of new hosts that a job can work on: with a connection and a pinned key."""
    ids: list[str] = []
    payload = {"user": server.user, "privateKey": server.private_key}
    key = {"type": "ssh", "name": f"key of {names[0]}", "environment": "stage", "payload": payload}
    connection = call(tab, "POST", "/v1/connections", key)["id"]
    for name in names:
        place = {"address": server.address, "port": server.port, "connectionId": connection}
        ids.append(call(tab, "POST", "/v1/hosts", {"name": name, "environment": "stage", **place})["id"])
        path = f"/v1/hosts/{ids[-1]}"
        shown = call(tab, "POST", f"{path}/scan-key", {})["keys"][0]["fingerprint"]
        call(tab, "POST", f"{path}/scan-key", {"pin": shown})
    return ids


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_group_is_made_with_hosts_and_variables_and_found_again(tab: OpenTab, sshd: SshServer, look: Look):
    opened, mark = tab("admin", look), token_hex(3)
    one, two, group = f"web-{mark}-1", f"web-{mark}-2", f"web_{mark}"
    add_hosts(opened, sshd, one, two)
    page = opened.open("/hosts?tab=groups")
    page.get_by_role("button", name="Novo grupo").first.click()
    form = dialog(page)
    form.get_by_label("Nome", exact=True).fill(group)
    for name in (one, two):
        form.get_by_label("Nome ou endereço").fill(name)
        form.get_by_role("checkbox", name=name).click()
        expect(form.get_by_role("checkbox", name=name)).to_be_checked()
    form.get_by_label("Variáveis").fill("http_port: 80\nansible_host: x")
    press(page, "Salvar")
    expect(form.get_by_text("ansible_host: Este nome tem um significado")).to_be_visible()
    assert axe.violations(page) == []
    assert opened.fits()
    form.get_by_label("Variáveis").fill("http_port: 80")
    press(page, "Salvar")
    expect(dialog(page).get_by_role("heading", name=group)).to_be_visible()
    expect(dialog(page).get_by_text("http_port: 80")).to_be_visible()
    assert axe.violations(page) == []
    opened.open(f"/hosts?group={group}")
    expect(page.get_by_role("button", name=one, exact=True)).to_be_visible()
    expect(page.get_by_role("link", name=group).first).to_be_visible()
    assert axe.violations(page) == []


def test_a_run_chooses_a_group_whole_or_means_it_by_its_limit(tab: OpenTab, sshd: SshServer, shipped: Product):
    opened = tab("admin", PHONE, shipped)
    ids = add_hosts(opened, sshd, "web-1", "web-2")
    call(opened, "POST", "/v1/host-groups", {"name": "web", "environment": "stage", "hosts": ids[:1]})
    call(opened, "POST", "/v1/host-groups", {"name": "site", "environment": "stage", "children": ["web"]})
    page = opened.open("/runbooks?run=host_report")
    dialog(page).get_by_text("Hosts", exact=True).first.click()
    chosen = dialog(page).get_by_role("button", name="site · 1 host")
    chosen.click()
    expect(chosen).to_have_attribute("aria-pressed", "true")
    expect(dialog(page).get_by_text("1 host escolhido")).to_be_visible()
    assert axe.violations(page) == []
    assert opened.fits()
    chosen.click()
    expect(dialog(page).get_by_text("0 host escolhido")).to_be_visible()
    dialog(page).get_by_label("Limite").fill("all,!site")
    expect(dialog(page).get_by_text("Significa 1 host agora")).to_be_visible()


def test_the_tab_of_groups_is_come_to_by_a_press_and_shows_what_others_add(tab: OpenTab):
    opened, name = tab("admin", PHONE), f"live_{token_hex(3)}"
    page = opened.open("/hosts")
    expect(page.get_by_role("button", name="Novo host")).to_be_visible()
    page.get_by_role("link", name="Grupos").click()
    expect(page.get_by_role("button", name="Novo grupo")).to_be_visible()
    expect(page.get_by_role("button", name="Novo host")).to_have_count(0)
    call(opened, "POST", "/v1/host-groups", {"name": name, "environment": "stage"})
    expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()
    page.get_by_role("link", name="Hosts", exact=False).locator("visible=true").first.click()
    expect(page.get_by_role("button", name="Novo host")).to_be_visible()
    assert axe.violations(page) == []


def test_an_operator_looks_at_a_group_and_cannot_change_it(tab: OpenTab):
    name = f"looked_at_{token_hex(3)}"
    call(tab("admin"), "POST", "/v1/host-groups", {"name": name, "environment": "stage", "variables": {"a": 1}})
    page = tab("operator").open("/hosts?tab=groups")
    page.get_by_role("button", name=name).click()
    expect(dialog(page).get_by_text("a: 1")).to_be_visible()
    expect(dialog(page).get_by_role("button", name="Editar")).to_have_count(0)
    expect(page.get_by_role("button", name="Novo grupo")).to_have_count(0)
