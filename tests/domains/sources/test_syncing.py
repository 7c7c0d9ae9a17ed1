"""What is due is fetched once, judged, and kept; what fails says why, and only the latest fetch may write."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orch_app.domains.runbooks import trees
from orch_app.domains.sources import editions, fetching, syncing
from orch_app.domains.sources.fetching import Fetched
from orch_app.domains.sources.models import RunbookSource
from orch_app.integrations.object_store import open_store
from orch_app.kit.db import unit_of_work
from orch_app.kit.errors import Unavailable
from orch_app.kit.upstream_failures import UpstreamError
from tests.domains.sources.conftest import Bench
from tests.domains.sources.files import runbook_files, tree_of
from tests.systems.people import audited


def due_at(bench: Bench, source_id: str, moment: int | None) -> None:
    with unit_of_work() as session:
        row = session.get_one(RunbookSource, source_id)
        row.sync_due_at = moment
        session.add(row)


def fetching_by(patch: pytest.MonkeyPatch, fetch: Callable[[], Fetched]) -> None:
    patch.setattr(fetching, "fetch", lambda *_: fetch())


def failing_with(error: BaseException) -> Callable[[], Fetched]:
    def fail() -> Fetched:
        raise error

    return fail


def test_what_was_fetched_waits_for_an_admin_and_runs_nothing(bench: Bench) -> None:
    bench.write(
        runbook_files() | runbook_files("bad", version="no version") | {"runbooks/roles/r/tasks/main.yml": "[]"}
    )
    found = bench.sync(bench.add())
    assert (found.state, found.fault, found.trusted) == ("waiting", "", None)
    assert found.newest
    assert [(one.name, one.version, bool(one.reason)) for one in found.newest.runbooks] == [
        ("bad", "", True),
        ("greet", "1.2.3", False),
    ]
    assert (found.newest.files, found.newest.refusal) == (12, "")
    assert bench.catalogue() == {}
    assert audited("source.synced")[0].metadata_json["tree"] == found.newest.tree_sha256


def test_the_same_again_is_no_new_edition(bench: Bench) -> None:
    bench.write(runbook_files())
    source_id = bench.add()
    first, second = bench.sync(source_id), bench.sync(source_id)
    assert first.newest == second.newest
    assert (len(audited("source.synced")), len(open_store().folders())) == (1, 1)


def test_nothing_is_fetched_that_is_not_due(bench: Bench) -> None:
    bench.write(runbook_files())
    source_id = bench.add()
    assert (syncing.sync_all_due(), syncing.sync_all_due()) == (1, 0)
    due_at(bench, source_id, 2**62)
    assert syncing.sync_all_due() == 0


def test_a_source_with_an_interval_becomes_due_again_by_itself(bench: Bench) -> None:
    bench.write(runbook_files())
    source_id = bench.add(every_min=30)
    asked = bench.row(source_id).sync_due_at or 0
    syncing.sync_all_due()
    assert (bench.row(source_id).sync_due_at or 0) - asked >= 30 * syncing.MINUTE_MS


def test_what_holds_no_runbook_or_asks_for_what_is_not_installed_is_refused(bench: Bench) -> None:
    bench.write({"site.yml": "[]"})
    source_id = bench.add(trusts_itself=True)
    found = bench.sync(source_id)
    assert (found.state, found.newest and found.newest.refusal) == ("refused", editions.NOTHING)
    bench.write(runbook_files() | {"requirements.yml": "collections: [acme.rockets]"})
    found = bench.sync(source_id)
    assert found.state == "refused"
    assert found.newest
    assert "acme.rockets is not in the installed set" in found.newest.refusal
    assert bench.catalogue() == {}


def test_a_source_that_trusts_itself_is_in_the_catalogue_at_once(bench: Bench) -> None:
    bench.write(runbook_files())
    source_id = bench.add(trusts_itself=True)
    assert bench.sync(source_id).state == "trusted"
    bench.write(runbook_files("leave"))
    found = bench.sync(source_id)
    assert (list(bench.catalogue()), found.trusted) == (["leave"], found.newest)
    assert [entry.actor_name for entry in audited("source.trusted")] == ["sources", "sources"]


def test_another_commit_with_the_same_runbooks_waits_for_nobody(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    source_id, commits = bench.add(), iter("abc")
    files = tree_of(runbook_files())
    fetching_by(monkeypatch, lambda: Fetched(dict(files), [], commit_id=next(commits)))
    assert bench.sync(source_id).state == "waiting"
    assert bench.sync(source_id).state == "waiting"
    bench.trust_newest(source_id)
    found = bench.sync(source_id)
    assert (found.state, found.trusted and found.trusted.commit_id) == ("trusted", "c")
    assert [entry.actor_name for entry in audited("source.trusted")] == ["ada", "sources"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UpstreamError("auth_failed", "Git: the server refused the key."), "auth_failed"),
        (UpstreamError("unreachable", "Git: the server cannot be reached."), "unreachable"),
        (PermissionError(13, "Permission denied"), "unreadable"),
    ],
)
def test_a_fetch_that_fails_says_why_and_is_not_tried_again_by_itself(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    source_id = bench.add()
    fetching_by(monkeypatch, failing_with(error))
    found = bench.sync(source_id)
    assert (found.state, found.fault_code, bool(found.fault)) == ("failed", code, True)
    assert bench.row(source_id).sync_due_at is None
    bench.sync(source_id)
    assert [entry.metadata_json["code"] for entry in audited("source.sync_failed")] == [code]


def test_a_folder_that_is_gone_fails_and_what_was_trusted_stays(bench: Bench, tmp_path: Path) -> None:
    folder = bench.write(runbook_files())
    source_id = bench.add(trusts_itself=True)
    bench.sync(source_id)
    folder.rename(tmp_path / "moved")
    found = bench.sync(source_id)
    assert (found.state, found.fault_code, list(bench.catalogue())) == ("failed", "validation", ["greet"])
    (tmp_path / "moved").rename(folder)
    assert bench.sync(source_id).state == "trusted"


def test_while_the_store_is_away_it_is_tried_again_soon(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.write(runbook_files())
    source_id = bench.add()
    with monkeypatch.context() as patch:
        patch.setattr(trees, "keep", lambda *_: failing_with(Unavailable("away", "artifacts_unavailable"))())
        assert bench.sync(source_id).fault_code == "artifacts_unavailable"
    assert bench.row(source_id).sync_due_at is not None
    assert bench.sync(source_id).state == "waiting"


def test_a_fault_of_ours_in_one_source_does_not_keep_the_others_waiting(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("bad", "good"):
        bench.write(runbook_files(), name)
    bad, good = bench.add("bad"), bench.add("good")
    judge = editions.judge

    def judged(source: RunbookSource, *rest: object) -> object:
        return judge(source, *rest) if source.id == good else {}["nothing"]  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(editions, "judge", judged)
    assert syncing.sync_all_due() == 2
    assert (bench.shown(bad).state, bench.shown(bad).fault_code) == ("failed", "internal")
    assert bench.shown(good).state == "waiting"


def test_a_worker_that_dies_leaves_the_source_due_after_its_lease(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write(runbook_files())
    source_id = bench.add()
    with monkeypatch.context() as patch:
        fetching_by(patch, failing_with(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            syncing.sync_all_due()
    assert (bench.shown(source_id).state, syncing.sync_all_due()) == ("syncing", 0)
    due_at(bench, source_id, 1)
    syncing.sync_all_due()
    assert bench.shown(source_id).state == "waiting"


def test_only_the_latest_fetch_writes_and_the_other_leaves_no_file(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write(runbook_files())
    source_id, fetch = bench.add(), fetching.fetch

    def overtaken(source: RunbookSource, payload: None) -> Fetched:
        mine = fetch(source, payload)
        monkeypatch.setattr(fetching, "fetch", fetch)
        bench.write(runbook_files("newer"))
        bench.sync(source_id)
        return mine

    monkeypatch.setattr(fetching, "fetch", overtaken)
    syncing.sync_all_due()
    newest = bench.shown(source_id).newest
    assert newest
    assert [one.name for one in newest.runbooks] == ["newer"]
    assert open_store().folders() == [newest.id]


def test_a_source_that_is_removed_meanwhile_is_not_written(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.write(runbook_files())
    source_id, fetch = bench.add(), fetching.fetch

    def removed(source: RunbookSource, payload: None) -> Fetched:
        with unit_of_work() as session:
            session.delete(session.get_one(RunbookSource, source_id))
        return fetch(source, payload)

    monkeypatch.setattr(fetching, "fetch", removed)
    assert (syncing.sync_all_due(), open_store().folders()) == (1, [])


def test_old_editions_are_forgotten_and_the_trusted_one_is_not(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editions, "KEPT", 2)
    source_id = bench.add()
    ids: list[str] = []
    for number in range(4):
        bench.write(runbook_files(version=f"1.0.{number}"))
        newest = bench.sync(source_id).newest
        assert newest
        ids.append(newest.id)
        if not number:
            bench.trust_newest(source_id)
    forgotten = [payload["edition_id"] for name, payload in bench.rung if name == "sources.forget"]
    assert forgotten == [ids[1]]
    for edition_id in (ids[0], ids[1]):  # a message about one that is there does nothing
        editions.forget(edition_id)
    assert open_store().folders() == [ids[0], *ids[2:]]


def test_trees_that_nothing_needs_leave_the_machine(bench: Bench) -> None:
    bench.write(runbook_files())
    source_id = bench.add()
    edition = bench.sync(source_id).newest
    assert edition
    assert editions.sweep_machine() == []
    with unit_of_work() as session:
        session.delete(session.get_one(RunbookSource, source_id))
    assert editions.sweep_machine() == [edition.tree_sha256]
