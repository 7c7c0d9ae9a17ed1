"""To which tier a test belongs: by its mark, its folder, or the servers that it asks for."""

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

TIERS = ("unit", "integration", "engine", "e2e", "swarm")
FOLDERS = {
    "e2e/": "e2e",
    "swarm/": "swarm",
    "chaos/": "engine",
    "simulation/": "engine",
    "domains/jobs/execution/warm/": "engine",
    "runbooks/": "integration",
    "domains/jobs/execution/": "integration",
}
TESTS = Path(__file__).parents[1]
SERVERS = {"postgres_server", "postgres_url", "fresh_postgres_url", "redis_url", "fresh_redis_url"}
# A fixture that hands out one of these has started it.
SERVER_TYPES = ("PostgresServer", "SshServer", "SshHost")
BROWSERS = {"browser", "page"}
SCREENS = {"screens"}  # the whole product as `./orch up` runs it


def mark(item: pytest.Item) -> None:
    """Give the test the mark of its tier unless it carries one already.

    In CI what is not alone with itself is tried once more when it fails, and told of at the end: see ADR 30. What must
    never happen is not: a lost job is lost.
    """
    if not any(item.get_closest_marker(tier) for tier in TIERS):
        item.add_marker(tier_of(item))
    if os.environ.get("CI") == "true" and not item.get_closest_marker("unit"):
        item.add_marker(pytest.mark.flaky(reruns=1, rerun_except=["BrokenPromiseError"]))


def in_order(items: Sequence[pytest.Item], processes: int) -> list[pytest.Item]:
    """Cheap tiers first. Within a tier every process's run of the list begins with its share of the long tests."""
    tiers = [[item for item in items if item.get_closest_marker(tier)] for tier in TIERS]
    return [item for tier in tiers for item in _long_ones_first(tier, processes)]


def _long_ones_first(items: Sequence[pytest.Item], runs: int) -> Iterator[pytest.Item]:
    """The list is cut into equal runs, as pytest-xdist does, and the random order kept in what is not long."""
    longs = [item for item in items if item.get_closest_marker("long")]
    others = iter([item for item in items if not item.get_closest_marker("long")])
    for run in range(runs):
        share = longs[run::runs]
        yield from share
        size = len(items) * (run + 1) // runs - len(items) * run // runs
        yield from islice(others, max(size - len(share), 0))
    yield from others


def seconds_of(reports: Mapping[str, Sequence[object]]) -> dict[str, float]:
    """Seconds that the tests of each tier took, one after another, with what was made for them."""
    seconds: dict[str, float] = dict.fromkeys(TIERS, 0.0)
    for report in (one for group in reports.values() for one in group if isinstance(one, pytest.TestReport)):
        for tier in set(TIERS) & set(report.keywords):
            seconds[tier] += report.duration
    return seconds


def tier_of(item: pytest.Item) -> str:
    """The tier by folder first, then by the fixtures the test uses."""
    place = item.path.relative_to(TESTS).as_posix()
    for folder, tier in FOLDERS.items():
        if place.startswith(folder):
            return tier
    fixtures = set(getattr(item, "fixturenames", ()))
    if fixtures & BROWSERS:
        return "e2e"
    parameters: dict[str, object] = getattr(getattr(item, "callspec", None), "params", {})
    on_postgres = "postgres" in {parameters.get("database_url"), parameters.get("database")}
    needs_server = fixtures & (SERVERS | SCREENS) or on_postgres
    return "integration" if needs_server else "unit"


def _starts_a_server(item: pytest.Item) -> bool:
    """Whether one of the test's fixtures says by its return type that it starts a server."""
    info: Any = getattr(item, "_fixtureinfo", None)
    found = [fixture.func for group in (info.name2fixturedefs if info else {}).values() for fixture in group]
    returned = " ".join(str(getattr(func, "__annotations__", {}).get("return", "")) for func in found)
    return any(name in returned for name in SERVER_TYPES)
