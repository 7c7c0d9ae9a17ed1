"""A queue that does not answer: a worker pauses and says so in a line, instead of filling its log with tracebacks."""

import sqlite3
from types import SimpleNamespace

import pytest
import redis
import structlog

from tests.domains.jobs.trials import GOOD, Trials


@pytest.mark.parametrize("error", [redis.ConnectionError("refused"), sqlite3.OperationalError("database is locked")])
def test_a_look_into_a_queue_that_is_away_is_a_pause_and_one_line(
    trials: Trials, tasks: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr("tasks.app.AWAY_S", 0)
    trials.launch(GOOD)

    def away() -> bytes:
        raise error

    with monkeypatch.context() as outage, structlog.testing.capture_logs() as said:
        outage.setattr(tasks.huey.storage, "dequeue", away)
        assert tasks.huey.dequeue() is None
    assert [(line["event"], line["error"]) for line in said] == [("queue.away", type(error).__name__)]
    assert tasks.huey.dequeue() is not None
