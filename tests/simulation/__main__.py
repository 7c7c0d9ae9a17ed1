"""`./orch simulate`: any number of seeds on every core, or one seed with its whole story."""

import argparse
import json
import sys
import time
from dataclasses import asdict

from tests.simulation.runner import Failure, Tally, run_on_all_cores, run_one, shrink, simulated

SHOWN = 3


def main(argv: list[str]) -> int:
    """Run what was asked for; exit code 1 when an invariant was broken."""
    options = _parser().parse_args(argv)
    return _replay(options) if options.seed is not None and options.seeds is None else _run(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "./orch simulate",
        description="Play what can befall jobs, in virtual time, over the product's own functions; the same seed is"
        " the same story. With --seed alone one seed is replayed and told.",
    )
    parser.add_argument("--seeds", type=int, metavar="N", help="how many seeds to run (default 1000)")
    parser.add_argument("--seed", type=int, metavar="S", help="the first seed, or the one to replay")
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    return parser


def _run(options: argparse.Namespace) -> int:
    first, count, began = options.seed or 1, options.seeds or 1_000, time.monotonic()
    total = run_on_all_cores(first, count, lambda tally: _say_progress(tally, count, began))
    seconds = time.monotonic() - began
    told = [_shortest(failure) for failure in total.failures[:SHOWN]]
    if options.json:
        figures = {"runs": total.runs, "commits": total.commits, "faults": total.faults, "seconds": round(seconds, 1)}
        failed = [asdict(failure) for failure in told]
        sys.stdout.write(json.dumps(figures | {"failed": len(total.failures), "failures": failed}) + "\n")
    else:
        for failure in told:
            _tell(failure)
        sys.stdout.write(
            f"{total.runs} interleavings, {total.commits} transactions, {total.faults} faults, {seconds:.1f} s"
            f" ({total.runs / seconds:.0f}/s): {len(total.failures)} broke an invariant\n"
        )
    return 1 if total.failures else 0


def _replay(options: argparse.Namespace) -> int:
    with simulated() as store:
        world, failure = run_one(store, options.seed)
        shortest = shrink(store, options.seed) if failure else None
    if options.json:
        told = asdict(shortest) if shortest else None
        sys.stdout.write(json.dumps({"seed": options.seed, "story": world.trace, "failure": told}) + "\n")
        return 1 if failure else 0
    sys.stdout.write("\n".join(world.trace) + "\n")
    if failure and shortest:
        sys.stdout.write(f"\n{failure.sentence}\n\nThe same with as few faults as possible:\n")
        _tell(shortest)
        return 1
    sys.stdout.write(f"\nseed {options.seed}: every invariant held\n")
    return 0


def _shortest(failure: Failure) -> Failure:
    with simulated() as store:
        return shrink(store, failure.seed) or failure


def _tell(failure: Failure) -> None:
    sys.stdout.write("\n".join(failure.trace) + f"\n\nseed {failure.seed}: {failure.sentence}\n")
    sys.stdout.write(f"again: ./orch simulate --seed {failure.seed}\n\n")


def _say_progress(tally: Tally, count: int, began: float) -> None:
    seconds = time.monotonic() - began
    rate = tally.runs / seconds
    sys.stderr.write(f"{tally.runs}/{count} interleavings, {rate:.0f}/s, {len(tally.failures)} broken\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
