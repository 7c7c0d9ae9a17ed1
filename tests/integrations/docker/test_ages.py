"""How long by the engine's own words."""

import pytest

from orch_app.integrations.docker.ages import age_s
from orch_app.integrations.docker.reading import nanoseconds


@pytest.mark.parametrize(
    ("status", "seconds"),
    [
        ("Up 2 hours (healthy)", 7_200),
        ("Up Less than a second", 1),
        ("Up About a minute (health: starting)", 60),
        ("Up About an hour", 3_600),
        ("Exited (137) 5 minutes ago", 300),
        ("Exited (0) 3 weeks ago", 1_814_400),
        ("Restarting (1) 1 second ago", 1),
        ("Up 4 months (Paused)", 10_368_000),
        ("Created", None),
        ("", None),
    ],
)
def test_a_sentence_tells_how_long_it_has_been_so(status: str, seconds: int | None) -> None:
    assert age_s(status) == seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:01Z", 1_000_000_000),
        ("1970-01-01T00:00:01.000000001Z", 1_000_000_001),
        ("1970-01-01T00:00:01.5Z", 1_500_000_000),
        ("2026-02-02T03:40:00.123456789+01:00", 1_769_999_400_000_000_000 + 600_123_456_789),
        ("nonsense", 0),
        ("", 0),
    ],
)
def test_a_time_is_read_to_the_nanosecond(text: str, expected: int) -> None:
    assert nanoseconds(text) == expected
