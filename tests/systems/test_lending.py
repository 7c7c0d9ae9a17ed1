"""Whoever is lent a database finds it as after its migration, whatever was done to it before."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.systems.lending import Lender
from tests.systems.postgres import PostgresServer


@pytest.fixture
def lender(postgres_server: PostgresServer) -> Iterator[Lender]:
    """Databases with a table of names, numbered from 1, and a trigger that forbids to delete them."""
    with postgres_server.database() as url:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE names (id int GENERATED ALWAYS AS IDENTITY, name text NOT NULL)")
            connection.execute("INSERT INTO names (name) VALUES ('ada')")
            connection.execute("CREATE TABLE alembic_version AS SELECT '0001' AS version_num")
            connection.execute("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'")
            connection.execute("CREATE TRIGGER kept BEFORE DELETE ON names FOR EACH ROW EXECUTE FUNCTION no()")
        lender = Lender(postgres_server, url.rsplit("/", 1)[1])
        yield lender
        lender.close()


def names(url: str) -> list[tuple[int, str]]:
    with psycopg.connect(url) as connection:
        return [(number, name) for number, name in connection.execute("SELECT id, name FROM names ORDER BY id")]


def test_the_next_one_finds_the_first_rows_and_no_others(lender: Lender):
    with lender.lend() as first, psycopg.connect(first) as connection:
        connection.execute("INSERT INTO names (name) VALUES ('bob'), ('carla')")
        connection.execute("UPDATE names SET name = 'eve' WHERE name = 'ada'")
    with lender.lend() as second, psycopg.connect(second) as connection:
        assert (second, names(second)) == (first, [(1, "ada")])
        connection.execute("INSERT INTO names (name) VALUES ('dora')")
        connection.commit()
        assert names(second)[1:] == [(2, "dora")]


def test_a_revision_that_was_changed_is_the_first_again(lender: Lender):
    with lender.lend() as first, psycopg.connect(first) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with lender.lend() as second, psycopg.connect(second) as connection:
        revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        assert (second, revision) == (first, ("0001",))


def test_a_connection_that_was_left_open_neither_hinders_nor_writes_later(lender: Lender):
    with lender.lend() as first:
        left = psycopg.connect(first)
        left.execute("INSERT INTO names (name) VALUES ('bob')")
    with lender.lend() as second:
        with pytest.raises(psycopg.OperationalError):
            left.commit()
        assert (second, names(second)) == (first, [(1, "ada")])
    left.close()


@pytest.mark.parametrize(
    "change",
    ["ALTER TABLE names ADD COLUMN age int", "DROP TRIGGER kept ON names", "CREATE TABLE more (id int)"],
)
def test_one_whose_tables_were_changed_is_lent_no_more(lender: Lender, change: str):
    with lender.lend() as first, psycopg.connect(first) as connection:
        connection.execute(change.encode())
    with lender.lend() as second:
        assert second != first


def test_two_at_once_have_two(lender: Lender):
    with lender.lend() as first, lender.lend() as second:
        assert first != second
