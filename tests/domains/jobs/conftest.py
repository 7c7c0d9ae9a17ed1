"""Databases with a catalogue in them: the real one, or runbooks that a test writes itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.kit.queue import install_bell
from orch_app.kit.settings import settings
from tests.domains.jobs.orders import sync_runbooks
from tests.domains.jobs.trials import Trials
from tests.systems.product import bound_to


@pytest.fixture(autouse=True)
def _no_worker() -> None:
    """Bells ring into the void: a test that wants a worker calls it."""
    install_bell(lambda _name, _payload: None, lambda: True)


@pytest.fixture
def catalogue(database: str, admin: Actor) -> str:
    sync_runbooks(admin)
    return database


@pytest.fixture
def trials(database: str, admin: Actor, tmp_path: Path) -> Iterator[Trials]:
    """An empty runbooks folder, on each back end."""
    folder = tmp_path / "runbooks"
    folder.mkdir()
    with bound_to(tmp_path, settings().database_url, ORCH_RUNBOOKS_DIR=str(folder)):
        yield Trials(folder, admin)


@pytest.fixture
def sqlite_trials(migrated_sqlite: Path, admin: Actor, tmp_path: Path) -> Iterator[Trials]:
    """The same on SQLite only, for what does not depend on the back end and takes a whole play."""
    folder = tmp_path / "runbooks"
    folder.mkdir()
    (tmp_path / "orch.db").write_bytes(migrated_sqlite.read_bytes())
    with bound_to(tmp_path, ORCH_RUNBOOKS_DIR=str(folder), ORCH_CANCEL_GRACE_S="1"):
        yield Trials(folder, admin)
