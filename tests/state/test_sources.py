"""The page of sources: what there is, adding one, looking at what came and trusting it, adopting playbooks."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.access.permissions import Role
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.sources import adoptions, service, syncing
from orch_app.domains.sources.models import RunbookSource, SourceAdoption
from orch_app.domains.sources.wire import AdoptionBody, NewSource
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.settings import settings
from orch_app.state import sources
from orch_app.state.adoption_form import AdoptionFormState
from orch_app.state.source_form import SourceFormState
from orch_app.state.sources import SourcesState
from tests.domains.sources.files import runbook_files
from tests.state.open_tab import OpenTab, signed_in
from tests.systems.people import audited
from tests.systems.product import bound_to

PATH = "/sources"
PLAYBOOK = """- hosts: web
  vars: {port: 80}
  tasks:
    - {ansible.builtin.debug: {msg: "{{ port }}"}, tags: [config]}
"""


@pytest.fixture(autouse=True)
def folder(sqlite: None, tmp_path: Path) -> Iterator[Path]:
    """A folder with a good runbook, a broken one and a plain playbook, beside the data."""
    place, data = tmp_path / "ops", tmp_path / "inner"
    data.mkdir()
    (settings().data_dir / "orch.db").rename(data / "orch.db")
    for path, text in (runbook_files() | runbook_files("bad", version="none") | {"deploy-web.yml": PLAYBOOK}).items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text)
    with bound_to(data, ORCH_SOURCE_FOLDERS=str(place)):
        yield place


def added(folder: Path) -> str:
    with unit_of_work() as session:
        return service.create(session, COMMAND_LINE, NewSource(name="ops", kind="folder", path=str(folder))).id


def stored(kind: type[Any]) -> list[Any]:
    with reading() as session:
        return list(session.exec(select(kind)))


def loaded(tab: OpenTab) -> SourcesState:
    asyncio.run(tab.send(SourcesState.load))
    return tab.state(SourcesState)


def fetched(folder: Path, role: Role = Role.ADMIN) -> tuple[OpenTab, SourcesState, str]:
    """A tab that looks at the one source, after a worker has fetched it."""
    source_id, tab = added(folder), signed_in(role, PATH)
    syncing.sync_all_due()
    page = loaded(tab)
    asyncio.run(tab.send(SourcesState.open, source_id))
    return tab, page, source_id


def test_without_a_source_the_page_is_empty_and_a_viewer_has_no_rights() -> None:
    assert loaded(signed_in(Role.OPERATOR, PATH)).phase == "empty"
    assert loaded(signed_in(Role.VIEWER, PATH)).phase == "forbidden"


def test_an_admin_fetches_looks_and_trusts(folder: Path) -> None:
    source_id, tab = added(folder), signed_in(Role.ADMIN, PATH)
    page = loaded(tab)
    assert [(row["name"], row["state"], row["newestId"]) for row in page.rows] == [("ops", "new", "")]
    asyncio.run(tab.send(SourcesState.open, source_id))
    assert (page.panel, page.edition["id"], page.files) == ("detail", "", [])
    asyncio.run(tab.send(SourcesState.sync, source_id))
    assert len(audited("source.sync_requested")) == 1
    syncing.sync_all_due()
    loaded(tab)
    asyncio.run(tab.send(SourcesState.open, source_id))
    assert (page.source["state"], page.is_cut, page.edition["runbooks"]) == ("waiting", False, ["greet"])
    assert {file["change"] for file in page.files} == {"added"}
    assert page.edition["broken"][0].startswith("bad: runbook.yaml /version")
    asyncio.run(tab.send(SourcesState.ask_trust))
    asyncio.run(tab.send(SourcesState.trust))
    assert (page.panel, page.rows[0]["state"], page.rows[0]["trustedBy"]) == ("", "trusted", "admin@example.com")
    assert sorted(one.name for one in stored(Runbook) if one.source_id == source_id) == ["bad", "greet"]
    asyncio.run(tab.send(SourcesState.open, source_id))
    assert page.files == []


def test_what_a_worker_fetches_first_is_shown_to_who_waits_for_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "LOOK_S", 0.01)
    source_id, tab = added(folder), signed_in(Role.ADMIN, PATH)
    page = loaded(tab)
    asyncio.run(tab.send(SourcesState.open, source_id))
    syncing.sync_all_due()
    asyncio.run(followed(tab, until=lambda: bool(page.edition["id"] and page.files)))
    assert (page.edition["runbooks"], {file["change"] for file in page.files}) == (["greet"], {"added"})
    seen = page.edition["id"]
    (folder / "runbooks/greet/README.md").write_text("# other\n")
    asyncio.run(tab.send(SourcesState.sync, source_id))
    syncing.sync_all_due()
    asyncio.run(followed(tab, until=lambda: len(page.editions) > 1))
    assert (page.edition["id"], page.source["newestId"] != seen) == (seen, True)


async def followed(tab: OpenTab, until: Callable[[], bool]) -> None:
    """Let the page look again at its own pace until that is so."""
    following = asyncio.create_task(tab.send(SourcesState.follow))
    while not until() and not following.done():  # noqa: ASYNC110 - nobody tells when a page was read
        await asyncio.sleep(0.01)
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following


def test_inventories_of_what_is_trusted_lead_to_their_import(folder: Path) -> None:
    for path in ("inventories/prod/hosts.yml", "inventories/stage.ini", "hosts.ini", "group_vars/all.yml"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("web1\n" if path.endswith(".ini") else "{}\n")
    tab, page, source_id = fetched(folder)
    asyncio.run(tab.send(SourcesState.open, source_id))
    assert page.kept_inventories == []
    asyncio.run(tab.send(SourcesState.trust))
    asyncio.run(tab.send(SourcesState.open, source_id))
    assert [one["path"] for one in page.kept_inventories] == ["hosts.ini", "inventories/prod", "inventories/stage.ini"]
    asked = parse_qs(urlsplit(page.kept_inventories[1]["href"]).query)
    wanted = {"from": "source", "name": "ops", "source": source_id, "path": "inventories/prod"}
    assert (asked["run"], json.loads(asked["inputs"][0])) == (["inventory_import"], wanted)


def test_going_back_is_looking_at_what_was_fetched_before(folder: Path) -> None:
    tab, page, source_id = fetched(folder)
    first = page.edition["id"]
    asyncio.run(tab.send(SourcesState.trust))
    (folder / "runbooks/greet/README.md").write_text("# other\n")
    asyncio.run(tab.send(SourcesState.sync, source_id))
    syncing.sync_all_due()
    loaded(tab)
    asyncio.run(tab.send(SourcesState.open, source_id))
    assert [(file["path"], file["change"]) for file in page.files] == [("greet/README.md", "changed")]
    assert [one["id"] for one in page.editions] == [page.source["newestId"], first]
    asyncio.run(tab.send(SourcesState.look, first))
    assert (page.edition["id"], page.files) == (first, [])


def test_an_operator_looks_and_changes_nothing(folder: Path) -> None:
    tab, page, source_id = fetched(folder, Role.OPERATOR)
    assert len(page.files) == 10
    for handler, *given in (
        (SourcesState.trust,),
        (SourcesState.delete,),
        (SourceFormState.open_new,),
        (AdoptionFormState.open_new, source_id, "deploy-web.yml"),
    ):
        asyncio.run(tab.send(handler, *given))
    assert (audited("source.trusted"), len(stored(RunbookSource))) == ([], 1)
    assert [tab.state(form).is_open for form in (SourceFormState, AdoptionFormState)] == [False, False]


def test_what_is_not_shown_is_not_opened() -> None:
    tab = signed_in(Role.OPERATOR, PATH)
    page = loaded(tab)
    asyncio.run(tab.send(SourcesState.open, "src_1"))
    assert (page.panel, page.files) == ("", [])


def test_one_is_added_changed_and_removed(folder: Path) -> None:
    tab = signed_in(Role.ADMIN, PATH)
    loaded(tab)
    form = tab.state(SourceFormState)
    asyncio.run(tab.send(SourceFormState.open_new))
    asyncio.run(tab.send(SourceFormState.save, {"name": " "}))
    assert sorted(form.faults) == ["/connectionId", "/name", "/ref"]
    asyncio.run(tab.send(SourceFormState.choose_kind, "folder"))
    asyncio.run(tab.send(SourceFormState.save, {"name": "ops", "path": "/etc", "everyMin": "often"}))
    assert (list(form.faults), "número" in form.faults_pt["/everyMin"]) == (["/everyMin"], True)
    asyncio.run(tab.send(SourceFormState.save, {"name": "ops", "path": "/etc", "everyMin": "0"}))
    assert "ORCH_SOURCE_FOLDERS" in form.faults_pt["/path"]
    asyncio.run(tab.send(SourceFormState.save, {"name": "ops", "path": str(folder), "everyMin": "30"}))
    page = loaded(tab)
    assert (form.is_open, [row["everyMin"] for row in page.rows]) == (False, [30])
    asyncio.run(tab.send(SourceFormState.open_edit, page.rows[0]["id"]))
    asyncio.run(tab.send(SourceFormState.save, {"name": "ours", "subfolder": "runbooks", "trustsItself": True}))
    (row,) = stored(RunbookSource)
    assert (row.name, row.subfolder, row.every_min, row.trusts_itself) == ("ours", "runbooks", 0, True)
    loaded(tab)
    asyncio.run(tab.send(SourcesState.ask_delete, row.id))
    asyncio.run(tab.send(SourcesState.delete))
    assert (page.phase, stored(RunbookSource)) == ("empty", [])


def test_a_playbook_is_adopted_by_a_small_form_and_let_go(folder: Path) -> None:
    tab, page, source_id = fetched(folder)
    (offered,) = page.playbooks
    assert (offered["path"], offered["hosts"], offered["variables"]) == ("deploy-web.yml", "web", ["port"])
    form = tab.state(AdoptionFormState)
    asyncio.run(tab.send(AdoptionFormState.open_new, source_id, "deploy-web.yml"))
    assert (form.start["name"], form.start["title"], form.start["target"]) == ("deploy-web", "Deploy web", "hosts")
    wrong = {"name": "port", "kind": "integer", "default": "many"}
    asyncio.run(tab.send(AdoptionFormState.fill_in, {**form.start, "name": "Deploy", "variables": [wrong, wrong]}))
    asyncio.run(tab.send(AdoptionFormState.save))
    assert (form.is_open, list(form.errors)) == (True, ["/name"])
    asyncio.run(tab.send(AdoptionFormState.fill_in, {**form.start, "variables": [wrong, wrong]}))
    asyncio.run(tab.send(AdoptionFormState.save))
    assert set(form.errors) == {"/variables/0/default", "/variables/1/name", "/variables/1/default"}
    port = {"name": "port", "kind": "integer", "default": "8080", "required": False}
    asyncio.run(tab.send(AdoptionFormState.fill_in, {**form.start, "playTags": ["config"], "variables": [port]}))
    asyncio.run(tab.send(AdoptionFormState.save))
    (row,) = stored(SourceAdoption)
    assert (form.is_open, row.input_schema["properties"]) == (False, {"port": {"type": "integer", "default": 8080}})
    syncing.sync_all_due()
    loaded(tab)
    asyncio.run(tab.send(SourcesState.open, source_id))
    assert ([one["runbook"] for one in page.playbooks], "deploy-web" in page.edition["runbooks"]) == (
        ["deploy-web"],
        True,
    )
    asyncio.run(tab.send(AdoptionFormState.open_edit, source_id, "deploy-web"))
    assert (form.start["playTags"], form.start["variables"][0]["default"]) == (["config"], "8080")
    asyncio.run(tab.send(SourcesState.disown, "deploy-web"))
    assert (stored(SourceAdoption), page.playbooks[0]["runbook"]) == ([], "")


def test_inputs_that_were_described_over_rest_stay_as_they_are(folder: Path) -> None:
    tab, _, source_id = fetched(folder)
    many = {"type": "array", "items": {"type": "string"}}
    schema = {"type": "object", "additionalProperties": False, "properties": {"names": many}}
    body = {"playbook": "deploy-web.yml", "title": "A", "titlePt": "B", "schema": schema, "version": "2.0.0"}
    with unit_of_work() as session:
        adoptions.put(session, COMMAND_LINE, source_id, "web", AdoptionBody.model_validate(body))
    form = tab.state(AdoptionFormState)
    asyncio.run(tab.send(AdoptionFormState.open_edit, source_id, "web"))
    assert (form.keeps_inputs, "variables" in {field["name"] for field in form.fields}) == (True, False)
    asyncio.run(tab.send(AdoptionFormState.fill_in, {**form.start, "title": "C"}))
    asyncio.run(tab.send(AdoptionFormState.save))
    (row,) = stored(SourceAdoption)
    assert (row.input_schema, row.meta["title"], row.meta["version"]) == (schema, "C", "2.0.0")
