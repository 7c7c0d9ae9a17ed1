"""Which of the moments that are due run, and which are too late: pure decisions, without a clock and a database."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

ON_TIME_MS = 300_000  # a restart of the workers is no reason to miss anything
MOST_CAUGHT_UP = 24


class MissedPolicy(StrEnum):
    """What happens when nobody could fire in time: nothing, the latest moment only, or each of the latest 24."""

    SKIP = "skip"
    RUN_ONCE = "run_once"
    RUN_ALL = "run_all"


@dataclass(frozen=True)
class Plan:
    """Moments that run and moments that are missed, both ascending; together all that were due."""

    run: tuple[int, ...]
    missed: tuple[int, ...]


def plan(due: Sequence[int], moment: int, policy: MissedPolicy) -> Plan:
    """What to do at `moment` with everything that is due, ascending and not later than it."""
    wanted = MOST_CAUGHT_UP if policy is MissedPolicy.RUN_ALL else 1
    run = due[-wanted:]
    if policy is MissedPolicy.SKIP and run and moment - run[-1] > ON_TIME_MS:
        run = []
    return Plan(tuple(run), tuple(due[: len(due) - len(run)]))
