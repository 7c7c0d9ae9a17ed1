"""Bringing the database to the program's schema; SQLite is copied aside before and the newest three copies are kept."""

import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from orch_app.kit.clock import now
from orch_app.kit.db import engine
from orch_app.kit.settings import ROOT, settings

KEPT_COPIES = 3


class NewerDataError(Exception):
    """The database was written by a newer version of the program."""


def migrate() -> list[str]:
    """Apply what is missing; returns the revisions applied, oldest first.

    Raises:
        NewerDataError: the database's revision is not one of this program.
    """
    config = Config(str(ROOT / "alembic.ini"))
    scripts = ScriptDirectory.from_config(config)
    current = current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    if current is not None and current not in known:
        message = f"the database is at revision {current}, which a newer version of the program wrote"
        raise NewerDataError(message)
    missing = [script.revision for script in scripts.iterate_revisions("heads", current or "base")]
    if missing and current is not None:
        copy_aside()
    if missing:
        command.upgrade(config, "head")
    return missing[::-1]


def current_revision() -> str | None:
    """The revision the database is at; None for an empty one."""
    with engine().connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def copy_aside() -> Path | None:
    """Copy the SQLite database with its own backup call; None for PostgreSQL, whose backups are its operator's."""
    if not settings().is_embedded:
        return None
    folder = settings().data_dir / "copies"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / f"orch-{now():%Y%m%dT%H%M%S%f}.db"
    with sqlite3.connect(settings().sqlite_path) as source, sqlite3.connect(target) as copy:
        source.backup(copy)
    for old in sorted(folder.glob("orch-*.db"))[:-KEPT_COPIES]:
        old.unlink()
    return target
