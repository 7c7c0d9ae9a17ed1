"""A real Chromium of the system, driven by Playwright."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.systems.processes import program

# Only the last list counts, so Playwright's own comes first. Those at its end draw the suggestions of the address bar
# as pages of their own in every new window: more than a second of a core each, for a bar that no test has.
WITHOUT = (
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,"
    "LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,"
    "OptimizationHints,NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch,"
    "SpareRendererForSitePerProcess,WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup"
)


def chromium_path() -> str:
    """The installed browser; Playwright's own download is not used.

    The shell without windows comes first: the same engine, and less of the machine.

    Raises:
        FileNotFoundError: no Chromium is installed.
    """
    for name in ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable"):
        try:
            return program(name)
        except FileNotFoundError:
            continue
    message = "Chromium is not installed: `./orch test e2e` as root installs it"
    raise FileNotFoundError(message)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser for one session. Root and containers have no user namespaces for its sandbox."""
    flags = ["--disable-dev-shm-usage", f"--disable-features={WITHOUT}"]
    flags += ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium_path(), args=flags)
        try:
            yield browser
        finally:
            browser.close()
