"""To which tier a test belongs: by its mark, its folder, or the servers that it asks for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

TIERS = ("unit", "integration", "e2e", "swarm")
FOLDERS = {
    "e2e/": "e2e",
    "swarm/": "swarm",
    "chaos/": "integration",
    "runbooks/": "integration",
    "domains/jobs/execution/": "integration",
}
TESTS = Path(__file__).parents[1]
SERVERS = {"postgres_server", "postgres_url", "fresh_postgres_url", "redis_url", "fresh_redis_url"}
# A fixture that hands out one of these has started it.
SERVER_TYPES = ("PostgresServer", "SshServer", "SshHost")
BROWSERS = {"browser", "page"}


def mark(item: pytest.Item) -> None:
    """Give the test the mark of its tier unless it carries one already."""
    if not any(item.get_closest_marker(tier) for tier in TIERS):
        item.add_marker(tier_of(item))


def order(item: pytest.Item) -> int:
    """Cheap tiers first."""
    return next(place for place, tier in enumerate(TIERS) if item.get_closest_marker(tier))


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
    needs_server = fixtures & SERVERS or on_postgres
    return "integration" if needs_server else "unit"


def _starts_a_server(item: pytest.Item) -> bool:
    """Whether one of the test's fixtures says by its return type that it starts a server."""
    info: Any = getattr(item, "_fixtureinfo", None)
    found = [fixture.func for group in (info.name2fixturedefs if info else {}).values() for fixture in group]
    returned = " ".join(str(getattr(func, "__annotations__", {}).get("return", "")) for func in found)
    return any(name in returned for name in SERVER_TYPES)
