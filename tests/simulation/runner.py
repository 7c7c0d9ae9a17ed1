"""Runs seeds: here or on every core, with the story of a failure and its shortest form."""

import gc
import multiprocessing
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from orch_app.kit.settings import settings
from tests.simulation.store import Store
from tests.simulation.world import World

QUICK = {
    "ORCH_LEASE_S": "20",
    "ORCH_HEARTBEAT_S": "6",
    "ORCH_SWEEP_S": "8",
    "ORCH_GRACE_S": "10",
    "ORCH_APPROVAL_HOURS": "0.005",  # 18 s
    "ORCH_MIN_FREE_MB": "0",
    "ORCH_DATABASE_URL": "",
    "ORCH_REDIS_URL": "",
    "ORCH_DATA_DIR": tempfile.gettempdir(),  # looked at only, for the space on its disk
}
CHUNK = 200
_stores: list[Store] = []


@dataclass
class Failure:
    """A seed that broke an invariant, and how."""

    seed: int
    sentence: str
    trace: list[str]
    faults: list[str]


@dataclass
class Tally:
    """What a number of runs came to."""

    runs: int = 0
    commits: int = 0
    faults: int = 0
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Count the other's runs too."""
        self.runs += other.runs
        self.commits += other.commits
        self.faults += other.faults
        self.seconds += other.seconds
        self.failures += other.failures


@contextmanager
def simulated() -> Iterator[Store]:
    """The settings and the one database of the simulations of this process."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in QUICK.items():
            patch.setenv(name, value)
        settings.cache_clear()
        if not _stores:
            _stores.append(Store())
        with _stores[0].bound():
            try:
                yield _stores[0]
            finally:
                settings.cache_clear()


def run_one(store: Store, seed: int, without: frozenset[int] = frozenset()) -> tuple[World, Failure | None]:
    """Run one seed to its end."""
    world = World(store, seed, without)
    try:
        world.run()
    except Exception as error:  # noqa: BLE001 - a violation, or whatever else the product raised: both are findings
        sentence = f"{type(error).__name__}: {error}"
        where = "" if type(error).__name__ == "Violation" else "".join(traceback.format_exception(error)[-6:])
        return world, Failure(seed, f"{sentence}\n{where}".strip(), world.trace, world.faults)
    return world, None


def run_many(first: int, count: int) -> Tally:
    """Run so many seeds in this process."""
    tally, began = Tally(), time.process_time()
    was_collecting = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        with simulated() as store:
            for seed in range(first, first + count):
                world, failure = run_one(store, seed)
                tally.runs += 1
                tally.commits += world.commits
                tally.faults += len(world.faults)
                if failure:
                    tally.failures.append(failure)
    finally:
        if was_collecting:
            gc.enable()
        gc.collect()
    tally.seconds = time.process_time() - began
    return tally


def run_on_all_cores(first: int, count: int, progress: Callable[[Tally], None], cores: int = 0) -> Tally:
    """Run so many seeds on every core; stops early at the first failures."""
    total = Tally()
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(cores or multiprocessing.cpu_count(), mp_context=spawned) as pool:
        chunks = [
            pool.submit(run_many, at, min(CHUNK, first + count - at)) for at in range(first, first + count, CHUNK)
        ]
        for chunk in as_completed(chunks):
            if chunk.cancelled():
                continue
            total.add(chunk.result())
            progress(total)
            if total.failures:
                pool.shutdown(wait=False, cancel_futures=True)
    return total


def shrink(store: Store, seed: int) -> Failure | None:
    """The same failure with as few faults as possible: one after the other is left out where it still fails."""
    without: frozenset[int] = frozenset()
    world, failure = run_one(store, seed)
    number = 0
    while failure and number < len(world.faults):
        again, still = run_one(store, seed, without | {number})
        if still:
            without, world, failure = without | {number}, again, still
        number += 1
    return failure
