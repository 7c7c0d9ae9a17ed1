"""Builds the browser part once: export by Reflex, then make it origin-free and collect the hashes for the CSP.

Needs only the standard library, so that the `orch` launcher can call it before anything else is imported.
"""

import base64
import gzip
import hashlib
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Progress = Callable[[str], None]

SOURCES = (
    "rxconfig.py",
    "requirements.lock",
    "assets",
    "orch_app/components",
    "orch_app/pages",
    "orch_app/state",
    "orch_app/i18n",
    "orch_app/orch_app.py",
    "tools/build_ui.py",
)
LOCK = "reflex.lock"
STEPS = {
    "Initializing": "preparing the build folder",
    "Installing": "installing the browser packages",
    "Compiling:": "pages compiled",
    "Creating Production Build": "bundle written",
}
PATIENCE_S = 5.0
_BAKED = re.compile(r"""(["'`])(wss?|https?)://(?:localhost|127\.0\.0\.1|0\.0\.0\.0):\d+(/[^"'`]*)\1""")
_INLINE = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
_TROUBLE = re.compile(r"^\s*(?:Warning|DeprecationWarning|Error)\b|has been deprecated|\[WARN\b", re.IGNORECASE)


class BuildError(Exception):
    """The browser part cannot be built; the text is one clear sentence and the last lines of the build."""


def build(root: Path, progress: Progress, *, python: Path | None = None, force: bool = False) -> bool:
    """Build the browser part when its sources changed since the last build.

    Args:
        root: the repository.
        progress: told one short line at every step.
        python: interpreter of the environment that holds Reflex and Node; this one when left out.
        force: build even when nothing changed.

    Returns:
        Whether something was built.

    Raises:
        BuildError: the export failed or warned.
    """
    stamp = root / ".web" / "orch-ui.json"
    sources = digest(root, SOURCES)
    if not force and _is_current(stamp, sources, digest(root, (LOCK,))) and (root / ".web/build/csp.json").is_file():
        return False
    stamp.unlink(missing_ok=True)
    started = time.monotonic()
    progress("building the screens (about half a minute, longer the first time)")
    with _lock_kept(root / LOCK):
        _export(root, Path(python or sys.executable), progress)
    finish(root / ".web" / "build")
    stamp.write_text(json.dumps({"sources": sources, "lock": digest(root, (LOCK,))}), encoding="utf-8")
    progress(f"screens built in {time.monotonic() - started:.0f} s")
    return True


def digest(root: Path, parts: tuple[str, ...]) -> str:
    """SHA-256 over the names and bytes of every source file below the given parts."""
    total = hashlib.sha256()
    for path in sorted(_files(root, parts)):
        total.update(path.relative_to(root).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def finish(build_dir: Path) -> None:
    """Make an export serve from any address, and write `csp.json` with the hash of every inline script.

    Raises:
        BuildError: no baked address was found, so the export is not what we know.
    """
    client = build_dir / "client"
    if not sum(_unbake(path) for path in (client / "assets").glob("reflex-env-*.js")):
        message = "the export holds no backend address to rewrite: Reflex changed its layout"
        raise BuildError(message)
    hashes = sorted({found for page in client.rglob("*.html") for found in inline_hashes(page.read_bytes())})
    (build_dir / "csp.json").write_text(json.dumps(hashes, indent=1), encoding="utf-8")


def inline_hashes(html: bytes) -> list[str]:
    """CSP sources (`sha256-...`) of the inline scripts of one page."""
    return [
        "sha256-" + base64.b64encode(hashlib.sha256(script).digest()).decode()
        for script in _INLINE.findall(html)
        if script
    ]


def rewrite_addresses(script: str) -> tuple[str, int]:
    """Replace baked backend addresses by expressions over the page's own address; also says how many."""
    return _BAKED.subn(_own_address, script)


def _own_address(found: re.Match[str]) -> str:
    scheme = 'location.protocol.replace("http","ws")' if found[2].startswith("ws") else "location.protocol"
    return f'({scheme}+"//"+location.host+"{found[3]}")'


def _unbake(path: Path) -> int:
    text, count = rewrite_addresses(path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    return count


def _files(root: Path, parts: tuple[str, ...]) -> Iterator[Path]:
    for part in parts:
        path = root / part
        found = [path] if path.is_file() else path.rglob("*")
        yield from (
            file
            for file in found
            if file.is_file() and "__pycache__" not in file.parts and "external" not in file.parts
        )


def _is_current(stamp: Path, sources: str, lock: str) -> bool:
    try:
        return json.loads(stamp.read_text(encoding="utf-8")) == {"sources": sources, "lock": lock}
    except (OSError, ValueError):
        return False


def _export(root: Path, python: Path, progress: Progress) -> None:
    """Run `reflex export`, passing on its steps; a warning of the build is an error."""
    command = [str(python), "-m", "reflex", "export", "--frontend-only", "--no-zip"]
    # Reflex copies an asset only when it is newer than its last copy, which says nothing about files of a release.
    shutil.rmtree(root / ".web" / "public", ignore_errors=True)
    with (
        tempfile.TemporaryDirectory() as nowhere,  # the export imports the program, which must not touch real data
        subprocess.Popen(
            command,
            cwd=root,
            env=_environment(python) | {"ORCH_DATA_DIR": nowhere},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        lines = list(_watched(process, progress))
    trouble = [line for line in lines if _TROUBLE.search(line)]
    if process.returncode or trouble:
        tail = "\n".join((trouble if not process.returncode else lines)[-30:])
        message = f"the screens cannot be built (reflex export, exit code {process.returncode}):\n{tail}"
        raise BuildError(message)


@contextmanager
def _lock_kept(folder: Path) -> Iterator[None]:
    """Afterwards every file of the lock that says the same in another order of keys is as it was: it is under git."""
    before = {path: path.read_bytes() for path in folder.glob("*.json")}
    try:
        yield
    finally:
        for path, content in before.items():
            if path.is_file() and path.read_bytes() != content and _read_json(path.read_bytes()) == _read_json(content):
                path.write_bytes(content)


def _read_json(content: bytes) -> object:
    try:
        return json.loads(content)
    except ValueError:
        return content


def _watched(process: subprocess.Popen[str], progress: Progress) -> Iterator[str]:
    """Lines of the running export; says that it is still at work when nothing was printed for a while."""
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_pump, args=(process, lines), daemon=True).start()
    started = time.monotonic()
    while True:
        try:
            line = lines.get(timeout=PATIENCE_S)
        except queue.Empty:
            progress(f"still building the screens, {time.monotonic() - started:.0f} s")
            continue
        if line is None:
            return
        for start, step in STEPS.items():
            if line.lstrip("─ ").startswith(start):
                progress(step)
        yield line


def _pump(process: subprocess.Popen[str], lines: "queue.Queue[str | None]") -> None:
    for line in process.stdout or ():
        lines.put(line.rstrip())
    lines.put(None)


def _environment(python: Path) -> dict[str, str]:
    """Node and npm of the environment, no bun, no telemetry, no probing of foreign registries; none of our settings."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("ORCH_")}
    env |= {"PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    env |= {"REFLEX_USE_NPM": "1", "REFLEX_TELEMETRY_ENABLED": "false", "REFLEX_CHECK_LATEST_VERSION": "false"}
    env |= {"NO_COLOR": "1", "COLUMNS": "200", "PYTHONUNBUFFERED": "1"}
    if "NPM_CONFIG_REGISTRY" not in env:
        asked = subprocess.run(
            [str(python.parent / "npm"), "config", "get", "registry"],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        env |= {"NPM_CONFIG_REGISTRY": asked.stdout.strip()} if asked.stdout.strip() else {}
    return env


def main() -> int:
    """Build from the command line: `python tools/build_ui.py [--force]`."""
    try:
        build(Path(__file__).parents[1], print, force="--force" in sys.argv)
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
