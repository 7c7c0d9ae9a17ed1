"""Everything that can die dies, again and again, and what was promised is kept; any number of times: `./orch chaos`."""

import pytest

from orch_app.kit.settings import ROOT
from tests.chaos.fire import Enough, burn
from tests.chaos.parts import CRASH_POINTS
from tests.chaos.verdict import demand_kept

SEED = 20_261_121
KILLS = 14
SECONDS = 300.0  # at most, where something is long out of reach
SERVERS = {"sqlite": set[str](), "postgres": {"postmaster", "redis"}}


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_whatever_is_killed_nothing_is_lost_doubled_or_left(backend: str) -> None:
    verdict = burn(backend, SEED, Enough(SECONDS, kills=KILLS))
    rows = verdict.rows()
    demand_kept({name: rows[name] for name in PROMISES}, verdict.faults)
    assert set(verdict.kills) >= {"worker", "supervisor", "fork-server", "web", *SERVERS[backend]}
    assert verdict.named_kills
    assert verdict.jobs > 0


PROMISES = (
    "jobs lost",
    "jobs with doubled effects",
    "jobs with a gap or a changed line in the log",
    "keys with two jobs",
    "processes left over",
)


def test_every_named_place_is_in_the_code_and_on_this_list() -> None:
    sources = [path.read_text("utf-8") for path in (ROOT / "orch_app").rglob("*.py")]
    named = {line.split('crash_point("')[1].split('"')[0] for text in sources for line in text.splitlines() if
             'crash_point("' in line}  # fmt: skip
    assert named == set(CRASH_POINTS)
