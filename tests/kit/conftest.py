"""Data folders for tests of what lies beneath the domains."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.systems.product import bound_to


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Path]:
    """The product bound to a data folder in which nothing is yet."""
    with bound_to(tmp_path / "data"):
        yield tmp_path / "data"
