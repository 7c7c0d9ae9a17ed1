"""Cancel means stopped, at any moment, whatever the play has started; and for nobody else."""

import pytest

from tests.chaos.cancels import cancel

SEED = 20_261_122
CANCELS = 3


@pytest.mark.timeout(600)
@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_what_is_cancelled_at_any_moment_has_stopped_with_all_it_has_started(backend: str) -> None:
    verdict = cancel(backend, SEED, times=CANCELS)
    assert verdict.faults == []
    assert verdict.promises == dict.fromkeys(verdict.promises, 0)
    assert verdict.figures["cancels"] == CANCELS
