"""Commands on a database that has no tables yet: one sentence that names the command which makes them."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from orch_app.cli import app
from orch_app.domains.access.permissions import Role
from orch_app.kit.db import NO_TABLES
from orch_app.kit.settings import settings
from tests.systems.people import PASSWORD
from tests.systems.product import bound_to
from tools.launcher import address

ADMIN = ["admin", "create", "--email", "me@example.org", "--role", Role.ADMIN.value, "--password-stdin"]


@pytest.fixture(autouse=True)
def _logs_stay_where_they_were() -> Iterator[None]:
    """A command sets up the logs of its process, and here that is the one of all tests."""
    said, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.configure(**said)
    structlog.contextvars.clear_contextvars()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def never_migrated(database_url: str, tmp_path: Path) -> Iterator[None]:
    """The product bound to an empty database, once on each back end."""
    with bound_to(tmp_path, "" if database_url.startswith("sqlite") else database_url):
        yield


def orch(*words: str) -> Result:
    return CliRunner().invoke(app, words, input=f"{PASSWORD}\n")


@pytest.mark.usefixtures("never_migrated")
@pytest.mark.parametrize("words", [ADMIN, ["setup-url"], ["setup-url", "--if-needed"], ["worker", "drain", "--all"]])
def test_without_tables_a_command_names_the_one_that_makes_them(words: list[str]) -> None:
    refused = orch(*words)
    assert (refused.exit_code, refused.stdout, refused.stderr) == (2, "", f"{NO_TABLES}\n")


@pytest.mark.parametrize("part", ["web", "worker"])
def test_a_part_does_not_start_on_an_embedded_database_without_tables(part: str, tmp_path: Path) -> None:
    with bound_to(tmp_path):
        refused = orch(part)
    assert (refused.exit_code, refused.stderr) == (2, f"{NO_TABLES}\n")


@pytest.mark.usefixtures("never_migrated")
def test_after_migrate_the_same_commands_do_their_work() -> None:
    assert orch("migrate").exit_code == 0
    assert "/setup#token=" in orch("setup-url").stdout
    assert orch(*ADMIN).stdout == "created me@example.org as admin\n"
    again = orch(*ADMIN)
    assert (again.exit_code, again.stdout) == (2, "")
    assert orch("setup-url").exit_code == 2


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_the_setup_address_can_be_opened_although_the_product_is_bound_to_every_one(
    host: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORCH_HOST", host)
    monkeypatch.setattr(address, "_own_address", lambda _family: "192.168.1.5")
    settings.cache_clear()
    assert orch("setup-url").stdout.startswith("http://192.168.1.5:8000/setup#token=")


def test_a_database_that_is_away_is_worth_another_try(tmp_path: Path) -> None:
    with bound_to(tmp_path, "postgresql://orch:orch@127.0.0.1:1/orch"):
        refused = orch("setup-url")
    assert refused.exit_code == 1
    assert "does not answer" in refused.stderr
