"""An environment without anything in it."""

from pathlib import Path

import pytest

from tests.runbooks.inventory.imports import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)
