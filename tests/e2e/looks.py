"""Sizes, themes and languages in which pages are looked at, and a browser tab in one of them."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import product as combinations
from typing import Any

import pytest
from _pytest.mark import ParameterSet
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, expect

from tests.e2e.product import PASSWORD, Product

PATIENCE_MS = 30_000
WAIT_MS = 60_000
NAMES = {(390, 844): "phone", (1280, 800): "desktop", (360, 640): "small", (768, 1024): "tablet", (1920, 1080): "wide"}
# A refused call is part of some journeys; the browser logs it by itself.
EXPECTED = ("Failed to load resource",)

# React has taken over the heading, and nothing waits to run after that.
ALIVE = """async (patience) => {
  const isTaken = () => Object.keys(document.querySelector("h1") || {}).some((key) => key.startsWith("__react"));
  const end = Date.now() + patience;
  while (!isTaken() && Date.now() < end) await new Promise((done) => setTimeout(done, 20));
  if (!isTaken()) throw new Error("nothing has brought the page to life");
  await new Promise((done) => requestIdleCallback(done, { timeout: 5000 }));
}"""
MOST_REDIRECTS = 3

expect.set_options(timeout=PATIENCE_MS)


@dataclass(frozen=True)
class Look:
    """One way to look at a page."""

    width: int = 1280
    height: int = 800
    theme: str = "dark"
    language: str = "pt-BR"

    @property
    def name(self) -> str:
        return f"{NAMES.get(self.size, self.width)}-{self.theme}-{self.language}"

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height

    @property
    def is_phone(self) -> bool:
        return self.width < 768


DESKTOP = Look()
PHONE = Look(390, 844)
# Two looks that have nothing in common: both sizes, both themes and both languages are seen. What is looked at without
# `--full` is looked at in one of these pairs, and each screen in another, so that all eight are used.
OPPOSITES = (
    (Look(1280, 800, "dark", "pt-BR"), Look(390, 844, "light", "en")),
    (Look(1280, 800, "light", "en"), Look(390, 844, "dark", "pt-BR")),
    (Look(1280, 800, "light", "pt-BR"), Look(390, 844, "dark", "en")),
    (Look(1280, 800, "dark", "en"), Look(390, 844, "light", "pt-BR")),
)
MATRIX = [
    Look(width, height, theme, language)
    for (width, height), theme, language in combinations(NAMES, ("dark", "light"), ("pt-BR", "en"))
]


def in_looks(number: int) -> pytest.MarkDecorator:
    """Run a test at both usual sizes in every theme and language; without `--full` in one pair of opposites."""
    looks = [look for look in MATRIX if look.size in {DESKTOP.size, PHONE.size}]
    return pytest.mark.parametrize("look", [as_parameter(look, number) for look in looks])


def as_parameter(look: Look, number: int, *more: Any) -> ParameterSet:
    """A look for a test's parameters; it is left to `--full` unless it is in the pair of this number."""
    marks = [] if look in OPPOSITES[number] else [pytest.mark.full]
    return pytest.param(look, *more, id="-".join([look.name, *map(str, more)]), marks=marks)


@dataclass
class Tab:
    """A page of the product, what it complained about, and how to get around in it."""

    page: Page
    product: Product
    look: Look
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a path and wait until the page is alive: hydrated and connected."""
        self.page.goto(self.product.url + path)
        self.wait_until_alive()
        return self.page

    def wait_until_alive(self) -> None:
        """Until the page answers to clicks and keys: its heading is there as HTML long before, and swallows them."""
        expect(self.page.locator("h1").first).to_be_visible()
        for _ in range(MOST_REDIRECTS):
            with suppress(Error):  # the page went on to another one meanwhile, for example to sign in
                self.page.evaluate(ALIVE, PATIENCE_MS)
                return
            expect(self.page.locator("h1").first).to_be_visible()
        self.page.evaluate(ALIVE, PATIENCE_MS)

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        """Put a session cookie into the browser, as the login form does."""
        body = {"email": email, "password": password, "browser": True}
        answer = self.page.request.post(
            f"{self.product.url}/v1/auth/login", data=body, headers={"Origin": self.product.url}
        )
        assert answer.ok, answer.text()

    def job_when_over(self, job_id: str) -> dict[str, Any]:
        """The job once it has ended; as it is when it has not after four minutes."""
        job: dict[str, Any] = {}
        for _ in range(4):
            answer = self.page.request.get(f"{self.product.url}/v1/jobs/{job_id}?wait=60", timeout=2 * WAIT_MS)
            job = answer.json()
            if job["status"] in {"SUCCESS", "ERROR", "CANCELED"}:
                break
        return job

    def fits(self) -> bool:
        """Whether nothing makes the page scroll sideways."""
        return self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@contextmanager
def open_tab(browser: Browser, product: Product, look: Look = DESKTOP, *, as_user: str = "") -> Iterator[Tab]:
    """A new browser with one tab in a look, signed in as somebody when a name is given.

    At the end it must not have complained: no script error, nothing that the Content-Security-Policy refused.
    """
    context = _context(browser, product, look)
    try:
        tab = Tab(context.new_page(), product, look)
        tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
        tab.page.on("console", lambda message: _note(tab, message))
        if as_user:
            tab.sign_in(as_user)
        yield tab
        assert tab.complaints == []
    finally:
        context.close()


def _context(browser: Browser, product: Product, look: Look) -> BrowserContext:
    context = browser.new_context(
        viewport={"width": look.width, "height": look.height},
        has_touch=look.is_phone,
        is_mobile=look.is_phone,
        locale=look.language,
        timezone_id="America/Sao_Paulo",
        reduced_motion="reduce",
        permissions=["clipboard-write"],  # a window gives it to whoever is pressed; the shell without windows does not
    )
    context.set_default_timeout(PATIENCE_MS)
    wanted = {"orch_lang": look.language, "orch_theme": look.theme}
    context.add_cookies([{"name": name, "value": value, "url": product.url} for name, value in wanted.items()])
    return context


def _note(tab: Tab, message: ConsoleMessage) -> None:
    if message.type == "error" and not message.text.startswith(EXPECTED):
        tab.complaints.append(message.text)
