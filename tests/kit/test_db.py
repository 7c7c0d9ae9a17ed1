"""The unit of work on both back ends: all or nothing, bells only afterwards, and a clear word when it is away."""

import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from sqlalchemy import select as plain_select
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlmodel import Session, col, select, update

from orch_app.domains.audit.models import AuditEntry
from orch_app.domains.jobs.models import IdempotencyKey, JobCounter, JobLog
from orch_app.kit import db
from orch_app.kit.db import now_ms, reading, unit_of_work
from orch_app.kit.errors import Conflict, NotMigrated, Unavailable
from orch_app.kit.queue import enqueue, install_bell, is_reachable
from orch_app.kit.wakeups import announce
from tests.systems.product import bound_to

MOMENT = datetime(2026, 3, 1, 12, 0, 0, 123456, UTC)


def entry(identity: str = "aud_1", **facts: Any) -> AuditEntry:
    given: dict[str, Any] = {"ts": MOMENT, "actor_kind": "cli", "action": "test", **facts}
    return AuditEntry(id=identity, **given)


def add(session: Session, *rows: AuditEntry) -> None:
    session.add_all(rows)
    session.flush()


def kept() -> list[str]:
    with reading() as session:
        return list(session.exec(select(AuditEntry.id).order_by(col(AuditEntry.id))))


def test_the_end_of_the_block_commits_and_nothing_before(database: str) -> None:
    with unit_of_work() as session:
        add(session, entry())
        with reading() as other:
            assert other.exec(select(AuditEntry.id)).all() == []
    assert kept() == ["aud_1"]


def fail_after(rows: list[AuditEntry], error: Exception) -> None:
    with unit_of_work() as session:
        add(session, *rows)
        enqueue(session, "jobs.run", job_id="job_1")
        raise error


@pytest.mark.parametrize("error", [ValueError("x"), Conflict("It has ended.", "job_is_over")])
def test_any_error_rolls_everything_back_and_rings_nothing(database: str, error: Exception) -> None:
    rung: list[str] = []
    install_bell(lambda name, _payload: rung.append(name), lambda: True)
    with pytest.raises(type(error)):
        fail_after([entry()], error)
    assert kept() == []
    with unit_of_work() as session:
        add(session, entry("aud_2"))
    assert rung == []


def test_a_row_that_is_refused_takes_the_others_with_it(database: str) -> None:
    with pytest.raises(IntegrityError), unit_of_work() as session:
        add(session, entry("aud_1"), entry("aud_2"), entry("aud_3", action=None))
    assert kept() == []


def test_bells_ring_after_the_commit_in_order_and_once(database: str) -> None:
    rung: list[Any] = []
    install_bell(lambda name, payload: rung.append((name, payload, kept())), lambda: True)
    with unit_of_work() as session:
        enqueue(session, "jobs.run", job_id="job_1")
        add(session, entry())
        enqueue(session, "jobs.run", job_id="job_2")
        assert rung == []
    seen = ["aud_1"]
    assert rung == [("jobs.run", {"job_id": "job_1"}, seen), ("jobs.run", {"job_id": "job_2"}, seen)]


def test_a_dead_queue_costs_the_bell_and_not_the_work(database: str) -> None:
    def dead(_name: str, _payload: dict[str, str]) -> None:
        raise ConnectionRefusedError

    install_bell(dead, lambda: False)
    with structlog.testing.capture_logs() as logs, unit_of_work() as session:
        add(session, entry())
        enqueue(session, "jobs.run", job_id="job_1")
    assert [(log["event"], log["error"]) for log in logs] == [("queue.bell_failed", "ConnectionRefusedError")]
    assert kept() == ["aud_1"]
    assert not is_reachable()


def test_what_a_reading_changes_is_thrown_away(database: str) -> None:
    with reading() as session:
        add(session, entry())
        announce(session, "jobs")
    assert kept() == []


def test_rows_stay_readable_after_the_commit(database: str) -> None:
    with unit_of_work() as session:
        row = entry(metadata_json={"a": 1})
        add(session, row)
    assert (row.id, row.metadata_json) == ("aud_1", {"a": 1})


def test_a_time_without_a_zone_never_reaches_the_database(database: str) -> None:
    with pytest.raises(StatementError, match="without a zone"), unit_of_work() as session:
        add(session, entry(ts=datetime(2026, 3, 1, 12, 0)))  # noqa: DTZ001 - what the test is about
    assert kept() == []


def test_times_come_back_aware_in_utc_and_to_the_microsecond(database: str) -> None:
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=-3)))
    with unit_of_work() as session:
        add(session, entry("aud_1", ts=elsewhere), entry("aud_2", ts=MOMENT + timedelta(microseconds=1)))
    with reading() as session:
        found = session.exec(select(AuditEntry.ts).order_by(col(AuditEntry.ts))).all()
        before = session.exec(select(AuditEntry.id).where(col(AuditEntry.ts) <= elsewhere)).all()
    assert found == [MOMENT, MOMENT + timedelta(microseconds=1)]
    assert {moment.tzinfo for moment in found} == {UTC}
    assert before == ["aud_1"]


@pytest.mark.parametrize(
    "document", [{}, {"a": [1, 1.5, None, True, "ü😀\u2028"]}, {"b": 1, "a": 2}, {"": {"": [[]]}}, {"n": 2**70}]
)
def test_documents_come_back_as_they_were(database: str, document: dict[str, Any]) -> None:
    with unit_of_work() as session:
        add(session, entry(metadata_json=document))
    with reading() as session:
        found = session.exec(select(AuditEntry.metadata_json)).one()
    assert (found, list(found)) == (document, list(document))


def test_a_document_that_is_no_json_is_refused(database: str) -> None:
    with pytest.raises(StatementError, match="JSON compliant"), unit_of_work() as session:
        add(session, entry(metadata_json={"a": float("nan")}))


def test_the_databases_clock_moves_and_is_near_ours(database: str) -> None:
    with reading() as session:
        first = last = session.exec(plain_select(now_ms())).scalar_one()  # pyright: ignore[reportCallIssue, reportArgumentType]
        while last == first:
            last = session.exec(plain_select(now_ms())).scalar_one()  # pyright: ignore[reportCallIssue, reportArgumentType]
    assert last > first
    assert abs(datetime.fromtimestamp(first / 1000, UTC) - datetime.now(UTC)) < timedelta(minutes=5)


def test_writers_wait_for_each_other_and_lose_nothing(database: str) -> None:
    with unit_of_work() as session:
        before = session.exec(select(JobCounter.last)).one()

    def count_up() -> None:
        for _ in range(5):
            with unit_of_work() as session:
                session.exec(update(JobCounter).values(last=JobCounter.last + 1))

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading() as session:
        assert session.exec(select(JobCounter.last)).one() == before + 20


def test_rows_that_refer_to_nothing_are_refused(database: str) -> None:
    with pytest.raises(IntegrityError), unit_of_work() as session:
        session.add(JobLog(job_id="job_of_nobody", seq=1, ts=MOMENT, level="info"))


def test_an_error_does_not_quote_the_values_of_its_statement(database: str) -> None:
    row: dict[str, Any] = {
        "user_id": "u",
        "route": "/",
        "key": "k",
        "request_hash": "canary-4411",
        "status": 0,
        "created_at": MOMENT,
    }
    with pytest.raises(IntegrityError) as caught, unit_of_work() as session:
        session.add_all([IdempotencyKey(id="idk_1", **row), IdempotencyKey(id="idk_2", **row)])
    assert "canary-4411" not in str(caught.value)


@pytest.mark.parametrize("work", [unit_of_work, reading])
def test_a_database_that_is_away_is_503_on_postgresql(tmp_path: Path, work: Any) -> None:
    with bound_to(tmp_path, "postgresql://orch:secret-77@127.0.0.1:1/orch"):
        with pytest.raises(Unavailable) as away, work() as session:
            session.exec(select(AuditEntry.id))
        assert not db.ping()
    assert (away.value.status, away.value.code, away.value.retry_after_s) == (503, "database_unavailable", 2)
    assert "secret-77" not in away.value.detail


@pytest.mark.parametrize("work", [unit_of_work, reading])
def test_a_database_that_is_away_is_503_on_sqlite(empty: Path, work: Any) -> None:
    (empty / "orch.db").mkdir(parents=True)
    with pytest.raises(Unavailable) as away, work() as session:
        session.exec(select(AuditEntry.id))
    assert away.value.code == "database_unavailable"
    assert not db.ping()


@pytest.mark.parametrize("work", [unit_of_work, reading])
@pytest.mark.parametrize("query", ["SELECT id FROM users", "SELECT absent FROM there"])
def test_missing_tables_and_columns_are_told_from_a_database_that_is_away(
    database_url: str, tmp_path: Path, work: Any, query: str
) -> None:
    with bound_to(tmp_path, "" if database_url.startswith("sqlite") else database_url):
        with db.engine().begin() as connection:
            connection.exec_driver_sql("CREATE TABLE there (id INTEGER)")
        with pytest.raises(NotMigrated, match=r"orch migrate") as refused, work() as session:
            session.connection().exec_driver_sql(query)
    assert (refused.value.status, refused.value.code) == (503, "database_not_migrated")


def test_a_full_disk_is_named_and_nothing_is_kept(empty: Path) -> None:
    with unit_of_work() as session:
        session.connection().exec_driver_sql("CREATE TABLE t (v TEXT)")
        session.connection().exec_driver_sql("PRAGMA max_page_count = 4")  # of this connection, which the pool keeps
    with pytest.raises(Unavailable, match="disk is full") as full, unit_of_work() as session:
        session.connection().exec_driver_sql("INSERT INTO t VALUES (?)", ("x" * 100_000,))
    assert full.value.status == 503
    with reading() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM t").scalar() == 0


def test_a_full_disk_of_postgresql_is_named_too(empty: Path) -> None:
    said = 'could not extend file "base/5/16389": No space left on device'
    with pytest.raises(Unavailable, match="disk is full"), unit_of_work():
        raise OperationalError("INSERT", {}, psycopg.errors.DiskFull(said))


def test_sqlite_has_readers_beside_its_writer_and_loses_nothing_at_a_power_cut(empty: Path) -> None:
    with reading() as session:
        asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        found = [session.connection().exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked]
    assert found == ["wal", 2, 1, db.SQLITE_WAIT_MS]


def test_a_database_that_answers_is_seen(database: str) -> None:
    assert db.ping()
