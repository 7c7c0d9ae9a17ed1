"""The time of day, in one place, so that tests can set it."""

from collections.abc import Callable
from datetime import UTC, datetime

_source: list[Callable[[], datetime]] = [lambda: datetime.now(UTC)]


def now() -> datetime:
    """The current time in UTC. Leases use the database's clock instead (`kit.db.now_ms`)."""
    return _source[-1]()


def push_source(source: Callable[[], datetime]) -> Callable[[], None]:
    """Use another clock until the returned function is called. For tests and simulations."""
    _source.append(source)
    return _source.pop  # pyright: ignore[reportReturnType]
