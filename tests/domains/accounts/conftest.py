"""Cheap hashing, and nothing remembered from the test before."""

import pytest

from tests.systems.people import start_afresh


@pytest.fixture(autouse=True)
def _afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    start_afresh(monkeypatch)
