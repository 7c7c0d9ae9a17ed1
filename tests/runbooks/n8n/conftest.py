"""The doubles for one test, no waiting between attempts, and fingerprints that take no time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runbooks import modules
from tests.runbooks.n8n.site import Site, open_site


@pytest.fixture(autouse=True)
def _in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modules.shared("upstream"), "BASE_S", 0.0)
    monkeypatch.setattr(modules.shared("n8n.fingerprint"), "ROUNDS", 1)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with open_site(tmp_path) as opened:
        yield opened
