"""The database: one engine, one unit of work, portable column types and the database's own clock."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    Executable,
    Text,
    TypeDecorator,
    create_engine,
    event,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Session

from orch_app.kit.errors import NotMigrated, Unavailable
from orch_app.kit.queue import ring_noted
from orch_app.kit.settings import settings
from orch_app.kit.wakeups import announce_noted

SQLITE_WAIT_MS = 10_000
SQLITE_LACKS = ("no such table:", "no such column:", "has no column named")
FULL_DISK = ("is full", "No space left")  # as SQLite and PostgreSQL say it
POSTGRES_LACKS = ("42P01", "42703")  # undefined table, undefined column
NO_TABLES = "The database has no tables yet, or those of another version of the program: `./orch migrate` makes them."


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time, aware and in UTC on both back ends (SQLite itself drops the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            message = "a time without a zone must not reach the database"
            raise ValueError(message)
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JsonText(TypeDecorator[Any]):
    """A JSON document kept as text, so that both back ends give back exactly what was stored."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class now_ms(FunctionElement[int]):  # noqa: N801 - reads as the SQL function it is
    """The database's clock in milliseconds since 1970. Leases are compared with it and never with a worker's clock."""

    type = BigInteger()
    inherit_cache = True
    name = "now_ms"


_MOMENT = select(now_ms())


@compiles(now_ms, "sqlite")
def _now_ms_sqlite(*_: Any, **__: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


@compiles(now_ms, "postgresql")
def _now_ms_postgresql(*_: Any, **__: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"


def make_engine(url: str) -> Engine:
    """An engine with our conventions; SQLite waits for its writer and transactions begin explicitly.

    Errors do not quote the values of a statement: they end in logs, and the values may be secret.
    """
    if not url.startswith("sqlite"):
        return create_engine(
            url, pool_size=10, max_overflow=20, pool_pre_ping=True, pool_recycle=1800, hide_parameters=True
        )
    engine = create_engine(
        url, hide_parameters=True, connect_args={"timeout": SQLITE_WAIT_MS / 1000, "check_same_thread": False}
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """WAL for readers beside one writer; the driver's own transaction guessing is switched off."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={SQLITE_WAIT_MS}", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(value: Any) -> Any:
    """SQLite's own knows A to Z only, and people look for `última` too."""
    return value.lower() if isinstance(value, str) else value


def _begin_sqlite(connection: Any) -> None:
    """A writer takes the lock at BEGIN: upgrading a read lock later would fail at once instead of waiting."""
    mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


@lru_cache(maxsize=1)
def engine() -> Engine:
    """The engine of this process, made at first use."""
    settings().data_dir.mkdir(parents=True, exist_ok=True)
    return make_engine(settings().db_url)


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """One transaction that writes: committed at the end of the block, rolled back on any error; bells ring after it.

    Raises:
        Unavailable: the database does not answer, or is not migrated (`NotMigrated`).
    """
    with _session("IMMEDIATE") as session:
        yield session
        session.commit()
        ring_noted(session.info)
        announce_noted(session.info)


@contextmanager
def reading() -> Iterator[Session]:
    """One transaction that only reads; whatever it changed is thrown away.

    Raises:
        Unavailable: the database does not answer, or is not migrated (`NotMigrated`).
    """
    with _session("DEFERRED") as session:
        yield session


@contextmanager
def snapshot() -> Iterator[Session]:
    """The same, and every statement sees the database as it was at the first.

    Raises:
        Unavailable: the database does not answer, or is not migrated (`NotMigrated`).
    """
    with _session("DEFERRED") as session:
        if not settings().is_embedded:  # SQLite's transactions are snapshots by themselves
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session


@contextmanager
def _session(mode: str) -> Iterator[Session]:
    try:
        with Session(_beginning(engine(), mode), expire_on_commit=False) as session:
            yield session
    except (OperationalError, ProgrammingError) as error:
        if _lacks_tables(error):
            raise NotMigrated(NO_TABLES, "database_not_migrated", retry_after_s=2) from error
        if isinstance(error, ProgrammingError):
            raise
        raise Unavailable(_why(error), "database_unavailable", retry_after_s=2) from error


def _lacks_tables(error: DBAPIError) -> bool:
    """Whether a table or column that the program knows is not in the database."""
    if isinstance(error.orig, sqlite3.Error):
        return any(sign in str(error.orig) for sign in SQLITE_LACKS)
    return getattr(error.orig, "sqlstate", None) in POSTGRES_LACKS


@lru_cache(maxsize=4)
def _beginning(of: Engine, mode: str) -> Engine:
    """The engine with this way to begin; to make it anew each time costs a third of a small transaction."""
    return of.execution_options(sqlite_begin=mode)


def carry_out(session: Session, statement: Executable, **values: Any) -> CursorResult[Any]:
    """Carry out, past the ORM, a statement that was written once and takes its values by name.

    What the session holds and has not flushed is not seen. It costs a tenth of a statement that is written anew.
    """
    return session.connection().execute(statement, values)


def moment_ms(session: Session) -> int:
    """What the database's clock says: see `now_ms`, for those who have to reckon with it themselves."""
    return carry_out(session, _MOMENT).scalar_one()


def _why(error: DBAPIError) -> str:
    cause = str(error.orig).splitlines()[0] if error.orig else ""
    if any(sign in cause for sign in FULL_DISK):
        return "The database's disk is full: nothing was saved. Free some space and try again."
    return "The database does not answer at the moment. Nothing was saved; try again in a few seconds."


def ping() -> bool:
    """Whether the database answers a trivial question."""
    try:
        with engine().connect() as connection:
            return connection.execute(text("SELECT 1")).scalar() == 1
    except DBAPIError:
        return False
