"""The product's database in memory: a template copied for every run, its clock and its faults in our hands.

Nothing of the product is replaced. SQLite's own `julianday` gives the virtual time on this one connection, a task stops
before each BEGIN, and COMMIT is where the simulation may let a process die or a connection break.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import SQLModel

from orch_app import tables
from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.jobs.models import JobCounter
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit import db
from orch_app.kit.clock import now
from orch_app.kit.db import make_engine, unit_of_work

UNIX_EPOCH_DAYS = 2440587.5
DAY_MS = 86_400_000
PERSON = Actor("user", "usr_1", "ada", Role.ADMIN)
ONCE, AGAIN, LOCKED, LOCKED_AGAIN, LIMITED = "once", "again", "locked", "locked_again", "limited"
"""Runbooks: must not have its effects twice; declares `on_worker_loss: retry`; both behind one lock; two at a time."""

WEB = {"locks": ["host:web"]}
CATALOGUE: dict[str, dict[str, Any]] = {
    ONCE: {},
    AGAIN: {"on_worker_loss": "retry"},
    LOCKED: WEB,
    LOCKED_AGAIN: {"on_worker_loss": "retry", **WEB},
    LIMITED: {"concurrency": {"limit": 2}},
}


class Store:
    """The one connection. Hooks are set by each run and do nothing in between."""

    def __init__(self) -> None:
        assert tables.METADATA is SQLModel.metadata
        self.now_ms: Callable[[], int] = lambda: 0
        self.on_begin: Callable[[], None] = _nothing
        self.before_commit: Callable[[], None] = _nothing
        self.after_commit: Callable[[], None] = _nothing
        self.raw = sqlite3.connect(":memory:")
        self.engine = make_engine("sqlite:///in-memory")
        self._share_connection()
        event.listen(self.engine, "checkout", self._begin)
        self._wrap_commit()
        SQLModel.metadata.create_all(self.engine)
        self.raw.create_function("julianday", 1, self._julianday)
        self._templates: dict[Any, sqlite3.Connection] = {}

    def _share_connection(self) -> None:
        """As many connections as are asked for, and all are this one: their transactions never overlap.

        A killed task leaves its own behind: what it had not committed is gone.
        """
        pool: Any = self.engine.pool
        pool._max_overflow = -1
        event.listen(self.engine, "do_connect", lambda *_: self.raw)
        dialect: Any = self.engine.dialect
        dialect.do_close = dialect.do_terminate = lambda connection: connection.rollback()

    def _begin(self, *_: object) -> None:
        self.on_begin()
        assert not self.raw.in_transaction, "two transactions at once"

    def _wrap_commit(self) -> None:
        dialect: Any = self.engine.dialect
        commit = dialect.do_commit

        def do_commit(connection: Any) -> None:
            self.before_commit()
            commit(connection)
            self.after_commit()

        dialect.do_commit = do_commit

    def _julianday(self, _: str) -> float:
        # Half a millisecond more: the product cuts what this division leaves behind the point.
        return (self.now_ms() + 0.5) / DAY_MS + UNIX_EPOCH_DAYS

    def begin_from(self, name: Any, fill: Callable[[], None]) -> None:
        """Put the template in place; it is made by `fill`, through the product's own functions, at first use."""
        self.raw.rollback()
        if name not in self._templates:
            self._empty().backup(self.raw)
            fill()
            filled = sqlite3.connect(":memory:")
            self.raw.backup(filled)
            self._templates[name] = filled
        self._templates[name].backup(self.raw)

    def forget_templates(self) -> None:
        """Make every template anew when it is asked for."""
        self._templates.clear()
        self.raw.rollback()
        with self.engine.begin() as connection:
            for table in reversed(SQLModel.metadata.sorted_tables):
                connection.execute(table.delete())

    def _empty(self) -> sqlite3.Connection:
        if "" not in self._templates:
            with unit_of_work() as session:
                session.add(JobCounter(id=1, last=0))
                for number, (runbook, more) in enumerate(CATALOGUE.items()):
                    meta = {"target": "localhost", **more}
                    schema = {"type": "object"}
                    made = Runbook(id=f"rb_{number}", name=runbook, meta=meta, input_schema=schema, synced_at=now())
                    session.add(made)
            self._templates[""] = sqlite3.connect(":memory:")
            self.raw.backup(self._templates[""])
        return self._templates[""]

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What is committed, past the product."""
        return self.raw.execute(query, values).fetchall()

    @contextmanager
    def bound(self) -> Iterator[None]:
        """The product works on this database inside the block."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(db, "engine", lambda: self.engine)
            yield

    def let_go(self) -> None:
        """Forget the hooks of the run that is over."""
        self.on_begin = self.before_commit = self.after_commit = _nothing


def _nothing() -> None:
    return
