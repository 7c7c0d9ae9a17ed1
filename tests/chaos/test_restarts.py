"""Workers and web restarted one after the other while jobs flow: none is lost, cut off or run twice."""

import pytest

from tests.chaos.restarts import restart

SEED = 20_261_122
TIMES = 2


@pytest.mark.timeout(600)
@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_restarts_one_after_the_other_lose_nothing_and_cut_nothing_off(backend: str) -> None:
    verdict = restart(backend, SEED, times=TIMES, every_s=3)
    assert verdict.faults == []
    assert verdict.promises == dict.fromkeys(verdict.promises, 0)
    restarts = [count for name, count in verdict.figures.items() if name.startswith("restarts of")]
    assert restarts == [1] * TIMES
