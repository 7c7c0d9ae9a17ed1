"""A Docker engine and a Portainer in front of it, with connections to both."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orch_app.domains.containers import tails
from orch_app.kit import breaker, upstream
from tests.domains.containers.site import Site, open_site


@pytest.fixture(autouse=True)
def _in_no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is waited for between attempts, and no system has failed before."""
    monkeypatch.setattr(upstream, "BASE_S", 0.0)
    monkeypatch.setattr(tails, "PAUSES_S", (0.02,))
    monkeypatch.setattr(tails, "QUIET_S", 0.02)
    breaker._made.cache_clear()


@pytest.fixture
def site(database: str, tmp_path: Path) -> Iterator[Site]:
    with open_site(tmp_path) as opened:
        yield opened
