"""Backups: what is kept, what is not kept twice, what is suspicious, and what a failure leaves."""

import json
from typing import Any

import pytest

from tests.runbooks import modules
from tests.runbooks.n8n.site import BY_CLI, Site
from tests.systems.n8n import ENCRYPTION_KEY, KEY, READING, Fault, node, trigger
from tests.systems.n8n_container import ENDPOINT, Container

bundle = modules.shared("n8n.bundle")
fingerprint = modules.shared("n8n.fingerprint")
Failed = modules.shared("n8n.faults").Fault


def actions(report) -> list[str]:
    return sorted(f"{item['action']} {item['name']}" for item in report.items)


def test_all_workflows_are_kept_with_a_manifest_that_names_each_by_its_hash(site: Site) -> None:
    report = site.backup()
    assert (report.failure, report.written, report.snapshot_ref) == ({}, True, "snapshot.json")
    assert actions(report) == ["create Cleanup", "create Orders", "create Report"]
    found = site.kept()
    names = {entry["name"]: entry for entry in found["manifest"]["entries"]}
    assert found["objects"][names["Orders"]["sha256"]]["tags"] == ["prod", "shop"]
    assert names["Orders"]["active"]
    assert site.kept("manifest.json") == {**found["manifest"], "kept_in": "job_0", "file": "snapshot.json"}
    assert site.server.writes == []


def test_the_api_gives_no_credentials_and_the_output_says_so(site: Site) -> None:
    report = site.backup()
    assert report.counts["credentials"] == 0
    assert "405" in report.warnings[0]
    assert ("GET", "/credentials") not in site.server.calls


def test_the_key_is_told_by_its_fingerprint_alone(site: Site) -> None:
    mark = site.backup().extra["backup"][0]["key_fingerprint"]
    assert mark == fingerprint.of(ENCRYPTION_KEY)
    assert len(mark) == 16
    assert fingerprint.of("another") != mark
    site.encryption_key = ""
    assert site.backup(variables=True).extra["backup"][0]["key_fingerprint"] == ""


def test_an_unchanged_server_is_not_kept_twice(site: Site) -> None:
    first = site.backup()
    site.server.named("Orders")["staticData"] = {"lastId": 7}
    site.server.named("Orders")["updatedAt"] = "2026-05-05T00:00:00.000Z"
    again = site.backup()
    assert (again.failure, again.written, again.would_change, again.snapshot_ref) == ({}, False, False, "")
    assert actions(again) == ["noop Cleanup", "noop Orders", "noop Report"]
    assert (again.extra["backup"][0]["kept_in"], first.extra["backup"][0]["kept_in"]) == ("job_before", "job_0")
    assert not (site.artifacts / "snapshot.json").exists()
    assert site.kept("manifest.json")["kept_in"] == "job_before"


def test_what_changed_since_the_last_backup_is_told_by_name_and_node(site: Site) -> None:
    site.backup()
    site.server.named("Orders")["nodes"][1] = node("Fetch", url="https://other.example")
    del site.server.workflows[site.server.named("Cleanup")["id"]]
    site.server.add("Welcome")
    report = site.backup()
    assert actions(report) == ["create Welcome", "delete Cleanup", "noop Report", "update Orders"]
    assert report.diff == "- workflow Cleanup\n~ workflow Orders (changed Fetch)\n+ workflow Welcome\n"
    assert report.written
    assert "other.example" not in json.dumps(site.kept("plan.json"))


def test_a_preview_keeps_nothing_and_its_plan_is_what_is_carried_out(site: Site) -> None:
    seen = site.backup(is_preview=True)
    assert (seen.would_change, seen.written) == (True, False)
    assert [path.name for path in site.artifacts.iterdir()] == ["plan.json"]
    assert site.backup(plan=seen.plan_sha256).written
    site.last = ""
    site.server.add("Late")
    stale = site.backup(plan=seen.plan_sha256)
    assert (stale.failure["code"], stale.written) == ("stale_plan", False)


def test_nothing_where_there_was_something_is_suspicious_and_nothing_is_kept(site: Site) -> None:
    site.backup()
    site.server.workflows.clear()
    report = site.backup()
    assert (report.failure["code"], report.snapshot_ref) == ("suspicious_empty", "")
    assert "last backup has 3" in report.failure["message"]
    assert [path.name for path in site.artifacts.iterdir()] == ["plan.json"]
    allowed = site.backup(allow_empty=True)
    assert (allowed.failure, allowed.written) == ({}, True)


def test_a_server_that_was_always_empty_is_not_suspicious(site: Site) -> None:
    site.server.workflows.clear()
    assert site.backup().failure == {}


def test_many_fewer_workflows_are_pointed_out(site: Site) -> None:
    site.backup()
    for name in ("Orders", "Report"):
        del site.server.workflows[site.server.named(name)["id"]]
    assert any("or are they not shown" in text for text in site.backup().warnings)


def test_a_thousand_workflows_come_page_by_page_and_each_once(site: Site) -> None:
    site.server.workflows.clear()
    for number in range(1000):
        site.server.add(f"w{number}")
    report = site.backup()
    assert report.counts["workflows"] == 1000
    assert site.server.calls == [("GET", "/workflows")] * 4


@pytest.mark.parametrize(
    ("status", "times", "code"), [(503, 9, "upstream_5xx"), (0, 9, "timeout"), (403, 1, "insufficient_scopes")]
)
def test_a_server_that_fails_leaves_earlier_backups_alone(site: Site, status: int, times: int, code: str) -> None:
    site.server.most_per_page = 2
    site.server.faults = [Fault("GET", "/workflows", status, skip=1, times=times)]
    report = site.backup()
    assert (report.failure["code"], report.written, list(site.artifacts.iterdir())) == (code, False, [])
    assert "earlier backups stay" in report.failure["message"]


def test_a_limit_and_a_passing_failure_are_waited_for(site: Site) -> None:
    limit = Fault("GET", "/workflows", 429, {"Retry-After": "0"}, times=2)
    site.server.faults = [limit, Fault("GET", "/workflows", 502)]
    assert site.backup().failure == {}


def test_a_wrong_key_is_told_which_rights_one_needs(site: Site) -> None:
    site.key = "nobody"
    report = site.backup()
    assert report.failure["code"] == "auth_failed"
    assert "workflow:list" in report.failure["message"]


def test_variables_come_if_wished_and_where_they_may_not_it_is_said(site: Site) -> None:
    assert site.backup(variables=True).counts["variables"] == 1
    site.server.has_licence = False
    report = site.backup(variables=True)
    assert (report.failure, report.counts["variables"]) == ({}, 0)
    assert any("licence" in text for text in report.warnings)


def test_a_workflow_with_the_servers_own_key_in_clear_is_named_and_nothing_is_kept(site: Site) -> None:
    site.server.add("Self", node("Call", header=f"X-N8N-API-KEY: {KEY}"))
    report = site.backup()
    assert (report.failure["code"], report.written) == ("validation", False)
    assert "Self" in report.failure["message"]


def test_the_command_line_gives_encrypted_credentials_too_and_leaves_no_file(site: Site) -> None:
    report = site.backup(**BY_CLI)
    assert (report.failure, report.counts["credentials"], report.counts["workflows"]) == ({}, 1, 3)
    assert report.extra["backup"][0]["n8n_version"] == "1.123.81"
    assert site.engine.containers["n8n"].files == {}
    assert not any("--decrypted" in argv for argv in site.engine.programs)
    assert {entry["kind"] for entry in site.kept()["manifest"]["entries"]} == {"workflow", "credential"}
    assert site.backup(**BY_CLI).written is False
    assert site.backup(**BY_CLI, credentials="none").counts["credentials"] == 0


def test_portainer_is_a_way_into_the_container_too(site: Site) -> None:
    report = site.backup(**BY_CLI, endpoint_id=ENDPOINT)
    assert (report.failure, report.counts["credentials"]) == ({}, 1)
    site.server.workflows.clear()
    assert site.restore(**BY_CLI, endpoint_id=ENDPOINT).failure == {}
    assert site.server.names() == ["Cleanup", "Orders", "Report"]
    assert site.backup(**BY_CLI, endpoint_id=9).failure["code"] == "not_found"


def test_a_service_is_found_in_whatever_container_and_on_whatever_machine_it_runs(site: Site) -> None:
    key = [f"N8N_ENCRYPTION_KEY={ENCRYPTION_KEY}"]
    site.engine.containers = {"0a1b": Container("0a1b", site.server, key, service="flow_n8n", machine="node-2")}
    asked: dict[str, Any] = {"method": "cli", "container": "flow_n8n", "endpoint_id": ENDPOINT}
    report = site.backup(**asked, restore_test=True)
    assert (report.failure, report.extra["restore_test"], site.engine.removed) == ({}, "passed", ["test0"])
    site.engine.containers["2c3d"] = Container("2c3d", site.server, service="flow_n8n")
    report = site.backup(**asked)
    assert (report.failure["code"], "2 running containers" in report.failure["message"]) == ("conflict", True)
    asked["container"] = "0a"
    assert site.backup(**asked).failure == {}


def test_a_backup_without_what_the_last_one_had_says_so_and_calls_none_of_it_gone(site: Site) -> None:
    site.backup(**BY_CLI, variables=True)
    report = site.backup(**BY_CLI, credentials="none")
    assert (report.failure, report.written, report.diff) == ({}, True, "")
    assert any("has credentials, variables too" in text for text in report.warnings)
    site.server.credentials.clear()
    site.last = ""
    site.server.add_credential("Other", "x")
    assert site.backup(**BY_CLI).failure == {}
    site.server.credentials.clear()
    assert any("0 credentials, and 1" in text for text in site.backup(**BY_CLI).warnings)


def test_both_ways_see_the_same_workflows(site: Site) -> None:
    site.backup()
    by_api = {entry["name"]: entry["sha256"] for entry in site.kept()["manifest"]["entries"]}
    site.last = ""
    site.backup(**BY_CLI, credentials="none")
    assert {entry["name"]: entry["sha256"] for entry in site.kept()["manifest"]["entries"]} == by_api


def test_the_key_of_the_container_counts_wherever_it_is_kept(site: Site) -> None:
    container = site.engine.containers["n8n"]
    site.encryption_key = ""
    container.env = ["HOME=/root"]
    container.files["/root/.n8n/config"] = json.dumps({"encryptionKey": "of the file"}).encode()
    assert site.backup(**BY_CLI).extra["backup"][0]["key_fingerprint"] == fingerprint.of("of the file")
    container.env = ["N8N_ENCRYPTION_KEY_FILE=/run/secrets/key"]
    container.files = {"/run/secrets/key": b"of a secret\n"}
    report = site.backup(**BY_CLI)
    assert report.extra["backup"][0]["key_fingerprint"] == fingerprint.of("of a secret")
    assert any("another encryption key" in text for text in report.warnings)


def test_a_connection_that_knows_another_key_than_the_container_is_told(site: Site) -> None:
    site.engine.containers["n8n"].env = ["N8N_ENCRYPTION_KEY=another"]
    report = site.backup(**BY_CLI)
    assert any("not the one that the container uses" in text for text in report.warnings)


def test_an_empty_export_is_an_empty_server_and_not_a_failure(site: Site) -> None:
    site.server.workflows.clear()
    site.server.credentials.clear()
    assert (site.backup(**BY_CLI).failure, site.engine.containers["n8n"].files) == ({}, {})


def test_a_command_that_fails_says_what_it_said(site: Site) -> None:
    site.engine.broken = {"export:workflow": (1, "ENOSPC: no space left on device")}
    report = site.backup(**BY_CLI)
    assert report.failure["code"] == "cli_failed"
    assert "no space left" in report.failure["message"]
    assert site.engine.containers["n8n"].files == {}


def test_a_container_that_is_not_there_or_does_not_run(site: Site) -> None:
    assert site.backup(method="cli", container="nobody").failure["code"] == "not_found"
    site.engine.containers["n8n"].is_running = False
    assert site.backup(**BY_CLI).failure["code"] == "conflict"


def test_a_restore_test_restores_elsewhere_and_removes_what_it_made(site: Site) -> None:
    report = site.backup(**BY_CLI, restore_test=True)
    assert (report.failure, report.extra["restore_test"]) == ({}, "passed")
    assert site.engine.removed == ["test0"]
    assert sorted(site.engine.elsewhere.workflows) == sorted(site.server.workflows)


def test_a_restore_test_that_fails_keeps_nothing(site: Site) -> None:
    stranger = site.engine.elsewhere.add("Stranger")
    site.engine.elsewhere.workflows["stranger"] = {**stranger, "id": "stranger"}
    report = site.backup(**BY_CLI, restore_test=True)
    assert (report.failure["code"], report.snapshot_ref) == ("verify_failed", "")
    assert site.engine.removed == ["test0"]


def test_a_last_backup_that_is_gone_keeps_nobody_from_making_the_next(site: Site) -> None:
    site.backup()
    (site.artifacts / "snapshot.json").write_text("{}")
    report = site.backup()
    assert (report.failure, report.written) == ({}, True)
    assert any("stands on its own" in text for text in report.warnings)
    (site.artifacts / "snapshot.json").write_text("{}")
    site.server.workflows.clear()
    assert site.backup().failure["code"] == "suspicious_empty", "nobody can say what there was"


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace("shop.example", "evil.example"),
        lambda text: text.replace('"kind":"workflow"', '"kind":"variable"', 1),
        lambda text: text.replace('"runbook":"n8n_backup"', '"runbook":"other"'),
        lambda text: text[:-20],
        lambda _: "[]",
    ],
)
def test_a_backup_that_was_touched_is_recognised(site: Site, damage) -> None:
    site.backup()
    text = (site.artifacts / "snapshot.json").read_text()
    assert len(bundle.read(text).things) == 3
    with pytest.raises(Failed):
        bundle.read(damage(text))


def test_a_reading_key_is_enough(site: Site) -> None:
    site.server.keys[KEY] = READING
    assert site.backup(variables=True).failure == {}


def test_what_triggers_remember_and_defaults_are_no_change(site: Site) -> None:
    one = site.server.add("Defaults", trigger())
    site.backup()
    one["settings"] = {"timezone": "DEFAULT"}
    assert site.backup().would_change is False
