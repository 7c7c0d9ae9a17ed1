"""Rules for every test: no network, no skip in CI, cheap tiers first; and the real systems, started when asked for."""

import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import hypothesis
import pytest
from playwright.sync_api import Browser

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Role
from orch_app.kit.settings import ROOT
from tests.systems import network_guard, product, tiers
from tests.systems.bells import bells_put_back
from tests.systems.browser import chromium
from tests.systems.lending import Lender
from tests.systems.postgres import PostgresServer, postgres
from tests.systems.redis import redis_server
from tests.systems.told_at_once import ToldAtOnce
from tools import build_ui

# Code that a test runs without binding the product to a folder must not write into the checkout.
os.environ.setdefault("ORCH_DATA_DIR", tempfile.mkdtemp(prefix="orch-tests-"))

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

hypothesis.settings.register_profile("orch", deadline=None, max_examples=60, print_blob=True)
hypothesis.settings.load_profile("orch")
network_guard.install()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the pictures of the README are kept."""
    parser.addoption("--pictures", default="", metavar="FOLDER", help="keep the pictures of the README here")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """In CI failures are named at once; the processes that run the tests have no terminal."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal and os.environ.get("CI") == "true":
        config.pluginmanager.register(ToldAtOnce(terminal))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """Mark each test with its tier before `-m` chooses, and put those that were chosen in order."""
    for item in items:
        tiers.mark(item)
    yield
    items[:] = tiers.in_order(items, getattr(config, "workerinput", {}).get("workercount", 1))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test is a failed one: nothing passes by not being run."""
    report = yield
    return _fail_when_skipped(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for whole modules that are skipped while they are collected."""
    report = yield
    return _fail_when_skipped(report)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How much of the time each tier took, in tests and in what they needed."""
    terminalreporter.section("time by tier")
    for tier, seconds in tiers.seconds_of(terminalreporter.stats).items():
        terminalreporter.line(f"{tier}: {seconds:.0f} s")


def _fail_when_skipped(report: Report) -> Report:
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not accept: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def _stays_on_this_machine() -> Iterator[None]:
    """Fail a test that tried to leave the machine, also when the code under test swallowed the error."""
    network_guard.refused.clear()
    yield
    assert network_guard.refused == []


@pytest.fixture(autouse=True)
def _bells_as_they_were() -> Iterator[None]:
    with bells_put_back():
        yield


@pytest.fixture(scope="session")
def screens() -> None:
    """The built browser part; nothing is done when its sources did not change."""
    build_ui.build(ROOT, lambda _: None)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """One database for the whole session; tests that share it leave nothing that disturbs others."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def fresh_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """An empty database of this test alone."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis with user and password; tests that share it use keys of their own."""
    with redis_server() as url:
        yield url


@pytest.fixture
def fresh_redis_url() -> Iterator[str]:
    """An empty Redis of this test alone."""
    with redis_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of this test alone, once on each back end, as SQLAlchemy takes it."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("fresh_postgres_url")
        return url.replace("postgresql://", "postgresql+psycopg://", 1)
    return f"sqlite:///{tmp_path / 'orch.db'}"


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database to copy: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("template") / "orch.db"
    product.migrate_new(path.parent, "")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lender]:
    """Migrated PostgreSQL databases, each for one test at a time."""
    with postgres_server.database() as url:
        product.migrate_new(tmp_path_factory.mktemp("template"), url)
        lender = Lender(postgres_server, url.rsplit("/", 1)[1])
        yield lender
        lender.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The product bound to a migrated, empty database of this test alone, once on each back end."""
    with ExitStack() as stack:
        url = ""
        if request.param == "postgres":
            lender: Lender = request.getfixturevalue("migrated_postgres")
            url = stack.enter_context(lender.lend())
        else:
            shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "orch.db")
        stack.enter_context(product.bound_to(tmp_path, url))
        yield request.param


@pytest.fixture
def admin() -> Actor:
    return Actor("user", user_id="usr_admin", name="ada", role=Role.ADMIN, ip="127.0.0.1", request_id="r1")


@pytest.fixture
def operator() -> Actor:
    return Actor("user", user_id="usr_operator", name="olga", role=Role.OPERATOR)


@pytest.fixture
def viewer() -> Actor:
    return Actor("user", user_id="usr_viewer", name="vera", role=Role.VIEWER)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started
