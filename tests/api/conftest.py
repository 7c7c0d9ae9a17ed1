"""The whole API behind its edge, with a browser or script of each role."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from orch_app.api import build, wrap
from orch_app.domains.access.permissions import Role
from tests.systems.asgi import TestClient
from tests.systems.people import PASSWORD, add_user, start_afresh
from tests.systems.product import bound_to

ORIGIN = "http://127.0.0.1:8000"
MakeClient = Callable[..., TestClient]


@pytest.fixture(autouse=True)
def _afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    start_afresh(monkeypatch)


@pytest.fixture
def sqlite(migrated_sqlite: Path, tmp_path: Path) -> Iterator[None]:
    """One back end, for what is decided before any database is asked."""
    shutil.copy(migrated_sqlite, tmp_path / "orch.db")
    with bound_to(tmp_path):
        yield


@pytest.fixture(scope="session")
def api() -> FastAPI:
    return build()


@pytest.fixture
def client(api: FastAPI) -> Iterator[TestClient]:
    """Somebody with neither cookie nor token; faults are answered, not raised, as in the real process."""
    with TestClient(wrap(api), base_url=ORIGIN, client=("192.0.2.7", 50000), raise_server_exceptions=False) as found:
        yield found


@pytest.fixture
def make_client(api: FastAPI) -> MakeClient:
    """A script that carries the access token of a new user of this role."""

    def make(role: Role) -> TestClient:
        address = add_user(role).name
        found = TestClient(wrap(api), base_url=ORIGIN, raise_server_exceptions=False)
        pair = found.post("/v1/auth/login", json={"email": address, "password": PASSWORD}).json()
        found.headers["Authorization"] = f"Bearer {pair['accessToken']}"
        return found

    return make
