"""Signed-in people for the screens: a session cookie of each role."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts import sessions
from orch_app.kit.db import unit_of_work
from tests.systems.people import add_user, start_afresh
from tests.systems.product import bound_to

SignIn = Callable[[Role], str]


@pytest.fixture(autouse=True)
def _afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    start_afresh(monkeypatch)


@pytest.fixture
def sqlite(migrated_sqlite: Path, tmp_path: Path) -> Iterator[None]:
    """One back end, for what does not depend on it."""
    shutil.copy(migrated_sqlite, tmp_path / "orch.db")
    with bound_to(tmp_path):
        yield


@pytest.fixture
def sign_in() -> SignIn:
    """The cookie of a new user of this role."""

    def enter(role: Role) -> str:
        user_id = add_user(role).user_id
        with unit_of_work() as session:
            return sessions.create(session, user_id or "", sessions.Client(), remember=False).cookie

    return enter
