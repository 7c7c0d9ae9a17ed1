"""To which tier a test belongs: by its mark, its folder, or the servers that it asks for."""

from pathlib import PurePath

import pytest

TIERS = ("unit", "integration", "e2e")
FOLDERS = {"e2e": "e2e", "chaos": "integration", "integration": "integration"}
SERVERS = {"postgres_server", "postgres_url", "fresh_postgres_url", "redis_url"}
BROWSERS = {"browser", "page"}


def mark(item: pytest.Item) -> None:
    """Give the test the mark of its tier unless it carries one already."""
    if not any(item.get_closest_marker(tier) for tier in TIERS):
        item.add_marker(tier_of(item))


def order(item: pytest.Item) -> int:
    """Cheap tiers first."""
    return next(place for place, tier in enumerate(TIERS) if item.get_closest_marker(tier))


def tier_of(item: pytest.Item) -> str:
    """The tier by folder first, then by the fixtures the test uses."""
    for part in PurePath(item.path).parts:
        if part in FOLDERS:
            return FOLDERS[part]
    fixtures = set(getattr(item, "fixturenames", ()))
    if fixtures & BROWSERS:
        return "e2e"
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    on_postgres = "postgres" in {parameters.get("database_url"), parameters.get("database")}
    needs_server = fixtures & SERVERS or on_postgres
    return "integration" if needs_server else "unit"
