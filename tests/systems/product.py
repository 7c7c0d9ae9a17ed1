"""The product inside the test process: bound to a data folder and a database, and let go afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orch_app.domains.jobs import engines
from orch_app.integrations.object_store import open_store
from orch_app.kit import db
from orch_app.kit.keyring import keyring
from orch_app.kit.migrations import migrate
from orch_app.kit.settings import settings


@contextmanager
def bound_to(data_dir: Path, database_url: str = "", **more: str) -> Iterator[None]:
    """Settings, engine and keys of this data folder; `more` are further settings, by their variable names.

    Plays start as plain processes: to load Ansible for a single one takes longer. What is installed runs warm.
    """
    own = {"ORCH_DATA_DIR": str(data_dir), "ORCH_DATABASE_URL": database_url, "ORCH_ENGINE": "plain"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (own | more).items():
            patch.setenv(name, value)
        _forget()
        try:
            yield
        finally:
            engines.close()
            db.engine().dispose()
            _forget()


def migrate_new(data_dir: Path, database_url: str) -> None:
    """Make the tables in an empty database."""
    with bound_to(data_dir, database_url):
        migrate()


def _forget() -> None:
    for cached in (settings, db.engine, keyring, open_store):
        cached.cache_clear()
