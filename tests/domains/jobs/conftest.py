"""A database with the real catalogue in it."""

import pytest

from orch_app.domains.access.actor import Actor
from tests.domains.jobs.orders import sync_runbooks


@pytest.fixture
def catalogue(database: str, admin: Actor) -> str:
    sync_runbooks(admin)
    return database
