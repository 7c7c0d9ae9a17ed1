"""Nothing of a source runs before an edition was trusted; what is trusted replaces what was."""

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.domains.runbooks import service as runbooks
from orch_app.domains.sources import trusting
from orch_app.integrations.object_store import open_store
from orch_app.kit.db import unit_of_work
from orch_app.kit.errors import Conflict, Forbidden, NotFound
from orch_app.kit.settings import settings
from tests.domains.runbooks.folders import write_runbook
from tests.domains.sources.conftest import Bench
from tests.domains.sources.files import runbook_files
from tests.systems.people import audited


def newest(bench: Bench, source_id: str) -> str:
    edition = bench.shown(source_id).newest
    assert edition
    return edition.id


def test_trusted_runbooks_are_in_the_catalogue_with_where_they_came_from(bench: Bench) -> None:
    bench.write(runbook_files() | runbook_files("bad", version="none"))
    source_id = bench.add()
    bench.sync(source_id)
    edition_id = newest(bench, source_id)
    report = trusting.trust(bench.admin, source_id, edition_id)
    assert (report.added, report.broken) == (["bad", "greet"], ["bad"])
    rows = bench.catalogue()
    assert (rows["greet"].version, rows["greet"].source_id, rows["greet"].tree_id) == ("1.2.3", source_id, edition_id)
    assert (rows["greet"].path, bool(rows["bad"].broken_reason)) == ("greet", True)
    (entry,) = audited("source.trusted")
    assert (entry.actor_name, entry.metadata_json["edition"], entry.metadata_json["added"]) == (
        "ada",
        edition_id,
        ["bad", "greet"],
    )
    assert bench.shown(source_id).state == "trusted"


def test_what_comes_later_waits_and_the_difference_is_shown(bench: Bench) -> None:
    bench.write(runbook_files())
    source_id = bench.add()
    bench.sync(source_id)
    first = newest(bench, source_id)
    trusting.trust(bench.admin, source_id, first)
    bench.write(runbook_files(version="1.3.0") | {"runbooks/greet/files/new.txt": "hello\n"})
    found = bench.sync(source_id)
    assert (found.state, found.trusted and found.trusted.id, bench.catalogue()["greet"].version) == (
        "waiting",
        first,
        "1.2.3",
    )
    difference, against = trusting.compare(bench.admin, source_id, newest(bench, source_id))
    assert (against, [(one.path, one.change) for one in difference.files]) == (
        first,
        [("greet/files/new.txt", "added"), ("greet/runbook.yaml", "changed")],
    )
    assert {"-version: 1.2.3", "+version: 1.3.0"} <= set(difference.files[1].diff.splitlines())


def test_an_older_edition_can_be_trusted_again(bench: Bench) -> None:
    source_id = bench.add()
    ids: list[str] = []
    for files in (runbook_files(), runbook_files("leave")):
        bench.write(files)
        bench.sync(source_id)
        ids.append(newest(bench, source_id))
        trusting.trust(bench.admin, source_id, ids[-1])
    assert list(bench.catalogue()) == ["leave"]
    report = trusting.trust(bench.admin, source_id, ids[0])
    assert (report.added, report.removed, list(bench.catalogue())) == (["greet"], ["leave"], ["greet"])


def test_who_may_not_trust_may_look(bench: Bench, operator: Actor, viewer: Actor) -> None:
    bench.write(runbook_files())
    source_id = bench.add()
    bench.sync(source_id)
    edition_id = newest(bench, source_id)
    with pytest.raises(Forbidden):
        trusting.trust(operator, source_id, edition_id)
    assert len(trusting.compare(operator, source_id, edition_id)[0].files) == 5
    with pytest.raises(Forbidden):
        trusting.compare(viewer, source_id, edition_id)


def test_what_was_refused_or_is_of_another_source_cannot_be_trusted(bench: Bench) -> None:
    bench.write({"a": "b"})
    refused_id = bench.add()
    bench.sync(refused_id)
    edition_id = newest(bench, refused_id)
    with pytest.raises(Conflict, match="no runbook in it") as refused:
        trusting.trust(bench.admin, refused_id, edition_id)
    assert refused.value.code == "edition_refused"
    other = bench.add("other")
    with pytest.raises(NotFound):
        trusting.trust(bench.admin, other, edition_id)


def test_an_edition_whose_files_are_gone_or_altered_cannot_be_trusted(bench: Bench) -> None:
    bench.write(runbook_files())
    source_id = bench.add()
    bench.sync(source_id)
    edition_id = newest(bench, source_id)
    for folder in (settings().data_dir / "trees").iterdir():
        folder.rename(folder.with_name("elsewhere"))
    archive = next((settings().data_dir / "artifacts" / edition_id).iterdir())
    archive.write_bytes(archive.read_bytes().replace(b"# greet", b"# great"))
    with pytest.raises(Conflict, match="altered") as altered:
        trusting.trust(bench.admin, source_id, edition_id)
    open_store().remove(edition_id)
    with pytest.raises(Conflict, match="gone"):
        trusting.compare(bench.admin, source_id, edition_id)
    assert altered.value.code == "edition_gone"


def test_a_name_belongs_to_who_had_it_first_and_to_the_products_own_before_all(bench: Bench) -> None:
    bench.write(runbook_files(), "ops")
    bench.write(runbook_files() | runbook_files("leave"), "late")
    first, late = bench.add("ops"), bench.add("late")
    for source_id in (first, late):
        bench.sync(source_id)
        bench.trust_newest(source_id)
    assert {name: row.source_id for name, row in bench.catalogue().items()} == {"greet": first, "leave": late}
    edition = bench.shown(late).trusted
    assert edition
    assert edition.taken == ["greet"]
    write_runbook(settings().runbooks_dir, "greet", version="9.0.0")
    with unit_of_work() as session:
        report = runbooks.sync(session, bench.admin)
    greet = bench.catalogue()["greet"]
    assert (report.changed, greet.source_id, greet.version, greet.tree_id) == (["greet"], "", "9.0.0", "")
    bench.trust_newest(first)
    assert bench.catalogue()["greet"].version == "9.0.0"


def test_reading_the_products_own_folder_leaves_the_runbooks_of_sources(bench: Bench) -> None:
    bench.write(runbook_files())
    source_id = bench.add(trusts_itself=True)
    bench.sync(source_id)
    with unit_of_work() as session:
        assert runbooks.sync(session, bench.admin).removed == []
    assert list(bench.catalogue()) == ["greet"]
