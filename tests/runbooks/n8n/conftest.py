"""The doubles for one test, and no waiting between attempts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runbooks import modules
from tests.runbooks.n8n.site import Site, open_site


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(modules.shared("upstream"), "BASE_S", 0.0)
    with open_site(tmp_path) as opened:
        yield opened
