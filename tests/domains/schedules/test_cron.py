"""Cron maths: gaps and overlaps of daylight saving, nonsense, and that no moment comes twice."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orch_app.domains.schedules import cron
from tests.domains.schedules.samples import DAY, ms, told

ZONES = ("America/Sao_Paulo", "Europe/Lisbon", "America/New_York", "Australia/Lord_Howe", "UTC")
EXPRESSIONS = ("* * * * *", "*/30 * * * *", "0 * * * *", "30 1 * * *", "30 2 * * *", "0 0 * * *", "15,45 0-3 * * *")


def first(expression: str, zone: str, after: str, count: int = 3) -> list[str]:
    return told(list(islice(cron.moments(expression, zone, ms(after, zone)), count)), zone)


def test_what_falls_into_a_gap_happens_right_after_it() -> None:
    assert first("30 2 * * *", "America/New_York", "2026-03-07 12:00", 2) == [
        "2026-03-08T03:00-04:00",
        "2026-03-09T02:30-04:00",
    ]
    assert first("30 1 * * *", "Europe/Lisbon", "2026-03-28 12:00", 2) == [
        "2026-03-29T02:00+01:00",
        "2026-03-30T01:30+01:00",
    ]


def test_midnight_that_does_not_exist_happens_at_one() -> None:
    """Brazil's clocks went ahead at midnight until 2018."""
    assert first("0 0 * * *", "America/Sao_Paulo", "2018-11-03 12:00", 2) == [
        "2018-11-04T01:00-02:00",
        "2018-11-05T00:00-02:00",
    ]


def test_what_the_clock_shows_twice_happens_once() -> None:
    assert first("30 1 * * *", "America/New_York", "2026-10-31 12:00", 2) == [
        "2026-11-01T01:30-04:00",
        "2026-11-02T01:30-05:00",
    ]
    assert first("30 1 * * *", "Europe/Lisbon", "2026-10-24 12:00", 2) == [
        "2026-10-25T01:30+01:00",
        "2026-10-26T01:30+00:00",
    ]
    assert first("30 23 * * *", "America/Sao_Paulo", "2019-02-15 23:45", 2) == [
        "2019-02-16T23:30-02:00",
        "2019-02-17T23:30-03:00",
    ]


def test_begun_within_the_second_of_two_equal_hours_it_does_not_go_back_to_the_first() -> None:
    second = ms("2026-11-01 06:10")  # 01:10 for the second time
    assert told([cron.next_after("30 1 * * *", "America/New_York", second) or 0], "America/New_York") == [
        "2026-11-02T01:30-05:00"
    ]


def test_every_hour_means_real_hours() -> None:
    assert first("0 * * * *", "America/New_York", "2026-11-01 00:30", 4) == [
        "2026-11-01T01:00-04:00",
        "2026-11-01T01:00-05:00",
        "2026-11-01T02:00-05:00",
        "2026-11-01T03:00-05:00",
    ]
    assert first("0 * * * *", "America/New_York", "2026-03-08 00:30", 3) == [
        "2026-03-08T01:00-05:00",
        "2026-03-08T03:00-04:00",
        "2026-03-08T04:00-04:00",
    ]


@given(
    expression=st.sampled_from(EXPRESSIONS),
    zone=st.sampled_from(ZONES),
    start=st.integers(ms("2017-01-01"), ms("2027-01-01")),
)
def test_moments_ascend_and_begin_after_the_start(expression: str, zone: str, start: int) -> None:
    found = list(islice(cron.moments(expression, zone, start), 20))
    assert found == sorted(set(found))
    assert found[0] > start


@given(
    expression=st.sampled_from(EXPRESSIONS),
    zone=st.sampled_from(ZONES),
    start=st.sampled_from([ms("2026-03-07 12:00"), ms("2026-10-24 12:00"), ms("2026-10-31 12:00"), ms("2018-11-03")]),
    cut=st.integers(0, 40),
)
def test_going_on_from_a_moment_gives_what_would_have_come_anyway(
    expression: str, zone: str, start: int, cut: int
) -> None:
    """A schedule remembers nothing but the next moment; the rest is told from there."""
    at_once = list(islice(cron.moments(expression, zone, start), 60))
    assert list(islice(cron.moments(expression, zone, at_once[cut]), 19)) == at_once[cut + 1 : cut + 20]


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("", "cron"),
        ("* * * *", "cron"),
        ("0 * * * * *", "cron"),
        ("@daily", "cron"),
        ("61 * * * *", "cron"),
        ("0 0 30 2 *", "cron"),
        ("MON#1/2 * * * *", "cron"),
        ("* " * 60, "cron"),
    ],
)
def test_nonsense_is_refused_at_its_field(expression: str, code: str) -> None:
    assert [(fault.pointer, fault.code) for fault in cron.faults(expression, "UTC")] == [("/cron", code)]


@pytest.mark.parametrize("zone", ["", "Sao Paulo", "localtime", "../../etc/passwd", "America"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    assert [fault.pointer for fault in cron.faults("0 9 * * *", zone)] == ["/timezone"]
    with pytest.raises(ValueError, match="zone"):
        cron.next_after("0 9 * * *", zone, 0)


@given(st.text(st.sampled_from("0123456789*/,-#LWMONJAN "), max_size=30))
def test_whatever_is_typed_is_judged_and_never_breaks(expression: str) -> None:
    if not cron.faults(expression, "Europe/Lisbon"):
        assert cron.next_after(expression, "Europe/Lisbon", ms("2026-01-01")) is not None


def test_a_leap_day_is_found_years_ahead() -> None:
    assert told([cron.next_after("0 0 29 2 *", "UTC", ms("2026-01-01")) or 0], "UTC") == ["2028-02-29T00:00+00:00"]
    assert cron.next_after("0 0 29 2 *", "UTC", ms("2028-02-29")) == ms("2032-02-29")
    assert ms("2028-02-29") - ms("2028-02-28") == DAY
