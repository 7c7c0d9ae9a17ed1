"""The n8n runbooks as real plays against n8n's double: their outputs hold their schemas, and no secret is told."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.runbooks.inputs import check_output
from tests.runbooks.n8n.site import BY_CLI, Site, open_site
from tests.runbooks.plays import Play, run_play, spec
from tests.systems.n8n import ENCRYPTION_KEY, KEY, trigger

PREVIEW = ("--check", "--diff")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with open_site(tmp_path) as opened:
        yield opened


def play(site: Site, name: str, *options: str, snapshot: Path | None = None, plan: str = "", **inputs: Any) -> Play:
    """A play in a folder of its own, with the last backup at hand as the product would give it."""
    site.count += 1
    site.artifacts.mkdir()
    connections = {"n8n": {"path": site.connection(), "name": "n8n", "type": "n8n"}}
    if inputs.get("method") == "cli":
        engine = site.file("docker", site.engine.docker)
        connections["docker"] = {"path": engine, "name": "docker", "type": "docker"}
    orch = {
        "connections": connections,
        "artifacts_dir": str(site.artifacts),
        "expect_plan": plan,
        "snapshot_path": str(snapshot or ""),
        "earlier_path": site.last,
        "earlier_job": "job_0" if site.last else "",
        "egress_allow": ["127.0.0.0/8"],
        "egress_deny": [],
    }
    done = run_play(site.artifacts, name, inputs, None, *options, **orch)
    assert check_output(spec(name).output_schema, done.output) == (), done.text
    assert not any(secret in done.text + json.dumps(done.output) for secret in (KEY, ENCRYPTION_KEY))
    if name == "n8n_backup" and (site.artifacts / "snapshot.json").exists():
        site.last = str(site.artifacts / "snapshot.json")
    return done


def test_kept_kept_again_lost_previewed_restored_and_taken_back(site: Site) -> None:
    kept = play(site, "n8n_backup")
    assert kept.rc == 0, kept.text
    assert (kept.output["changed"], kept.output["snapshot_ref"]) == (True, "snapshot.json")
    assert any("405" in text for text in kept.output["warnings"])
    again = play(site, "n8n_backup")
    assert (again.rc, again.output["changed"], again.output["backup"][0]["kept_in"]) == (0, False, "job_0")

    site.server.named("Orders")["nodes"] = [trigger()]
    before = site.server.names()
    seen = play(site, "n8n_restore", *PREVIEW)
    assert seen.rc == 0, seen.text
    assert "~ workflow Orders (new Fetch)" in seen.text
    assert (seen.output["changed"], site.server.writes) == (False, [])
    done = play(site, "n8n_restore", plan=seen.output["plan_sha256"])
    snapshot = site.artifacts / "snapshot.json"
    assert done.rc == 0, done.text
    assert len(site.server.named("Orders")["nodes"]) == 2
    assert play(site, "n8n_restore").output["changed"] is False
    back = play(site, "n8n_restore", snapshot=snapshot)
    assert (back.rc, site.server.names(), len(site.server.named("Orders")["nodes"])) == (0, before, 1)


def test_by_the_command_line_with_credentials_and_the_whole_database(site: Site) -> None:
    seen = play(site, "n8n_backup", *PREVIEW, **BY_CLI, database="with_executions")
    assert (seen.rc, "+ database entities.zip" in seen.text) == (0, True), seen.text
    kept = play(site, "n8n_backup", plan=seen.output["plan_sha256"], **BY_CLI, database="with_executions")
    assert (kept.rc, kept.output["items"][-1]["kind"]) == (0, "database"), kept.text
    assert (site.artifacts / "entities.zip").is_file()
    kept = play(site, "n8n_backup", **BY_CLI, restore_test=True)
    assert (kept.rc, kept.output["restore_test"]) == (0, "passed"), kept.text
    site.server.credentials.clear()
    done = play(site, "n8n_restore", **BY_CLI, credentials=True)
    assert (done.rc, [item["name"] for item in done.output["items"]]) == (0, ["Shop API"]), done.text
    assert "U2FsdGVkX1" not in done.text + json.dumps(done.output)


def test_failures_are_the_jobs_reason_and_the_output_is_whole(site: Site) -> None:
    play(site, "n8n_backup")
    site.server.workflows.clear()
    empty = play(site, "n8n_backup")
    assert (empty.rc, empty.output["failure"]["code"], empty.output["changed"]) == (2, "suspicious_empty", False)
    site.key = "n8n-nobody-at-all"
    refused = play(site, "n8n_restore")
    assert (refused.rc, refused.output["failure"]["code"]) == (2, "auth_failed")
    assert site.key not in refused.text
    unnamed = play(site, "n8n_backup", method="cli", container="nobody")
    assert (unnamed.rc, unnamed.output["failure"]["code"]) == (2, "not_found")
