"""Database and queue away for seconds: an honest 503, nothing half-done, and everything goes on by itself."""

import pytest

from tests.chaos.outages import suffer

SEED = 20_261_122
TIMES = 2
LENGTHS_S = (5.0, 6.0)
PROMISES = {
    "jobs lost": 0,
    "jobs with doubled effects": 0,
    "jobs with a gap or a changed line in the log": 0,
    "keys with two jobs": 0,
    "requests without an answer": 0,
    "jobs that did not succeed": 0,
    "processes left over": 0,
    "processes that ended by themselves": 0,
}


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_while_the_database_or_the_queue_is_away_people_are_told_so_and_nothing_is_lost(backend: str) -> None:
    verdict = suffer(backend, SEED, times=TIMES, lengths_s=LENGTHS_S, every_s=3)
    assert verdict.faults == []
    assert verdict.promises == PROMISES
