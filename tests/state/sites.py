"""A Docker engine and a Portainer in front of it, for the screens that look at containers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orch_app.domains.containers import sights, tails
from orch_app.kit import breaker, upstream
from tests.domains.containers.site import Site, open_site


@pytest.fixture
def site(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Nothing is waited for between attempts, and nothing is known of any system."""
    monkeypatch.setattr(upstream, "BASE_S", 0.0)
    monkeypatch.setattr(tails, "PAUSES_S", (0.02,))
    monkeypatch.setattr(tails, "QUIET_S", 0.02)
    breaker._made.cache_clear()
    sights.KEPT.forget()
    with open_site(tmp_path) as opened:
        yield opened
    sights.KEPT.forget()
