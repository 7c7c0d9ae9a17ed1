"""Restarts, cancels, a flood and outages, one after the other: short of a kill every job ends as it should."""

import pytest

from tests.chaos.calm import calm
from tests.chaos.cancels import cancel
from tests.chaos.flood import pour
from tests.chaos.outages import take_away
from tests.chaos.restarts import WORKERS, restart
from tests.chaos.verdict import Verdict, demand_kept

SEED = 20_261_122
RESTARTS = OUTAGES = 3  # of each kind one
CANCELS = 3
LINES = 10_000
CUT_AT_MB = 1
LENGTHS_S = (4.0, 5.0)
EVERY_S = 5.0


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_whatever_befalls_an_installation_short_of_a_kill_every_job_ends_as_it_should(backend: str) -> None:
    verdict = Verdict("restarts, cancels, a flood, outages", backend, SEED)
    with calm(verdict, workers=WORKERS, every_s=EVERY_S) as scene:
        restart(scene, RESTARTS)
        cancel(scene, CANCELS)
        pour(scene, LINES, cut_at_mb=CUT_AT_MB)
        take_away(scene, OUTAGES, lengths_s=LENGTHS_S)
    demand_kept(verdict.promises, verdict.faults)
    assert set(verdict.promises) == PROMISES
    assert [count for name, count in verdict.figures.items() if name.startswith("restarts of")] == [1] * RESTARTS
    assert [count for name, count in verdict.figures.items() if name.startswith("outages of")] == [1] * OUTAGES
    assert verdict.figures["cancels"] == CANCELS
    assert verdict.figures["lines of the whole flood"] == LINES


PROMISES = {
    "jobs that did not succeed at once",
    "processes that outlived their cancel",
    "looks without an answer",
    "lines missing, doubled or out of order",
    "the same where it was cut",
    "MiB of a worker above 600",
    "requests without an answer",
    "jobs lost",
    "jobs with doubled effects",
    "jobs with a gap or a changed line in the log",
    "keys with two jobs",
    "jobs that ended otherwise than they should",
    "processes left over",
    "processes that ended by themselves",
}
