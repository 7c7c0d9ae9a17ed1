"""Which due moments run: pure, so that every case can be tried."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orch_app.domains.schedules.planning import MOST_CAUGHT_UP, ON_TIME_MS, MissedPolicy, plan
from tests.domains.schedules.samples import HOUR

HOURS = [at * HOUR for at in range(1, 101)]


@pytest.mark.parametrize(
    ("policy", "late_ms", "runs"),
    [
        (MissedPolicy.SKIP, 0, 1),
        (MissedPolicy.SKIP, ON_TIME_MS, 1),
        (MissedPolicy.SKIP, ON_TIME_MS + 1, 0),
        (MissedPolicy.RUN_ONCE, ON_TIME_MS + 1, 1),
        (MissedPolicy.RUN_ALL, ON_TIME_MS + 1, MOST_CAUGHT_UP),
    ],
)
def test_the_policy_says_how_many_of_the_latest_run(policy: MissedPolicy, late_ms: int, runs: int) -> None:
    decided = plan(HOURS, HOURS[-1] + late_ms, policy)
    assert list(decided.run) == HOURS[len(HOURS) - runs :]


@given(
    due=st.lists(st.integers(0, 10**12), unique=True).map(sorted),
    late_ms=st.integers(0, 10**9),
    policy=st.sampled_from(MissedPolicy),
)
def test_nothing_is_lost_and_nothing_runs_twice(due: list[int], late_ms: int, policy: MissedPolicy) -> None:
    decided = plan(due, (due[-1] if due else 0) + late_ms, policy)
    assert [*decided.missed, *decided.run] == due
    assert len(decided.run) <= MOST_CAUGHT_UP
