"""The queue of one test: made anew, as a process makes it at its start."""

import importlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from orch_app.domains.access.actor import Actor
from tests.domains.jobs.trials import Trials
from tests.systems.product import bound_to

MODULES = ("tasks.app", "tasks.jobs", "tasks.schedule", "orch_app.wiring")


@pytest.fixture(params=["alone", "grown"])
def trials(request: pytest.FixtureRequest, migrated_sqlite: Path, admin: Actor, tmp_path: Path) -> Iterator[Trials]:
    """An empty runbooks folder; the queue lies in a file, or in Redis."""
    folder = tmp_path / "runbooks"
    folder.mkdir()
    shutil.copy(migrated_sqlite, tmp_path / "orch.db")
    url: str = request.getfixturevalue("redis_url") if request.param == "grown" else ""
    with bound_to(tmp_path, ORCH_RUNBOOKS_DIR=str(folder), ORCH_REDIS_URL=url):
        yield Trials(folder, admin)


@pytest.fixture
def tasks(trials: Trials) -> Iterator[SimpleNamespace]:
    """Huey, the task and the wiring, imported anew for the settings of this test."""
    before = {name: sys.modules.pop(name, None) for name in MODULES}
    app, jobs, schedule, wiring = (importlib.import_module(name) for name in MODULES)
    app.huey.flush()
    wiring.wire()
    yield SimpleNamespace(huey=app.huey, run=jobs.run, tick=schedule.tick, make_huey=app.make_huey)
    app.huey.flush()
    for name, module in before.items():
        sys.modules.pop(name)
        if module is not None:
            sys.modules[name] = module
