"""A Git source from the connection to the edition, over ssh with the pinned key, as a worker fetches it."""

from pathlib import Path

import pytest

from orch_app.domains.inventory import connections
from orch_app.domains.inventory.wire import NewConnection
from orch_app.domains.sources import service, syncing
from orch_app.domains.sources.wire import NewSource, SourceChange
from orch_app.kit.db import unit_of_work
from orch_app.kit.process import run
from tests.domains.sources.conftest import Bench
from tests.domains.sources.files import runbook_files
from tests.systems.people import audited
from tests.systems.sshd import SshServer, ssh_server

pytestmark = pytest.mark.integration
GIT = ("git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main")


def commit(folder: Path, subject: str) -> str:
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", subject)):
        assert run((*GIT, "-C", str(folder), *command), timeout_s=20).is_ok
    return run((*GIT, "-C", str(folder), "rev-parse", "HEAD"), timeout_s=20).text.strip()


def add_source(bench: Bench, server: SshServer, folder: Path, **facts: str) -> str:
    keys = {"privateKey": server.private_key, "hostKey": server.host_key, "username": server.user}
    payload = {"url": f"ssh://127.0.0.1:{server.port}{folder}", **keys}
    new = NewConnection(type="git", name="repo", environment="stage", payload=payload)
    with unit_of_work() as session:
        connection = connections.create(session, bench.admin, new)
        body = NewSource.model_validate(
            {"name": "repo", "kind": "git", "connectionId": connection.id, "ref": "main", **facts}
        )
        return service.create(session, bench.admin, body).id


def test_a_branch_is_fetched_with_its_commit_and_the_next_one_waits(bench: Bench) -> None:
    folder = bench.write({f"team/{path}": text for path, text in runbook_files().items()} | {"other/x.yml": "a: 1"})
    first = commit(folder, "first")
    with ssh_server() as server:
        source_id = add_source(bench, server, folder, subfolder="team")
        found = bench.sync(source_id)
        assert (found.state, found.fault) == ("waiting", "")
        assert found.newest
        assert (found.newest.commit_id, found.newest.author, found.newest.subject) == (first, "Ada", "first")
        assert [one.name for one in found.newest.runbooks] == ["greet"]
        bench.trust_newest(source_id)
        (folder / "team/runbooks/greet/README.md").write_text("# another\n")
        second = commit(folder, "second")
        found = bench.sync(source_id)
        assert (found.state, found.newest and found.newest.commit_id, found.trusted and found.trusted.commit_id) == (
            "waiting",
            second,
            first,
        )
        with unit_of_work() as session:
            service.update(session, bench.admin, source_id, SourceChange(ref="nothing"))
        syncing.sync_all_due()
    gone = bench.shown(source_id)
    assert (gone.state, gone.fault_code, gone.fault) == ("failed", "not_found", "Git: there is no branch nothing.")
    assert (list(bench.catalogue()), len(audited("source.synced"))) == (["greet"], 2)


def test_a_server_that_is_gone_is_said_and_no_secret_is(bench: Bench) -> None:
    folder = bench.write(runbook_files())
    commit(folder, "first")
    with ssh_server() as server:
        source_id = add_source(bench, server, folder)
    found = bench.sync(source_id)
    assert (found.state, found.fault_code) == ("failed", "unreachable")
    assert server.private_key.splitlines()[1] not in found.model_dump_json()
