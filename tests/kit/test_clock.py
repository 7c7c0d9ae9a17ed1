"""One source of time, in UTC, that tests can set and give back."""

from datetime import UTC, datetime, timedelta

from orch_app.kit.clock import now, push_source

NEW_YEAR = datetime(2030, 1, 1, tzinfo=UTC)


def test_it_is_now_and_in_utc() -> None:
    before = datetime.now(UTC)
    found = now()
    assert found.utcoffset() == timedelta(0)
    assert before <= found <= datetime.now(UTC)


def test_another_source_holds_until_it_is_given_back() -> None:
    outer = push_source(lambda: NEW_YEAR)
    inner = push_source(lambda: NEW_YEAR + timedelta(days=1))
    assert now() == NEW_YEAR + timedelta(days=1)
    inner()
    assert now() == NEW_YEAR
    outer()
    assert now() < NEW_YEAR
