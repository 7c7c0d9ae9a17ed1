"""`./orch chaos`: kills the processes of a throw-away installation as long as one likes, and says what came of it."""

import argparse
import json
import random
import sys
import time

from tests.chaos.fire import Verdict, burn

EVERY_S = 10.0


def main(argv: list[str]) -> int:
    """Run what was asked for; exit code 1 when a promise was broken."""
    options = _parser().parse_args(argv)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 31)
    verdict = burn(options.backend, seed, seconds=options.minutes * 60, say=_Progress())
    rows = verdict.rows()
    if options.json:
        sys.stdout.write(json.dumps(rows | {"kept": verdict.is_good()}) + "\n")
    else:
        sys.stdout.write("\n".join(f"{name:46} {value}" for name, value in rows.items()) + "\n")
    return 0 if verdict.is_good() else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "./orch chaos",
        description="Kill web, workers, supervisors, fork-servers and servers of a throw-away installation under load,"
        " and count what was lost, doubled or late. Needs what `./orch test integration` installs.",
    )
    parser.add_argument("--minutes", type=float, default=2.0, metavar="N", help="how long to kill (default 2)")
    parser.add_argument("--seed", type=int, metavar="S", help="which victims, in which order (default: any)")
    parser.add_argument("--backend", choices=["sqlite", "postgres"], default="sqlite", help="default sqlite")
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    return parser


class _Progress:
    """A line every few seconds."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, verdict: Verdict) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + EVERY_S
            sys.stderr.write(f"seed {verdict.seed}: {verdict.jobs} jobs, {verdict.total_kills} kills\n")
            sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
