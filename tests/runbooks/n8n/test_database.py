"""The whole database beside a backup: n8n's own export, encrypted, kept each time and read in by nobody."""

import hashlib
import zipfile
from typing import Any

import pytest

from tests.runbooks import modules
from tests.runbooks.n8n.site import BY_CLI, Site

command = modules.shared("n8n.command")
WHOLE: dict[str, Any] = {**BY_CLI, "database": "with_executions"}
FILE = "entities.zip"


def exports(site: Site) -> list[list[str]]:
    return [argv[2:-1] for argv in site.engine.programs if argv[1] == "export:entities"]


def test_it_is_kept_beside_the_backup_and_each_time_anew(site: Site) -> None:
    first = site.backup(**WHOLE)
    content = (site.artifacts / FILE).read_bytes()
    item = {"kind": "database", "id": "database", "name": FILE, "bytes": len(content)}
    item["sha256"] = hashlib.sha256(content).hexdigest()
    assert (first.failure, first.items[-1]) == ({}, {**item, "action": "create"})
    assert site.kept("manifest.json")["database"] == item
    again = site.backup(**WHOLE)
    assert (again.failure, again.written, again.snapshot_ref, again.would_change) == ({}, True, "", True)
    assert (site.artifacts / FILE).is_file()
    assert site.engine.containers["n8n"].files == {}


def test_a_preview_says_so_in_the_plan_and_exports_nothing(site: Site) -> None:
    preview = site.backup(**WHOLE, is_preview=True)
    assert site.kept("plan.json")["items"][-1]["after"] == {"executions": True}
    assert (exports(site), (site.artifacts / FILE).exists()) == ([], False)
    assert site.backup(**WHOLE, plan=preview.plan_sha256).failure == {}
    assert site.backup(**BY_CLI, plan=preview.plan_sha256).failure["code"] == "stale_plan"


def test_executions_are_in_it_only_if_wished(site: Site) -> None:
    tables = []
    for choice in ("none", "without_executions", "with_executions"):
        site.backup(**BY_CLI, database=choice)
        tables += [zipfile.ZipFile(file).namelist() for file in site.artifacts.glob(FILE)]
    assert ["executionentity.jsonl" in names for names in tables] == [False, True]
    assert exports(site) == [[], ["--includeExecutionHistoryDataTables=true"]]


@pytest.mark.parametrize(
    ("end", "code", "said"),
    [
        ((0, "Error exporting entities: disk full"), "cli_failed", "disk full"),
        ((1, "command export:entities not found"), "cli_failed", "not found"),
    ],
)
def test_an_export_that_comes_to_nothing_keeps_nothing_at_all(
    site: Site, end: tuple[int, str], code: str, said: str
) -> None:
    site.engine.broken["export:entities"] = end
    report = site.backup(**WHOLE)
    assert (report.failure["code"], report.written) == (code, False)
    assert said in report.failure["message"]
    assert sorted(path.name for path in site.artifacts.iterdir()) == ["plan.json"]


def test_one_that_cannot_be_read_back_or_is_too_large_is_a_failure(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    container = site.engine.containers["n8n"]
    whole = container.run

    def cut(argv: list[str]) -> tuple[int, str]:
        ended = whole(argv)
        container.files = {name: file[:-30] if name.endswith(FILE) else file for name, file in container.files.items()}
        return ended

    with monkeypatch.context() as patched:
        patched.setattr(container, "run", cut)
        assert site.backup(**WHOLE).failure["code"] == "verify_failed"
    monkeypatch.setattr(command, "MAX_DATABASE", 10)
    report = site.backup(**WHOLE)
    assert (report.failure["code"], "leave executions out" in report.failure["message"]) == ("validation", True)


def test_the_api_has_no_database(site: Site) -> None:
    report = site.backup(database="with_executions")
    assert (report.failure["code"], "choose the method cli" in report.failure["message"]) == ("validation", True)
    assert report.written is False
