"""The page of sources: what there is, what came, and trusting it after it was looked at."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.access.permissions import Role
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.sources import service, syncing
from orch_app.domains.sources.wire import NewSource
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.settings import settings
from orch_app.state.sources import SourcesState
from tests.domains.sources.files import runbook_files
from tests.state.open_tab import OpenTab, signed_in
from tests.systems.people import audited
from tests.systems.product import bound_to

PATH = "/sources"


@pytest.fixture(autouse=True)
def folder(sqlite: None, tmp_path: Path) -> Iterator[Path]:
    """A folder with a good runbook and a broken one, beside the data."""
    place, data = tmp_path / "ops", tmp_path / "inner"
    data.mkdir()
    (settings().data_dir / "orch.db").rename(data / "orch.db")
    for path, text in (runbook_files() | runbook_files("bad", version="none")).items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text)
    with bound_to(data, ORCH_SOURCE_FOLDERS=str(place)):
        yield place


def added(folder: Path) -> str:
    with unit_of_work() as session:
        return service.create(session, COMMAND_LINE, NewSource(name="ops", kind="folder", path=str(folder))).id


def loaded(tab: OpenTab) -> SourcesState:
    asyncio.run(tab.send(SourcesState.load))
    return tab.state(SourcesState)


def test_without_a_source_the_page_is_empty_and_a_viewer_has_no_rights() -> None:
    assert loaded(signed_in(Role.OPERATOR, PATH)).phase == "empty"
    assert loaded(signed_in(Role.VIEWER, PATH)).phase == "forbidden"


def test_an_admin_fetches_looks_and_trusts(folder: Path) -> None:
    source_id, tab = added(folder), signed_in(Role.ADMIN, PATH)
    page = loaded(tab)
    assert [(row["name"], row["state"], row["newestId"]) for row in page.rows] == [("ops", "new", "")]
    asyncio.run(tab.send(SourcesState.sync, source_id))
    assert len(audited("source.sync_requested")) == 1
    syncing.sync_all_due()
    loaded(tab)
    asyncio.run(tab.send(SourcesState.look, source_id))
    assert (page.panel, page.source["state"], page.is_cut) == ("difference", "waiting", False)
    assert {file["change"] for file in page.files} == {"added"}
    assert page.source["broken"][0].startswith("bad: runbook.yaml /version")
    asyncio.run(tab.send(SourcesState.ask_trust))
    asyncio.run(tab.send(SourcesState.trust))
    assert (page.panel, page.rows[0]["state"], page.rows[0]["trustedBy"]) == ("", "trusted", "admin@example.com")
    with reading() as session:
        assert sorted(session.exec(select(Runbook.name).where(Runbook.source_id == source_id))) == ["bad", "greet"]
    asyncio.run(tab.send(SourcesState.look, source_id))
    assert page.files == []


def test_an_operator_looks_and_trusts_nothing(folder: Path) -> None:
    source_id, tab = added(folder), signed_in(Role.OPERATOR, PATH)
    syncing.sync_all_due()
    page = loaded(tab)
    asyncio.run(tab.send(SourcesState.look, source_id))
    assert len(page.files) == 10
    asyncio.run(tab.send(SourcesState.trust))
    assert audited("source.trusted") == []


def test_what_is_not_shown_is_not_opened() -> None:
    tab = signed_in(Role.OPERATOR, PATH)
    page = loaded(tab)
    asyncio.run(tab.send(SourcesState.look, "src_1"))
    assert (page.panel, page.files) == ("", [])
