"""Migrated PostgreSQL databases that one test after the other is lent, emptied in between.

To copy a database and to drop it takes longer than most tests; to delete the rows of one takes milliseconds.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from tests.systems.postgres import PostgresServer

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
# Whoever changes a table, a function or a right writes a row of one of these catalogues, or takes one away.
SHAPE = """SELECT max(xmin::text::bigint) * 1000000 + count(*) FROM (SELECT xmin FROM pg_class
 UNION ALL SELECT xmin FROM pg_attribute
 UNION ALL SELECT xmin FROM pg_constraint UNION ALL SELECT xmin FROM pg_trigger UNION ALL SELECT xmin FROM pg_proc
 UNION ALL SELECT xmin FROM pg_index UNION ALL SELECT xmin FROM pg_namespace) AS everything"""
END_OTHERS = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()"""
LAST = "SELECT quote_ident(sequencename), last_value FROM pg_sequences"
SET_BACK = """SELECT setval(seqrelid, coalesce(%(last)s, seqstart), %(last)s IS NOT NULL)
 FROM pg_sequence WHERE seqrelid = %(name)s::regclass"""
SIZE = "SELECT pg_database_size(current_database())"
MOST_GROWTH = 8_000_000  # what many deleted rows leave behind makes the next tests slow


@dataclass
class Lent:
    """A database with what it was like when it was new."""

    url: str
    shape: int
    size: int
    rows: dict[str, list[Any]]
    last: dict[str, int | None]


class Lender:
    """The databases of one process of tests, copied from a migrated one."""

    def __init__(self, server: PostgresServer, template: str) -> None:
        self._server = server
        self._template = template
        self._free: list[Lent] = []
        self._open = ExitStack()

    @contextmanager
    def lend(self) -> Iterator[str]:
        """The URL of a database that is as after its migration; nobody else has it until the block ends."""
        lent = self._free.pop() if self._free else self._make()
        yield lent.url
        if _is_as_new(lent):
            self._free.append(lent)

    def close(self) -> None:
        """Drop them all."""
        self._open.close()

    def _make(self) -> Lent:
        url = self._open.enter_context(self._server.database(self._template))
        with psycopg.connect(url) as connection:
            rows = {name: _rows(connection, name) for name in _tables(connection)}
            last = dict(connection.execute(LAST).fetchall())
            filled = {name: found for name, found in rows.items() if found}
            return Lent(url, _one(connection, SHAPE), _one(connection, SIZE), filled, last)


def _is_as_new(lent: Lent) -> bool:
    """Empty the database; False when a test has changed more than rows, or left too much behind."""
    with psycopg.connect(lent.url) as connection:
        connection.execute(END_OTHERS)
        if _one(connection, SHAPE) != lent.shape or _one(connection, SIZE) > lent.size + MOST_GROWTH:
            return False
        connection.execute("SET LOCAL session_replication_role = replica")  # in any order, and past every trigger
        names = [sql.Identifier(name) for name in _tables(connection)]
        connection.execute(sql.SQL(";").join(sql.SQL("DELETE FROM {}").format(name) for name in names))
        for name, last in lent.last.items():
            connection.execute(SET_BACK, {"name": name, "last": last})
        for name, rows in lent.rows.items():
            put = sql.SQL(
                "INSERT INTO {0} OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_recordset(NULL::{0}, %s)"
            )
            connection.execute(put.format(sql.Identifier(name)), [Jsonb(rows)])
    return True


def _tables(connection: Connection) -> list[str]:
    return [name for (name,) in connection.execute(TABLES)]


def _rows(connection: Connection, table: str) -> list[Any]:
    query = sql.SQL("SELECT to_jsonb(t) FROM {} t").format(sql.Identifier(table))
    return [row for (row,) in connection.execute(query)]


def _one(connection: Connection, query: LiteralString) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])
