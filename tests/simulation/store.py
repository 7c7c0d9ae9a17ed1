"""The product's database in memory: a template copied for every run, its clock and its faults in our hands.

Nothing of the product is replaced. SQLite's own `julianday` gives the virtual time on this one connection, a task stops
before each BEGIN, and COMMIT is where the simulation may let a process die or a connection break.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session

from orch_app import tables
from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts.models import RoleRow, User, UserRole
from orch_app.domains.jobs.models import JobCounter
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit import db
from orch_app.kit.clock import now
from orch_app.kit.db import make_engine, unit_of_work

TABLES = tables.METADATA.sorted_tables
UNIX_EPOCH_DAYS = 2440587.5
DAY_MS = 86_400_000
PERSON = Actor("user", "usr_1", "ada", Role.ADMIN)
OTHERS = (Actor("user", "usr_2", "grace", Role.ADMIN), Actor("user", "usr_3", "edsger", Role.ADMIN))
OPERATOR = Actor("user", "usr_4", "tony", Role.OPERATOR)
BORN: dict[str, Any] = dict.fromkeys(("created_at", "password_changed_at"), datetime(2030, 1, 1, tzinfo=UTC))
PEOPLE = (PERSON, *OTHERS, OPERATOR)
ONCE, AGAIN, LOCKED, LOCKED_AGAIN, LIMITED = "once", "again", "locked", "locked_again", "limited"
"""Runbooks: must not have its effects twice; declares `on_worker_loss: retry`; both behind one lock; two at a time."""

ASKED, ASKED_AGAIN, ASKED_OTHERS, PLANNED = "asked", "asked_again", "asked_others", "planned"
"""An admin has to approve: anyone; the same with `retry`; not who ordered, behind the lock; not who ordered, a plan."""

SHOWN = "5" * 64
"""The plan that the preview has shown."""

WEB = {"locks": ["host:web"]}
CATALOGUE: dict[str, dict[str, Any]] = {
    ONCE: {},
    AGAIN: {"on_worker_loss": "retry"},
    LOCKED: WEB,
    LOCKED_AGAIN: {"on_worker_loss": "retry", **WEB},
    LIMITED: {"concurrency": {"limit": 2}},
    ASKED: {"approval": {"stage": "required"}},
    ASKED_AGAIN: {"approval": {"stage": "required"}, "on_worker_loss": "retry"},
    ASKED_OTHERS: {"approval": {"stage": "required_other_person"}, **WEB},
    PLANNED: {"approval": {"stage": "required_other_person"}, "mutates": True, "supports": {"check": True}},
}
Content = dict[str, list[tuple[Any, ...]]]


class Store:
    """The one connection. Hooks are set by each run and do nothing in between."""

    def __init__(self) -> None:
        self.now_ms: Callable[[], int] = lambda: 0
        self.on_begin: Callable[[], None] = _nothing
        self.before_commit: Callable[[], None] = _nothing
        self.after_commit: Callable[[], None] = _nothing
        self.raw = sqlite3.connect(":memory:")
        self.engine = make_engine("sqlite:///in-memory")
        self._share_connection()
        self._begin_by_hand()
        self._wrap_commit()
        tables.METADATA.create_all(self.engine)
        self.raw.create_function("julianday", 1, self._julianday)
        self._templates: dict[Any, Content] = {}

    def _share_connection(self) -> None:
        """As many connections as are asked for, and all are this one: their transactions never overlap.

        A killed task leaves its own behind: what it had not committed is gone.
        """
        pool: Any = self.engine.pool
        pool._max_overflow = -1
        event.listen(self.engine, "do_connect", lambda *_: self.raw)
        dialect: Any = self.engine.dialect
        dialect.do_close = dialect.do_terminate = lambda connection: connection.rollback()

    def _begin_by_hand(self) -> None:
        """With one connection all ways to begin are the same, and asking SQLAlchemy's events for it costs a sixth."""
        event.remove(self.engine, "begin", db._begin_sqlite)
        engine: Any = self.engine
        engine._has_events = False
        engine.dialect.do_begin = lambda connection: connection.execute("BEGIN")
        event.listen(engine, "checkout", self._stop_before_it_begins)

    def _stop_before_it_begins(self, *_: object) -> None:
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
            self._put(self._empty())
            fill()
            self._templates[name] = self._content()
        self._put(self._templates[name])

    def forget_templates(self) -> None:
        """Make every template anew when it is asked for."""
        self._templates.clear()

    def _empty(self) -> Content:
        if "" not in self._templates:
            self._put({})
            with unit_of_work() as session:
                session.add(JobCounter(id=1, last=0))
                for number, (runbook, more) in enumerate(CATALOGUE.items()):
                    meta = {"target": "localhost", **more}
                    schema = {"type": "object"}
                    made = Runbook(id=f"rb_{number}", name=runbook, meta=meta, input_schema=schema, synced_at=now())
                    session.add(made)
                _add_people(session)
            self._templates[""] = self._content()
        return self._templates[""]

    def _put(self, content: Content) -> None:
        """Have these rows and no others; to copy a whole database would have SQLite compile every statement anew."""
        self.raw.execute("BEGIN")
        for table in reversed(TABLES):
            self.raw.execute(f"DELETE FROM {table.name}")
        for statement, rows in content.items():
            self.raw.executemany(statement, rows)
        self.raw.execute("COMMIT")

    def _content(self) -> Content:
        """All rows, by the statement that puts them back."""
        found: Content = {}
        for table in TABLES:
            rows = self.rows(f"SELECT * FROM {table.name}")
            if rows:
                found[f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(rows[0]))})"] = rows
        return found

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


def _add_people(session: Session) -> None:
    session.add_all(RoleRow(id=role, name=role) for role in Role)
    for person in PEOPLE:
        assert person.user_id
        assert person.role
        user = User(id=person.user_id, email=f"{person.name}@example.com", password_hash="", **BORN)
        session.add(user)
        session.flush()
        session.add(UserRole(user_id=user.id, role_id=person.role))


def _nothing() -> None:
    return
