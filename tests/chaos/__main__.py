"""`./orch chaos`: breaks a throw-away installation as long as one likes, and says what came of it."""

import argparse
import json
import random
import sys
import time
from functools import partial
from typing import Protocol

from tests.chaos import cancels, fire, flood, full_disk, outages, restarts, same_key
from tests.chaos.calm import alone
from tests.chaos.load import AGAIN_S
from tests.chaos.verdict import Say, Told, Verdict

EVERY_S = 10.0


def main(argv: list[str]) -> int:
    """Run what was asked for; exit code 1 when a promise was broken."""
    options = _parser().parse_args(argv)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 31)
    verdict = _run(options, seed)
    rows = verdict.rows()
    if options.json:
        sys.stdout.write(json.dumps(rows | {"kept": verdict.is_good()}) + "\n")
    else:
        sys.stdout.write("\n".join(f"{name:46} {value}" for name, value in rows.items()) + "\n")
    return 0 if verdict.is_good() else 1


def _run(options: argparse.Namespace, seed: int) -> Told:
    if options.what == FIRE:
        weather = fire.LINES if options.lines else fire.EFFECTS
        return fire.burn(options.backend, seed, _enough(options), weather=weather, say=_Progress())
    scenario, promised = SIZED[options.what]
    return scenario(options.backend, seed, options.times or promised, say=_Progress())


def _enough(options: argparse.Namespace) -> fire.Enough:
    """As long as was said, unless it was said how much."""
    if options.kills or options.lines:
        return fire.Enough(kills=options.kills, lines=options.lines)
    return fire.Enough(options.minutes * 60, kills=1 << 30)


class Sized(Protocol):
    """A scenario in which something happens so often."""

    def __call__(self, backend: str, seed: int, times: int, /, *, say: Say) -> Verdict:
        """Play it on a new installation."""
        ...


FIRE = "fire"
SIZED: dict[str, tuple[Sized, int]] = {
    "outages": (partial(alone, "outages", outages.take_away, every_s=AGAIN_S), 20),
    "keys": (same_key.repeat, 1000),
    "flood": (partial(alone, "flood", flood.pour), 1_000_000),
    "disk": (full_disk.fill_up, 20),
    "cancels": (partial(alone, "cancels", cancels.cancel), 100),
    "restarts": (partial(alone, "restarts", restarts.restart, workers=restarts.WORKERS, every_s=AGAIN_S), 50),
}
"""Each with how often it is promised."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "./orch chaos",
        description="Break a throw-away installation under load, and count what was lost, doubled or late."
        " Needs what `./orch test integration` installs.",
    )
    parser.add_argument("what", nargs="?", default=FIRE, choices=[FIRE, *SIZED], help="default fire: kill everything")
    parser.add_argument("--minutes", type=float, default=2.0, metavar="N", help="how long the fire burns (default 2)")
    parser.add_argument("--kills", type=int, default=0, metavar="N", help="burn until it has killed so often instead")
    parser.add_argument("--lines", type=int, default=0, metavar="N", help="and until readers have seen so many lines")
    parser.add_argument("--times", type=int, metavar="N", help="how often, for the others (default: as promised)")
    parser.add_argument("--seed", type=int, metavar="S", help="which victims, in which order (default: any)")
    parser.add_argument("--backend", choices=["sqlite", "postgres"], default="sqlite", help="default sqlite")
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    return parser


class _Progress:
    """A line every few seconds."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, verdict: Told) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + EVERY_S
            facts = [f"{name} {value}" for name, value in verdict.rows().items() if isinstance(value, int) and value]
            sys.stderr.write(f"{', '.join(facts)}\n")
            sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
