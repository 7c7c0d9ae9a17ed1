"""A cheap look at the embedded database, so that a second start need not start Python again to find nothing to do."""

import contextlib
import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

REVISION = re.compile(r"^revision\b[^=]*=\s*[\"']([^\"']+)[\"']", re.MULTILINE)
PARENT = re.compile(r"^down_revision\b[^=]*=\s*(.+)$", re.MULTILINE)
QUOTED = re.compile(r"[\"']([^\"']+)[\"']")


def heads(sources: Iterable[str]) -> set[str]:
    """Newest revisions among the texts of migration files."""
    revisions: set[str] = set()
    parents: set[str] = set()
    for text in sources:
        revisions.update(REVISION.findall(text))
        parents.update(name for line in PARENT.findall(text) for name in QUOTED.findall(line))
    return revisions - parents


def is_current(database: Path, versions: Path) -> bool:
    """Whether the database stands at the newest migration. In any doubt it is no: the migration itself decides then."""
    wanted = heads(path.read_text("utf-8") for path in versions.glob("*.py"))
    return bool(wanted) and set(_column(database, "SELECT version_num FROM alembic_version")) == wanted


def unknown_revision(database: Path, versions: Path) -> str:
    """The revision the database stands at when no migration here leads to it: a newer program was there. Else empty."""
    known = {name for path in versions.glob("*.py") for name in REVISION.findall(path.read_text("utf-8"))}
    found = {str(name) for name in _column(database, "SELECT version_num FROM alembic_version")}
    return ", ".join(sorted(found - known))


def has_users(database: Path) -> bool:
    """Whether somebody can log in already, so that no setup URL is needed."""
    return bool(_column(database, "SELECT 1 FROM users LIMIT 1"))


def forget_workers(database: Path) -> None:
    """Mark the workers of an earlier life as stopped: their last heartbeat may be young enough to look alive."""
    with contextlib.suppress(sqlite3.Error), closing(sqlite3.connect(database, timeout=5)) as connection, connection:
        connection.execute("UPDATE workers SET state = 'stopped' WHERE state <> 'stopped'")


def _column(database: Path, query: str) -> list[object]:
    if not database.is_file():
        return []
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True, timeout=2)) as connection:
            return [row[0] for row in connection.execute(query)]
    except sqlite3.Error:
        return []
