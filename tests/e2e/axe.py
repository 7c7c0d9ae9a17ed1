"""axe in the page: what a screen reader or a keyboard would trip over."""

import fcntl
import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from playwright.sync_api import Page

FOLDER = Path(__file__).parent / "node"
SCRIPT = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
# Only violations are worked out to the last element and sent over: what passes is most of a page, and nobody reads it.
RUN = """async (rules) => {
  const found = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
  return found.violations;
}"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@lru_cache(maxsize=1)
def _source() -> str:
    """axe itself, installed once by the lock beside this file."""
    with (FOLDER / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several processes test at once, and half of a script is a broken one
        if not SCRIPT.exists():
            _install()
    return SCRIPT.read_text("utf-8")


def _install() -> None:
    tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(npm, cwd=FOLDER, env={**os.environ, "PATH": tools}, check=True, capture_output=True)


def violations(page: Page) -> list[str]:
    """Every violation of WCAG A and AA and of the best practices, one line per element."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(_source())
    found = page.evaluate(RUN, RULES)
    return [
        f"{item['id']}: {node['html'][:200]} ({node['failureSummary']})" for item in found for node in item["nodes"]
    ]
