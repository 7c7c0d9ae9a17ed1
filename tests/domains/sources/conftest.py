"""Sources on each back end: folders that a test writes, fetched by the worker's own functions."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import Actor
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.sources import adoptions, queries, service, syncing, trusting
from orch_app.domains.sources.models import RunbookSource
from orch_app.domains.sources.wire import AdoptionBody, NewSource, SourceAnswer
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.queue import install_bell
from orch_app.kit.settings import settings
from tests.systems.product import bound_to


@dataclass(frozen=True)
class Bench:
    """Folders that may be sources, an admin, and what that admin does."""

    root: Path
    admin: Actor
    rung: list[tuple[str, dict[str, str]]]

    def write(self, files: Mapping[str, str], name: str = "ops") -> Path:
        """A folder that holds these files and nothing else."""
        folder = self.root / name
        shutil.rmtree(folder, ignore_errors=True)
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        return folder

    def add(self, name: str = "ops", **facts: Any) -> str:
        """A new folder source of that name, committed; gives its id."""
        with unit_of_work() as session:
            new = NewSource(name=name, kind="folder", path=str(self.root / name), **facts)
            return service.create(session, self.admin, new).id

    def adopt(self, source_id: str, name: str, **facts: Any) -> None:
        """Make a plain playbook a runbook."""
        body = AdoptionBody.model_validate({"title": name, "titlePt": name, **facts})
        with unit_of_work() as session:
            adoptions.put(session, self.admin, source_id, name, body)

    def sync(self, source_id: str) -> SourceAnswer:
        """Have it fetched, by a worker that has nothing else to do."""
        with unit_of_work() as session:
            service.request_sync(session, self.admin, source_id)
        syncing.sync_all_due()
        return self.shown(source_id)

    def trust_newest(self, source_id: str) -> None:
        """Trust what was fetched last."""
        newest = self.shown(source_id).newest
        assert newest
        trusting.trust(self.admin, source_id, newest.id)

    def shown(self, source_id: str) -> SourceAnswer:
        with reading() as session:
            return queries.show(session, self.admin, [self.row(source_id)])[0]

    def row(self, source_id: str) -> RunbookSource:
        with reading() as session:
            return queries.get_source(session, self.admin, source_id)

    def catalogue(self) -> dict[str, Runbook]:
        with reading() as session:
            return {row.name: row for row in session.exec(select(Runbook))}


@pytest.fixture
def bench(database: str, admin: Actor, tmp_path: Path) -> Iterator[Bench]:
    """No runbook of the product's own, and one folder below which sources may lie."""
    own, root, data = tmp_path / "own", tmp_path / "sources", tmp_path / "data"
    for folder in (own, root, data):
        folder.mkdir()
    if database == "sqlite":
        shutil.copy(tmp_path / "orch.db", data / "orch.db")
    rung: list[tuple[str, dict[str, str]]] = []
    variables = {"ORCH_RUNBOOKS_DIR": str(own), "ORCH_SOURCE_FOLDERS": str(root)}
    with bound_to(data, settings().database_url, **variables):
        install_bell(lambda name, payload: rung.append((name, payload)), lambda: True)
        yield Bench(root, admin, rung)
