"""`./orch sources`: from a folder to a trusted runbook, without a browser."""

import json

import pytest
from typer.testing import CliRunner, Result

from orch_app.cli import app
from orch_app.domains.sources import syncing
from orch_app.kit import queue
from tests.domains.sources.conftest import Bench, bench
from tests.domains.sources.files import runbook_files

__all__ = ["bench"]


@pytest.fixture(autouse=True)
def _without_a_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orch_app.wiring.wire", lambda: queue.install_bell(lambda *_: None, lambda: True))


def orch(*words: str) -> Result:
    return CliRunner().invoke(app, ["sources", *words])


def test_a_source_is_listed_fetched_looked_at_and_trusted(bench: Bench) -> None:
    assert orch("list").stdout == "there is no source\n"
    bench.write(runbook_files())
    bench.add()
    assert orch("diff", "ops").exit_code == 2
    assert orch("sync", "ops").stdout == "ops is due; a worker fetches it\n"
    syncing.sync_all_due()
    (facts,) = json.loads(orch("list", "--json").stdout)
    assert (facts["state"], facts["trusted"]) == ("waiting", None)
    assert orch("list").stdout.split()[:4] == ["ops", "waiting", "newest", facts["newest"]["id"]]
    assert "+++ b/greet/playbook.yml" in orch("diff", "ops").stdout.splitlines()
    (first, *_) = json.loads(orch("diff", "ops", facts["newest"]["id"], "--json").stdout)["files"]
    assert first["change"] == "added"
    trusted = orch("trust", "ops", facts["newest"]["id"])
    assert (trusted.exit_code, trusted.stdout.splitlines()[0]) == (0, "added    greet")
    assert bench.shown(facts["id"]).state == "trusted"


def test_a_source_that_is_not_there_is_refused(bench: Bench) -> None:
    for words in (("sync", "x"), ("diff", "x"), ("trust", "x", "edt_1")):
        assert orch(*words).exit_code == 2
