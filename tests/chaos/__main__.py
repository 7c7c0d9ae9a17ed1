"""`./orch chaos`: breaks a throw-away installation as long as one likes, and says what came of it."""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable

from tests.chaos import cancels, fire, flood, full_disk, outages, restarts, same_key
from tests.chaos.verdict import Told

EVERY_S = 10.0


def main(argv: list[str]) -> int:
    """Run what was asked for; exit code 1 when a promise was broken."""
    options = _parser().parse_args(argv)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 31)
    verdict = SCENARIOS[options.what](options, seed)
    rows = verdict.rows()
    if options.json:
        sys.stdout.write(json.dumps(rows | {"kept": verdict.is_good()}) + "\n")
    else:
        sys.stdout.write("\n".join(f"{name:46} {value}" for name, value in rows.items()) + "\n")
    return 0 if verdict.is_good() else 1


def _fire(options: argparse.Namespace, seed: int) -> Told:
    return fire.burn(options.backend, seed, seconds=options.minutes * 60, say=_Progress())


def _outages(options: argparse.Namespace, seed: int) -> Told:
    return outages.suffer(options.backend, seed, times=options.times or 20, say=_Progress())


def _keys(options: argparse.Namespace, seed: int) -> Told:
    return same_key.repeat(options.backend, seed, keys=options.times or 1000, say=_Progress())


def _flood(options: argparse.Namespace, seed: int) -> Told:
    return flood.flood(options.backend, seed, lines=options.times or 1_000_000, say=_Progress())


def _disk(options: argparse.Namespace, seed: int) -> Told:
    return full_disk.fill_up(options.backend, seed, times=options.times or 20, say=_Progress())


def _cancels(options: argparse.Namespace, seed: int) -> Told:
    return cancels.cancel(options.backend, seed, times=options.times or 100, say=_Progress())


def _restarts(options: argparse.Namespace, seed: int) -> Told:
    return restarts.restart(options.backend, seed, times=options.times or 50, say=_Progress())


SCENARIOS: dict[str, Callable[[argparse.Namespace, int], Told]] = {
    "fire": _fire,
    "outages": _outages,
    "keys": _keys,
    "flood": _flood,
    "disk": _disk,
    "cancels": _cancels,
    "restarts": _restarts,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "./orch chaos",
        description="Break a throw-away installation under load, and count what was lost, doubled or late."
        " Needs what `./orch test integration` installs.",
    )
    parser.add_argument(
        "what", nargs="?", default="fire", choices=list(SCENARIOS), help="default fire: kill everything"
    )
    parser.add_argument("--minutes", type=float, default=2.0, metavar="N", help="how long the fire burns (default 2)")
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
