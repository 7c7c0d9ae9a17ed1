"""A catalogue of runbooks and people with accounts, on each back end."""

import pytest

from orch_app.domains.access.actor import COMMAND_LINE, Actor
from orch_app.domains.access.permissions import Role
from orch_app.kit.queue import install_bell
from tests.domains.jobs.orders import sync_runbooks
from tests.systems.people import add_user, start_afresh


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker hears the bells; people are hashed cheaply."""
    install_bell(lambda _name, _payload: None, lambda: True)
    start_afresh(monkeypatch)


@pytest.fixture
def catalogue(database: str) -> str:
    sync_runbooks(COMMAND_LINE)
    return database


@pytest.fixture
def owner(catalogue: str) -> Actor:
    return add_user(Role.OPERATOR)


@pytest.fixture
def boss(catalogue: str) -> Actor:
    return add_user(Role.ADMIN)
