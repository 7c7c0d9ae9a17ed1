"""Jobs per day on both back ends, for calendars of several places."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import days
from orch_app.kit.clock import now
from orch_app.kit.db import engine, reading
from tests.domains.jobs.rows import add_job

pytestmark = pytest.mark.usefixtures("database")
DAY = timedelta(days=1)
SAO_PAULO, BERLIN, KIRITIMATI = (
    ZoneInfo(name) for name in ("America/Sao_Paulo", "Europe/Berlin", "Pacific/Kiritimati")
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_every_day_has_its_bar_the_empty_ones_too(viewer: Actor) -> None:
    today = now()
    for number, (back, status) in enumerate([(0, "SUCCESS"), (0, "ERROR"), (2, "ERROR"), (9, "ERROR")], 1):
        add_job(number, status=status, created_at=today.replace(hour=0, minute=0, second=1) - back * DAY)
    with reading() as session:
        bars = days.jobs_per_day(session, viewer, 7)
        prod = days.jobs_per_day(session, viewer, 7, "prod")
    assert [bar.day for bar in bars] == [(today - n * DAY).date().isoformat() for n in range(6, -1, -1)]
    assert [(bar.total, bar.failed) for bar in bars] == [(0, 0)] * 4 + [(1, 1), (0, 0), (2, 1)]
    assert {bar.total for bar in prod} == {0}


def test_a_day_is_that_of_the_readers_clock(viewer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "now", lambda: at("2026-11-21T12:00"))
    add_job(1, created_at=at("2026-11-21T02:59"))  # 23:59 of the 20th in São Paulo
    add_job(2, created_at=at("2026-11-21T03:00"))
    add_job(3, created_at=at("2026-11-20T09:59"))  # 23:59 of the 20th in Kiritimati, which is 14 hours ahead
    add_job(4, created_at=at("2026-11-20T10:00"))
    with reading() as session:
        counts = {
            zone: {bar.day: bar.total for bar in days.jobs_per_day(session, viewer, 3, zone=zone)}
            for zone in (UTC, SAO_PAULO, KIRITIMATI)
        }
    assert counts[UTC] == {"2026-11-19": 0, "2026-11-20": 2, "2026-11-21": 2}
    assert counts[SAO_PAULO] == {"2026-11-19": 0, "2026-11-20": 3, "2026-11-21": 1}
    assert counts[KIRITIMATI] == {"2026-11-20": 1, "2026-11-21": 3, "2026-11-22": 0}


def test_a_day_may_have_23_or_25_hours(viewer: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "now", lambda: at("2026-10-26T12:00"))
    for hour in range(72):  # Berlin's clocks went back on the 25th
        add_job(hour + 1, created_at=at("2026-10-24T00:30") + timedelta(hours=hour))
    with reading() as session:
        autumn = days.jobs_per_day(session, viewer, 2, zone=BERLIN)
    assert [(bar.day, bar.total) for bar in autumn] == [("2026-10-25", 25), ("2026-10-26", 24)]
    monkeypatch.setattr(days, "now", lambda: at("2026-03-29T12:00"))
    for hour in range(48):
        add_job(hour + 101, created_at=at("2026-03-28T00:30") + timedelta(hours=hour))
    with reading() as session:
        spring = days.jobs_per_day(session, viewer, 1, zone=BERLIN)
    assert [(bar.day, bar.total) for bar in spring] == [("2026-03-29", 23)]


def test_a_midnight_that_does_not_exist_begins_the_day_an_hour_later(
    viewer: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(days, "now", lambda: at("2018-11-04T12:00"))
    add_job(1, created_at=at("2018-11-04T02:59"))
    add_job(2, created_at=at("2018-11-04T03:00"))  # São Paulo went from 23:59 to 01:00 then
    with reading() as session:
        bars = days.jobs_per_day(session, viewer, 2, zone=SAO_PAULO)
    assert [(bar.day, bar.total) for bar in bars] == [("2018-11-03", 1), ("2018-11-04", 1)]


def test_the_database_counts_and_gives_back_one_row_for_each_day(viewer: Actor) -> None:
    for number in range(1, 40):
        add_job(number, ago=timedelta(minutes=number))
    statements: list[str] = []

    def note(*args: Any) -> None:
        statements.append(args[2])

    event.listen(engine(), "before_cursor_execute", note)
    with reading() as session:
        assert len(days.jobs_per_day(session, viewer, 90)) == 90
    event.remove(engine(), "before_cursor_execute", note)
    assert ["GROUP BY" in statement for statement in statements if "jobs" in statement] == [True]
