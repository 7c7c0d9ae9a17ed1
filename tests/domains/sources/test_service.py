"""Sources are added, changed, removed and asked for; each of it by an admin, and audited."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from orch_app.domains.access.actor import Actor
from orch_app.domains.sources import service
from orch_app.domains.sources.wire import NewSource, SourceChange
from orch_app.kit.db import unit_of_work
from orch_app.kit.errors import Conflict, Forbidden, Invalid, NotFound, StaleVersion
from orch_app.kit.rest import etag
from orch_app.kit.settings import settings
from tests.domains.sources.conftest import Bench
from tests.domains.sources.files import runbook_files
from tests.systems.people import audited
from tests.systems.product import bound_to


def test_a_new_source_is_rung_for_and_is_audited(bench: Bench) -> None:
    source_id = bench.add()
    assert (bench.shown(source_id).state, bench.rung) == ("new", [("sources.sync", {})])
    (entry,) = audited("source.created")
    assert (entry.target_id, entry.actor_name, entry.metadata_json["path"]) == (
        source_id,
        "ada",
        str(bench.root / "ops"),
    )


def test_only_an_admin_adds_one_and_one_without_the_right_to_trust_none_that_trusts_itself(
    bench: Bench, operator: Actor
) -> None:
    new = NewSource(name="x", kind="folder", path=str(bench.root))
    with pytest.raises(Forbidden), unit_of_work() as session:
        service.create(session, operator, new)
    scopes = bench.admin.permissions - {"sources:trust"}
    narrow = Actor("token", "usr_1", "script", bench.admin.role, scopes=frozenset(scopes))
    with pytest.raises(Forbidden, match="sources:trust"), unit_of_work() as session:
        service.create(session, narrow, new.model_copy(update={"trusts_itself": True}))


def test_a_folder_that_the_settings_do_not_name_is_refused_also_behind_a_link(bench: Bench, tmp_path: Path) -> None:
    (bench.root / "away").symlink_to(tmp_path)
    for path in ("/etc", str(tmp_path / "data" / "keys"), f"{bench.root}/../own", str(bench.root / "away")):
        with pytest.raises(Invalid) as refused, unit_of_work() as session:
            service.create(session, bench.admin, NewSource(name="x", kind="folder", path=path))
        assert [(one.pointer, one.code) for one in refused.value.errors] == [("/path", "not_allowed")]


def test_a_link_that_leads_to_itself_is_no_folder(bench: Bench) -> None:
    (bench.root / "loop").symlink_to(bench.root / "loop")
    with pytest.raises(Invalid) as refused, unit_of_work() as session:
        service.create(session, bench.admin, NewSource(name="x", kind="folder", path=str(bench.root / "loop")))
    assert refused.value.errors[0].code == "no_folder"


def test_a_folder_that_holds_our_data_is_refused_though_the_settings_name_it(bench: Bench, tmp_path: Path) -> None:
    with bound_to(tmp_path / "data", settings().database_url, ORCH_SOURCE_FOLDERS=str(tmp_path)):
        for path in (tmp_path, tmp_path / "data", tmp_path / "data" / "trees"):
            with pytest.raises(Invalid, match="data and the keys") as refused, unit_of_work() as session:
                service.create(session, bench.admin, NewSource(name="x", kind="folder", path=str(path)))
            assert refused.value.errors[0].pointer == "/path"


def test_a_name_is_taken_once(bench: Bench) -> None:
    bench.add()
    other = bench.add("other")
    with pytest.raises(Conflict, match="already a source named ops"):
        bench.add()
    with pytest.raises(Conflict, match="already a source named ops"), unit_of_work() as session:
        service.update(session, bench.admin, other, SourceChange(name="ops"))


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": "git"},
        {"kind": "git", "ref": "main"},
        {"kind": "git", "ref": "main", "connection_id": "con_01J9ZC5V0G3M5W6YQX4T2R8S7K", "path": "/srv"},
        {"kind": "folder"},
        {"kind": "folder", "path": "srv"},
        {"kind": "folder", "path": "/srv", "ref": "main"},
        {"kind": "folder", "path": "/srv", "subfolder": "../up"},
        {"kind": "folder", "path": "/srv", "every_min": -1},
    ],
)
def test_what_does_not_belong_together_is_refused(facts: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        NewSource.model_validate({"name": "x", **facts})


@pytest.mark.parametrize(
    "ref", ["-x", "--upload-pack=x", "a..b", "a//b", "a.lock", "a/", "a b", "a:b", "a@{1}", "a~1", "x/.y"]
)
def test_what_cannot_be_a_branch_is_refused(ref: str) -> None:
    with pytest.raises(ValidationError):
        SourceChange(ref=ref)


def test_a_connection_that_is_none_of_git_is_refused(bench: Bench) -> None:
    new = NewSource(name="x", kind="git", ref="main", connection_id="con_01J9ZC5V0G3M5W6YQX4T2R8S7K")
    with pytest.raises(Invalid) as refused, unit_of_work() as session:
        service.create(session, bench.admin, new)
    assert refused.value.errors[0].pointer == "/connectionId"


def test_another_place_is_fetched_at_once_and_another_name_is_not(bench: Bench) -> None:
    bench.write(runbook_files())
    source_id = bench.add()
    bench.sync(source_id)
    bench.rung.clear()
    with unit_of_work() as session:
        service.update(session, bench.admin, source_id, SourceChange(name="new name"))
    assert (bench.rung, bench.row(source_id).sync_due_at) == ([], None)
    with unit_of_work() as session:
        service.update(session, bench.admin, source_id, SourceChange(subfolder="runbooks"))
    assert ("sources.sync", {}) in bench.rung
    assert [entry.metadata_json["after"]["subfolder"] for entry in audited("source.changed")] == ["", "runbooks"]


def test_a_folder_has_no_branch_and_a_stale_change_is_refused(bench: Bench) -> None:
    source_id = bench.add()
    with pytest.raises(Invalid, match="neither branches nor tags"), unit_of_work() as session:
        service.update(session, bench.admin, source_id, SourceChange(ref="main"))
    with pytest.raises(StaleVersion), unit_of_work() as session:
        service.update(session, bench.admin, source_id, SourceChange(name="x"), if_match=etag(source_id, 7))


def test_a_removed_source_takes_its_runbooks_and_files_with_it(bench: Bench) -> None:
    bench.write(runbook_files())
    source_id = bench.add()
    edition = bench.sync(source_id).newest
    assert edition
    bench.trust_newest(source_id)
    assert list(bench.catalogue()) == ["greet"]
    with unit_of_work() as session:
        service.delete(session, bench.admin, source_id)
    assert bench.catalogue() == {}
    assert ("sources.forget", {"edition_id": edition.id}) in bench.rung
    assert audited("source.deleted")[0].metadata_json["runbooks"] == ["greet"]
    with pytest.raises(NotFound), unit_of_work() as session:
        service.request_sync(session, bench.admin, source_id)
