"""The cheap look at the embedded database: right when it says yes, and no in any doubt."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tools.launcher import schema

FIRST = 'revision = "0001"\ndown_revision = None\n'
SECOND = "revision: str = '0002'\ndown_revision: str | None = '0001'\n"


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    folder = tmp_path / "versions"
    folder.mkdir()
    (folder / "0001_first.py").write_text(FIRST)
    (folder / "0002_second.py").write_text(SECOND)
    return folder


def database(folder: Path, *statements: str) -> Path:
    path = folder / "orch.db"
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return path


def test_the_head_is_the_revision_nobody_follows():
    assert schema.heads([FIRST, SECOND]) == {"0002"}


def test_a_merge_follows_both_of_its_parents():
    merge = 'revision = "0004"\ndown_revision = ("0002", "0003")\n'
    assert schema.heads([SECOND, 'revision = "0003"\ndown_revision = "0001"\n', FIRST, merge]) == {"0004"}


@pytest.mark.parametrize(("stands_at", "answer"), [("0002", True), ("0001", False), ("0009", False)])
def test_a_database_is_current_only_at_the_head(tmp_path: Path, versions: Path, stands_at: str, answer: bool):
    path = database(
        tmp_path, "CREATE TABLE alembic_version (version_num)", f"INSERT INTO alembic_version VALUES ('{stands_at}')"
    )
    assert schema.is_current(path, versions) is answer


def test_nothing_broken_or_missing_is_current(tmp_path: Path, versions: Path):
    garbage = tmp_path / "garbage.db"
    garbage.write_bytes(b"no database at all" * 100)
    assert not schema.is_current(garbage, versions)
    assert not schema.is_current(tmp_path / "missing.db", versions)
    assert not schema.is_current(database(tmp_path), versions)


def test_a_folder_without_migrations_is_never_current(tmp_path: Path):
    assert not schema.is_current(database(tmp_path, "CREATE TABLE alembic_version (version_num)"), tmp_path)


def test_users_are_seen(tmp_path: Path):
    path = database(tmp_path, "CREATE TABLE users (id)")
    assert not schema.has_users(path)
    database(tmp_path, "INSERT INTO users VALUES ('usr_1')")
    assert schema.has_users(path)


@pytest.mark.parametrize(("stands_at", "unknown"), [("0001", ""), ("0002", ""), ("0009", "0009")])
def test_a_revision_that_no_migration_leads_to_is_told(tmp_path: Path, versions: Path, stands_at: str, unknown: str):
    path = database(
        tmp_path, "CREATE TABLE alembic_version (version_num)", f"INSERT INTO alembic_version VALUES ('{stands_at}')"
    )
    assert schema.unknown_revision(path, versions) == unknown
    assert schema.unknown_revision(tmp_path / "missing.db", versions) == ""
