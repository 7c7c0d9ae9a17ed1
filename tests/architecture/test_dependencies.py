"""The packages that the product must stand on, and the locks that fix every one of them."""

import re
import tomllib

import pytest

from tests.architecture.sources import ROOT, files, imports

# Package and the name it is imported by.
REQUIRED = {
    "reflex": "reflex",
    "sqlmodel": "sqlmodel",
    "alembic": "alembic",
    "psycopg": "psycopg",
    "huey": "huey",
    "redis": "redis",
    "ansible-runner": "ansible_runner",
    "bcrypt": "bcrypt",
    "pyjwt": "jwt",
    "cryptography": "cryptography",
    "httpx": "httpx",
    "jsonschema": "jsonschema",
    "llama-index": "llama_index",
    "pytest": "pytest",
    "playwright": "playwright",
}
# Required, installed, and not imported yet. This list only ever gets shorter.
NOT_USED_YET = {"llama-index"}
# The part of a package that is enough, where the whole would bring what nobody asked for.
TAKEN_AS = {"llama-index": "llama-index-core"}
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-bootstrap.lock")
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)


def direct() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    written = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    return {re.split(r"[\[<>=!~ ;]", line)[0].lower() for line in written}


def used() -> set[str]:
    return {name for path in files("orch_app", "tasks", "tests", "alembic", "runbooks") for name in imports(path)}


@pytest.mark.parametrize("package", REQUIRED)
def test_every_required_package_is_a_direct_dependency(package: str):
    assert TAKEN_AS.get(package, package) in direct()


def test_every_required_package_is_used_or_on_the_list_that_only_shrinks():
    found = used()
    unused = {package for package, module in REQUIRED.items() if module not in found}
    assert unused == NOT_USED_YET


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_a_hash_and_no_host(lock: str):
    text = (ROOT / lock).read_text("utf-8")
    blocks = re.split(r"\n(?=[a-z0-9])", text)
    pinned = [block for block in blocks if PIN.match(block)]
    assert pinned
    assert [block.split("\n")[0] for block in pinned if "--hash=sha256:" not in block] == []
    assert re.findall(r"https?://\S+|^--.*index.*$", text, re.MULTILINE) == []


def test_tests_run_with_the_versions_that_are_delivered():
    delivered, tested = (set(PIN.findall((ROOT / lock).read_text("utf-8"))) for lock in LOCKS[:2])
    assert delivered - tested == set()
