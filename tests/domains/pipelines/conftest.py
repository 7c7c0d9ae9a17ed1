"""A catalogue with the runbook `say`, and an operator in whose name runs are started."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Role
from orch_app.kit.queue import install_bell
from orch_app.kit.settings import settings
from tests.domains.jobs.trials import Trials
from tests.domains.pipelines.chains import write_say
from tests.systems.people import add_user, start_afresh
from tests.systems.product import bound_to


@pytest.fixture(autouse=True)
def _afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cheap passwords, and bells that ring into the void."""
    start_afresh(monkeypatch)
    install_bell(lambda _name, _payload: None, lambda: True)


@pytest.fixture
def trials(database: str, admin: Actor, tmp_path: Path) -> Iterator[Trials]:
    """A runbooks folder that holds `say`, on each back end."""
    folder = tmp_path / "runbooks"
    folder.mkdir()
    with bound_to(tmp_path, settings().database_url, ORCH_RUNBOOKS_DIR=str(folder)):
        found = Trials(folder, admin)
        write_say(found)
        yield found


@pytest.fixture
def owner(trials: Trials) -> Actor:
    add_user(Role.ADMIN)
    return add_user(Role.OPERATOR)
