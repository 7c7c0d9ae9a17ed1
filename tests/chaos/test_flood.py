"""A job that says far too much beside a person who looks at other things."""

import pytest

from tests.chaos.flood import flood

SEED = 20_261_122
LINES = 20_000
CUT_AT_MB = 1


@pytest.mark.timeout(600)
@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_a_flood_is_kept_whole_up_to_its_limit_and_nobody_else_goes_without_an_answer(backend: str) -> None:
    verdict = flood(backend, SEED, lines=LINES, cut_at_mb=CUT_AT_MB)
    assert verdict.faults == []
    assert verdict.promises == dict.fromkeys(verdict.promises, 0)
    assert verdict.figures["lines of the whole flood"] == LINES
