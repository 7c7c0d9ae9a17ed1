"""The main job as one person does it: from an empty folder to a watched, canceled and repeated job, by hand only."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.drill import add_drill
from tests.e2e.looks import MATRIX, Look, Tab, open_tab
from tests.e2e.product import PASSWORD, ROOT, Product, started
from tests.systems.processes import free_port
from tests.systems.sshhosts import SshHost, ssh_hosts

JOB_MS = 240_000
PHONE_DARK, DESKTOP_LIGHT = Look(390, 844, "dark", "pt-BR"), Look(1280, 800, "light", "en")
SAMPLE = {(PHONE_DARK, "alone"), (DESKTOP_LIGHT, "servers")}
# CI runs each size, theme, language and back end once; `--full` every look, and those of the sample on both back ends.
LOOKS = [look for look in MATRIX if (look.width, look.height) in {(390, 844), (1280, 800)}]
RUNS = SAMPLE | {(look, "servers" if look.language == "pt-BR" else "alone") for look in LOOKS}
TITLES = {"en": ("Host report", "Fire drill"), "pt-BR": ("Relatório do host", "Treino de incêndio")}
WAIT_FIELD = {"en": "Wait", "pt-BR": "Espera"}
CONNECTION = "ops-key"


@lru_cache
def catalogue(language: str) -> dict[str, str]:
    """What the product says in a language, by key."""
    return json.loads((ROOT / "orch_app" / "i18n" / f"{language}.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def machines() -> Iterator[list[SshHost]]:
    with ssh_hosts(2) as hosts:
        yield hosts


@pytest.fixture
def installation(request: pytest.FixtureRequest, back_end: str, screens: None, tmp_path: Path) -> Iterator[Product]:
    """A product that nobody has opened yet: alone with one worker, or on PostgreSQL and Redis with two."""
    variables = {"ORCH_RUNBOOKS_DIR": str(add_drill(tmp_path / "runbooks"))}
    if back_end == "servers":
        variables |= {
            "ORCH_DATABASE_URL": request.getfixturevalue("fresh_postgres_url"),
            "ORCH_REDIS_URL": request.getfixturevalue("fresh_redis_url"),
        }
    made = Product(tmp_path / "data", free_port(), variables)
    made.data_dir.mkdir()
    made.cli("migrate")
    with started(made, workers=2 if back_end == "servers" else 1):
        yield made


@dataclass(frozen=True)
class Person:
    """Somebody at a browser who knows the product by its words only."""

    tab: Tab
    pictures: Path

    @property
    def page(self) -> Page:
        return self.tab.page

    def said(self, key: str, **values: object) -> str:
        """A text of the product in the person's language."""
        text = catalogue(self.tab.look.language)[key]
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text

    @property
    def dialog(self) -> Locator:
        return self.page.locator("dialog[open]")

    def write(self, label: str, text: str, where: Locator | None = None) -> None:
        """Click the first field of that name, empty it, type."""
        field = (where or self.dialog).get_by_role("textbox", name=re.compile(f"^{re.escape(label)}")).first
        field.click()
        field.press("Control+a")
        field.press_sequentially(text)

    def press(self, key: str, where: Locator | None = None, **values: object) -> None:
        """Click the button with that word."""
        self.button(key, where, **values).click()

    def button(self, key: str, where: Locator | None = None, **values: object) -> Locator:
        return (where or self.page).get_by_role("button", name=self.said(key, **values), exact=True)

    def go_to(self, place: str) -> None:
        """By the sidebar, or by the bottom bar and its `More`."""
        name = self.said(f"nav.{place}")
        bar = self.page.get_by_role("navigation", name=self.said("shell.navigation"), exact=True)
        if self.tab.look.is_phone:
            bar = self.page.get_by_role("navigation", name=self.said("shell.navigation_phone"), exact=True)
            if bar.get_by_role("link", name=name).count() == 0:
                self.press("nav.more", bar)
                bar = self.dialog
        bar.get_by_role("link", name=name).click()
        expect(self.page.get_by_role("heading", name=name, level=1)).to_be_visible()
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0)

    def show(self, part: str) -> None:
        """One of the tabs of a job."""
        parts = self.page.get_by_role("navigation", name=self.said("job.tabs"))
        parts.get_by_role("link", name=re.compile(f"^{self.said(f'job.tab.{part}')}")).click()

    def look(self, name: str) -> None:
        """Keep a picture of what is on the screen; nothing may scroll sideways."""
        self.page.screenshot(path=self.pictures / f"{name}-{self.tab.look.name}.png")
        assert self.tab.fits(), name

    def sees_status(self, status: str) -> None:
        expect(self.page.locator(".ttl .st")).to_have_text(self.said(f"status.{status}"), timeout=JOB_MS)


def become_the_first_admin(me: Person, address: str) -> None:
    me.page.goto(address)
    me.tab.wait_until_alive()
    card = me.page.locator("form")
    me.write(me.said("setup.name"), "Ana Ribeiro", card)
    me.write(me.said("setup.email"), "ana@example.org", card)
    for key in ("setup.password", "setup.repeat"):
        field = card.get_by_label(me.said(key), exact=True)
        field.click()
        field.press_sequentially(PASSWORD)
    me.look("01-setup")
    me.press("setup.submit")
    expect(me.page.get_by_role("heading", name=me.said("nav.dashboard"), level=1)).to_be_visible()
    expect(me.page.locator("[aria-busy=true]")).to_have_count(0)
    me.look("02-first-steps")


def add_the_connection(me: Person, machine: SshHost) -> None:
    me.go_to("connections")
    me.press("connections.add")
    me.dialog.get_by_role("button", name="SSH", exact=True).click()
    me.write(me.said("connections.column.name"), CONNECTION)
    me.write({"en": "User", "pt-BR": "Usuário"}[me.tab.look.language], machine.user)
    # A key is pasted, not typed.
    key = {"en": "Private key", "pt-BR": "Chave privada"}[me.tab.look.language]
    me.dialog.get_by_label(key).fill(Path(machine.private_key).read_text("utf-8"))
    me.look("03-connection")
    me.press("action.save", me.dialog)
    expect(me.page.get_by_role("button", name=CONNECTION, exact=True)).to_be_visible()


def fingerprint(host_key: str) -> str:
    """As `ssh-keygen -lf` shows it."""
    digest = hashlib.sha256(base64.b64decode(host_key.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def add_a_host(me: Person, name: str, machine: SshHost) -> None:
    """The host with its key, pinned after the fingerprint on the screen was the machine's own."""
    me.press("hosts.add")
    me.write(me.said("hosts.field.name"), name)
    me.write(me.said("hosts.field.address"), machine.address)
    me.write(me.said("hosts.field.port"), str(machine.port))
    me.dialog.get_by_label(me.said("hosts.column.connection")).select_option(label=CONNECTION)
    me.look(f"04-host-{name}")
    me.press("action.save", me.dialog)
    me.press("hosts.verify", me.dialog)
    expect(me.dialog.locator(".fp code")).to_have_text(fingerprint(machine.host_key))
    me.look(f"05-key-{name}")
    me.press("keys_dialog.pin", me.dialog)
    expect(me.dialog).to_have_count(0)
    expect(me.page.get_by_role("button", name=name, exact=True)).to_be_visible()


def open_the_run_of(me: Person, title: str) -> None:
    me.go_to("runbooks")
    me.write(me.said("runbooks.filter"), title, me.page.locator("main"))
    # Until the list has been read again it is that of the last visit: wait for the one row, not for any one.
    rows = me.page.locator("table tbody tr")
    expect(rows.filter(has_text=title)).to_be_visible()
    expect(rows).to_have_count(1)
    rows.filter(has_text=title).locator(".go").click()
    expect(me.dialog.get_by_role("heading", name=title)).to_be_visible()


def report_on(me: Person, names: list[str]) -> None:
    title = TITLES[me.tab.look.language][0]
    open_the_run_of(me, title)
    me.dialog.get_by_role("radio", name=me.said("launch.place.hosts"), exact=True).click()
    for name in names:
        box = me.dialog.get_by_role("checkbox", name=re.compile(f"^{name}"))
        box.click()
        expect(box).to_be_checked()
    expect(me.dialog.get_by_text(me.said("launch.chosen.other", n=len(names)))).to_be_visible()
    me.look("06-run")
    me.press("runbooks.run", me.dialog)
    expect(me.page.get_by_role("heading", name=title, level=1)).to_be_visible()


def follow_the_log(me: Person, names: list[str]) -> None:
    """What is there when the job has ended came without the page being loaded again."""
    me.page.evaluate("window.sameDocument = true")
    me.show("logs")
    expect(me.page.locator(".ln").first).to_be_visible(timeout=JOB_MS)
    me.look("07-log")
    me.sees_status("SUCCESS")
    for name in names:
        expect(me.page.locator(".ln", has_text=name).first).to_be_visible()
    me.look("08-log-ended")
    assert me.page.evaluate("window.sameDocument")


def look_around(me: Person, names: list[str]) -> None:
    me.show("overview")
    me.look("09-overview")
    me.show("hosts")
    expect(me.page.locator("table tbody tr")).to_have_count(len(names))
    me.look("10-hosts")
    me.show("timeline")
    expect(me.page.locator("button.gr.task").first).to_be_visible()
    me.look("11-timeline")
    me.show("artifacts")
    for file in ("output.json", "logs.ndjson", "artifacts.tar.gz"):
        expect(me.page.locator("table").get_by_text(file, exact=True)).to_be_visible()
    me.look("12-artifacts")


def reported_hosts(me: Person) -> list[str]:
    """Whom the report names, as it was downloaded by its link."""
    row = me.page.locator("tr", has_text="output.json")
    with me.page.expect_download() as download:
        row.get_by_role("link", name=me.said("job.download")).click()
    report = json.loads(download.value.path().read_text("utf-8"))
    return sorted(item["id"] for item in report["items"])


def cancel(me: Person) -> None:
    me.sees_status("RUNNING")
    me.press("job.cancel")
    me.look("14-cancel")
    me.press("job.cancel", me.dialog)
    me.sees_status("CANCELED")


def start_a_long_one(me: Person) -> None:
    title = TITLES[me.tab.look.language][1]
    open_the_run_of(me, title)
    me.write(WAIT_FIELD[me.tab.look.language], "120")
    me.press("runbooks.run", me.dialog)
    expect(me.page.get_by_role("heading", name=title, level=1)).to_be_visible()
    me.show("logs")
    expect(me.page.locator(".ln", has_text="TASK [Wait]")).to_be_visible(timeout=JOB_MS)
    me.look("13-log-live")


@pytest.mark.long
@pytest.mark.parametrize(
    ("look", "back_end"),
    [
        pytest.param(look, back_end, id=f"{look.name}-{back_end}", marks=[] if run in SAMPLE else [pytest.mark.full])
        for run in sorted(RUNS, key=str)
        for look, back_end in [run]
    ],
)
def test_from_an_empty_folder_to_a_report_of_two_hosts_and_a_job_canceled_and_repeated(
    browser: Browser, installation: Product, machines: list[SshHost], look: Look, tmp_path: Path
):
    names = [f"web-{number}" for number, _ in enumerate(machines, 1)]
    with open_tab(browser, installation, look) as tab:
        me = Person(tab, tmp_path)
        become_the_first_admin(me, installation.cli("setup-url").strip())
        add_the_connection(me, machines[0])
        me.go_to("hosts")
        for name, machine in zip(names, machines, strict=True):
            add_a_host(me, name, machine)
        report_on(me, names)
        follow_the_log(me, names)
        look_around(me, names)
        assert reported_hosts(me) == names
        start_a_long_one(me)
        cancel(me)
        first = me.page.url
        me.press("job.retry")
        expect(me.page).not_to_have_url(first)
        expect(me.page.locator(".chain .chip")).to_have_count(2)
        cancel(me)
        me.go_to("jobs")
        expect(me.page.locator("table tbody tr")).to_have_count(3)
        me.look("15-jobs")
