"""`./orch check`: everything CI asks of the code without running it, as a table of name, result and time."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tools.launcher.environment import PYTHON, ROOT, VENV, child_environment, ensure
from tools.launcher.progress import say

GATES = {
    "gate.json": ("orch_app/domains", "orch_app/kit", "orch_app/integrations", "tasks"),
    "gate-ui.json": ("orch_app/pages", "orch_app/state", "orch_app/components"),
}
URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\"']+")
# Folders that exist on one machine only, and package registries: a file that names one works nowhere else.
MACHINE = re.compile(r"(?<![\w./-])/(?:work|workspace|builds|Users)/[\w.]")
REGISTRY = re.compile(r"registry[.]np[m]|py[p]i[.]org|deb[.]debia[n]|pythonho[s]ted", re.IGNORECASE)  # not named
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-bootstrap.lock")
TEXT_BYTES = 2_000_000
THIS_FILE = "tools/launcher/checks.py"  # it must spell what it looks for


@dataclass(frozen=True)
class Result:
    """Outcome of one check; the detail is what a person needs to mend it."""

    is_ok: bool
    detail: str = ""


@dataclass(frozen=True)
class Check:
    """A name for the table and how to find the result."""

    name: str
    run: Callable[[], Result]


def run_checks(*, fix: bool) -> int:
    """Run every check, print the details of the failed ones and then the table; exit code 1 when one failed."""
    ensure("dev")
    if fix:
        for words in (("check", "--fix", "--quiet"), ("format", "--quiet")):
            subprocess.run([VENV / "bin" / "ruff", *words], cwd=ROOT, env=child_environment(), check=False)
    rows: list[tuple[str, Result, float]] = []
    for check in all_checks():
        began = time.monotonic()
        result = check.run()
        rows.append((check.name, result, time.monotonic() - began))
        say(f"{check.name}: {'ok' if result.is_ok else 'FAILED'}")
        if not result.is_ok:
            say(f"\n{result.detail}\n")
    sys.stdout.write(table(rows))
    return 0 if all(result.is_ok for _, result, _ in rows) else 1


def table(rows: Iterable[tuple[str, Result, float]]) -> str:
    """The closing table: check, result, seconds."""
    lines = [f"  {name:<14} {'ok' if result.is_ok else 'FAILED':<7} {took_s:6.1f} s" for name, result, took_s in rows]
    return "\n".join(["", *lines, ""])


def all_checks() -> list[Check]:
    """In the order in which a failure is cheapest to mend."""
    return [
        Check("format", lambda: _program("ruff", "format", "--check", "--diff")),
        Check("lint", lambda: _program("ruff", "check", "--output-format", "concise")),
        Check("types", lambda: _program("basedpyright")),
        Check("imports", lambda: _program("lint-imports", "--no-logo")),
        Check("dependencies", lambda: _program("deptry", ".", "--no-ansi")),
        *(Check(f"shape ({gate.removesuffix('.json')})", lambda gate=gate: _shape(gate)) for gate in GATES),
        Check("npm lock", _npm_lock),
        Check("places", _places),
    ]


def _program(name: str, *words: str) -> Result:
    done = subprocess.run(
        [VENV / "bin" / name, *words],
        cwd=ROOT, env=child_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return Result(done.returncode == 0, done.stdout.strip())


def _shape(gate: str) -> Result:
    folders = [folder for folder in GATES[gate] if (ROOT / folder).is_dir()]
    if not folders:
        return Result(is_ok=True)
    done = subprocess.run(
        [PYTHON, "tools/measure.py", *folders, "--worst", "5", "--gate", f"tools/{gate}"],
        cwd=ROOT, env=child_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    return Result(done.returncode == 0, f"{done.stdout}\n{done.stderr}".strip())


def _npm_lock() -> Result:
    """No package-lock.json says from which host its packages came: every installation has a registry of its own."""
    found = [path for path in _tracked() if path.endswith("package-lock.json")]
    hosts = [f"{path}: {url}" for path in found for url in lock_urls((ROOT / path).read_text("utf-8"))]
    return Result(not hosts, "\n".join(hosts[:10]))


def lock_urls(text: str) -> list[str]:
    """Addresses that npm would download from; those of homepages and funding are not among them."""
    packages: dict[str, dict[str, object]] = json.loads(text).get("packages", {})
    return [str(entry["resolved"]) for entry in packages.values() if URL.match(str(entry.get("resolved", "")))]


def _places() -> Result:
    """No tracked file names a folder of somebody's machine or a package registry."""
    found: list[str] = []
    for path in _tracked():
        file = ROOT / path
        if path in LOCKS or not file.is_file() or file.stat().st_size > TEXT_BYTES or path == THIS_FILE:
            continue
        found += [f"{path}:{number}: {line}" for number, line in strange_places(file.read_bytes())]
    return Result(not found, "\n".join(found[:20]))


def strange_places(content: bytes) -> list[tuple[int, str]]:
    """Line numbers and lines of a text that name such a place; nothing for binary content."""
    if b"\0" in content[:8192]:
        return []
    lines = content.decode("utf-8", "replace").splitlines()
    return [
        (number, line.strip()[:160])
        for number, line in enumerate(lines, 1)
        if MACHINE.search(line) or REGISTRY.search(line)
    ]


def _tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    return [path for path in listed.stdout.split("\0") if path]
