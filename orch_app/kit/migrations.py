"""Bringing the database to the program's schema; SQLite is copied aside before and the newest three copies are kept."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import Event
from time import monotonic

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from orch_app.kit.clock import now
from orch_app.kit.db import engine
from orch_app.kit.settings import ROOT, settings

KEPT_COPIES = 3
PATIENCE_S = 300.0
WAIT_S = 1.0
_log = structlog.get_logger("migrations")


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


def wait_until_migrated(patience_s: float = PATIENCE_S) -> bool:
    """Wait for the database and its schema, which another process migrates; False when they do not come in time.

    A schema that a newer program wrote is good enough: while a stack is updated both versions work on it.
    """
    scripts = ScriptDirectory.from_config(Config(str(ROOT / "alembic.ini")))
    older = {script.revision for script in scripts.walk_revisions()} - set(scripts.get_heads())
    return _wait_while(lambda current: current is None or current in older, patience_s)


def wait_until_it_answers(patience_s: float = PATIENCE_S) -> bool:
    """Wait for the database, whatever is in it; False when it does not come in time."""
    return _wait_while(lambda _current: False, patience_s)


def _wait_while(is_unfit: Callable[[str | None], bool], patience_s: float) -> bool:
    deadline, pause = monotonic() + patience_s, Event()
    while why := _why_not_yet(is_unfit):
        if monotonic() >= deadline:
            return False
        _log.info("database.waiting", why=why)
        pause.wait(WAIT_S)
    return True


def _why_not_yet(is_unfit: Callable[[str | None], bool]) -> str:
    try:
        current = current_revision()
    except DBAPIError as error:
        return f"it does not answer: {str(error.orig).splitlines()[0]}"
    return f"it stands at revision {current or 'none'}" if is_unfit(current) else ""


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
