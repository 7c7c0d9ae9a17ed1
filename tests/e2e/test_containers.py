"""Containers and their logs, on an engine and a Portainer of ours: what is wrong comes first, and lines come live."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e import axe
from tests.e2e.conftest import OpenTab
from tests.e2e.looks import DESKTOP, PHONE, Look
from tests.e2e.product import Product, client_of, new_product, started
from tests.systems.engine import FakeContainer, FakeEngine, fake_engine
from tests.systems.portainer import DOWN, FakeEndpoint, fake_portainer

ENGLISH_PHONE = Look(390, 844, "light", "en")
STACK, SERVICE = "com.docker.stack.namespace", "com.docker.swarm.service.name"


@dataclass
class Yard:
    """An installation with an engine of its own, and the id of the connection to it."""

    product: Product
    engine: FakeEngine
    docker: str


def container(number: int, name: str, **facts: Any) -> FakeContainer:
    return FakeContainer(f"{number:012x}{0:052x}", name, **facts)


def shop() -> list[FakeContainer]:
    """Two services of a stack, one of them unwell, and two containers of nobody."""
    api = {STACK: "shop", SERVICE: "shop_api"}
    web = {STACK: "shop", SERVICE: "shop_web"}
    said = [(1, float(second), f"GET /cart {second}") for second in range(30)]
    return [
        container(1, "shop_web.1.abcdefghijklmnopqrstuvwxy", image="shop-web:4.11.0", labels=web, log=said),
        container(2, "shop_api.1.abcdefghijklmnopqrstuvwxy", image="shop-api:2.18.0", labels=api, health="unhealthy",
                  log=[(2, 40.0, "ERROR: timeout of the database"), (1, 41.0, "retrying")]),
        container(3, "reports", image="reports:1.9.2", state="exited", exit_code=137),
        container(4, "traefik", image="traefik:3.2", health="healthy"),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def yard(screens: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    folder = tmp_path_factory.mktemp("yard")
    made = new_product(folder / "data")
    for role in ("admin", "operator"):
        made.add_user(role)
    with fake_engine(folder) as engine, fake_portainer() as server, started(made, workers=0):
        server.endpoints = [FakeEndpoint(3, "swarm-rj", engine.socket, status=DOWN)]
        with client_of(made, "admin") as client:
            docker = connected(client, "docker", "vps-01", url=f"unix://{engine.socket}")
            connected(client, "portainer", "portainer-sp", url=server.url, apiKey=server.key)
            client.post("/v1/runbooks/sync").raise_for_status()
            client.post("/v1/runbooks/host_report/execute", json={}).raise_for_status()
        yield Yard(made, engine, docker)


@pytest.fixture(autouse=True)
def _as_it_was(yard: Yard) -> None:
    yard.engine.broken = False
    yard.engine.ends.clear()
    yard.engine.containers = shop()


def connected(client: httpx.Client, kind: str, name: str, **payload: str) -> str:
    body = {"type": kind, "name": name, "environment": "stage", "payload": payload}
    return client.post("/v1/connections", json=body).raise_for_status().json()["id"]


@pytest.mark.parametrize("look", [DESKTOP, ENGLISH_PHONE], ids=lambda look: look.name)
def test_problems_come_first_and_lead_to_what_can_be_done(yard: Yard, tab: OpenTab, look: Look):
    opened = tab("operator", look, yard.product)
    page = opened.open("/containers")
    names = page.locator("main .rows .name")
    expect(names).to_have_text(["reports", "shop_api.1", "shop_web.1", "traefik"])
    expect(page.locator(".tsec")).to_have_count(2)
    expect(page.locator(".note", has_text="swarm-rj")).to_be_visible()
    assert axe.violations(page) == []
    assert opened.fits()
    yard.engine.containers[2].exit_code = 139
    expect(page.locator("main .rows")).to_contain_text(re.compile("(código|code) 139"))
    yard.engine.containers[3].health = "unhealthy"
    pill = page.locator(".pill")
    expect(pill).to_be_visible()
    expect(names).to_have_text(["reports", "shop_api.1", "shop_web.1", "traefik"])
    pill.click()
    expect(names).to_have_text(["reports", "shop_api.1", "traefik", "shop_web.1"])
    names.first.press("Enter")
    drawer = page.locator("dialog[open]")
    expect(drawer).to_contain_text("reports:1.9.2")
    assert axe.violations(page) == []
    drawer.locator("footer").get_by_role("button", name=re.compile("Reiniciar|Restart")).click()
    page.wait_for_url("**/runbooks?run=container_restart**")
    form = page.locator("dialog[open]")
    expect(form.locator(".chip", has_text="000000000003")).to_be_visible()
    assert opened.fits()


def test_filters_stand_in_the_address_and_the_dashboard_leads_there(yard: Yard, tab: OpenTab):
    page = tab("operator", DESKTOP, yard.product).open("/dashboard")
    card = page.locator("a.kpi", has_text="Containers com erro")
    expect(card.locator(".v")).to_have_text("2")
    card.click()
    page.wait_for_url("**/containers?show=problems")
    expect(page.locator("main .rows .name")).to_have_count(2)
    page.get_by_role("button", name=re.compile("^Stacks")).click()
    page.wait_for_url("**/containers?show=problems&tab=stacks")
    expect(page.locator("main .rows .name")).to_have_text(["shop"])
    page.reload()
    expect(page.locator("main .rows .name")).to_have_text(["shop"])


def test_a_thousand_containers_are_a_page_of_fifty_and_a_tree_that_is_searched(yard: Yard, tab: OpenTab):
    yard.engine.containers = [container(number, f"worker-{number:04}") for number in range(1, 1_001)]
    page = tab("operator", DESKTOP, yard.product).open("/containers")
    expect(page.get_by_text("de 1.000")).to_be_visible()
    expect(page.locator("main .rows .name")).to_have_count(50)
    page.goto(f"{yard.product.url}/logs?source={yard.docker}/c:worker-0777")
    chosen = page.locator("[role=treeitem][aria-checked=mixed]")
    expect(chosen).to_have_count(1)
    assert page.locator("[role=treeitem]").count() <= 301
    page.get_by_role("textbox", name="Buscar fonte").fill("0777")
    expect(page.get_by_role("treeitem", name="worker-0777")).to_have_attribute("aria-checked", "true")


@pytest.mark.parametrize("look", [DESKTOP, PHONE], ids=lambda look: look.name)
def test_logs_of_a_stack_come_together_live_with_a_colour_each(yard: Yard, tab: OpenTab, look: Look):
    opened = tab("operator", look, yard.product)
    page = opened.open(f"/logs?source={yard.docker}/stack:shop")
    lines = page.locator(".lines .ln")
    expect(lines.last).to_contain_text("retrying")
    colours = page.locator(".ln .hostc:visible").evaluate_all(
        "all => [...new Set(all.map(one => getComputedStyle(one).color))]"
    )
    assert len(colours) == 2
    assert axe.violations(page) == []
    assert opened.fits()
    yard.engine.containers[0].log.append((1, 60.0, "WARN: cart is slow"))
    expect(lines.last).to_contain_text("cart is slow")
    page.get_by_role("button", name="Pausar").click()
    yard.engine.containers[0].log.append((1, 61.0, "GET /later"))
    page.get_by_role("button", name="1 linha nova").click()
    expect(lines.last).to_contain_text("GET /later")
    page.get_by_role("button", name=re.compile("^Erros")).click()
    expect(lines).to_have_count(1)
    expect(lines).to_contain_text("timeout of the database")
    with page.expect_download() as kept:
        page.get_by_role("button", name="Baixar as linhas mostradas").click()
    assert "shop_api.1 ERROR: timeout of the database" in Path(kept.value.path()).read_text("utf-8")


def test_the_tree_is_walked_and_ticked_by_keys_and_an_engine_that_breaks_off_is_told(yard: Yard, tab: OpenTab):
    page = tab("operator", DESKTOP, yard.product).open("/logs")
    expect(page.get_by_text("Escolha o que ouvir")).to_be_visible()
    page.get_by_role("treeitem", name="vps-01").focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowRight", "ArrowDown", "Space"):
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile(r"source=con_\w+%2Fservice%3Ashop%3Ashop_api"))
    expect(page.locator(".ln", has_text="retrying")).to_be_visible()
    expect(page.get_by_role("treeitem", name=re.compile(r"^shop\b"))).to_have_attribute("aria-checked", "mixed")
    yard.engine.broken = True
    yard.engine.ends.set()
    expect(page.locator(".log-b")).to_contain_text("1 log interrompido")
    yard.engine.containers[1].log.append((1, 70.0, "not lost"))
    yard.engine.broken = False
    yard.engine.ends.clear()
    expect(page.locator(".ln", has_text="not lost")).to_be_visible()
    expect(page.locator(".log-b")).to_have_count(0)
    assert page.locator(".ln", has_text="retrying").count() == 1
    page.reload()
    expect(page.locator(".ln", has_text="timeout of the database")).to_be_visible()
    expect(page.locator(".ln")).to_have_count(3)
