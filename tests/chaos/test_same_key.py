"""One Idempotency-Key, many orders at once, and a web process that dies between them: one job."""

import pytest

from tests.chaos.same_key import repeat
from tests.chaos.verdict import demand_kept

SEED = 20_261_121  # with it web also dies once by itself, between the commit and the bell
KEYS, POSTS, KILLS = 12, 10, 1


@pytest.mark.timeout(600)
@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_the_same_key_is_the_same_job_however_often_it_is_sent_while_web_dies(backend: str) -> None:
    verdict = repeat(backend, SEED, KEYS, posts=POSTS, kills=KILLS)
    demand_kept(verdict.promises, verdict.faults)
    assert verdict.promises
    assert (verdict.figures["jobs"], verdict.figures["posts answered"]) == (KEYS, KEYS * POSTS)
    assert verdict.figures["kills of web"] == KILLS
