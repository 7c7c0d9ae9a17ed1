"""Restores: what comes back and how it is matched, what stays, what a failure leaves, and the way back."""

from pathlib import Path
from typing import Any

import pytest

from tests.runbooks import modules
from tests.runbooks.n8n.site import BY_CLI, Site
from tests.systems.n8n import KEY, READING, Fault, N8n, node, trigger


def actions(report) -> list[str]:
    return sorted(f"{item['action']} {item['name']}" for item in report.items)


@pytest.fixture
def kept(site: Site) -> Site:
    """A backup of the three workflows, and what happened since: one changed, one gone, one new."""
    assert site.backup().failure == {}
    site.server.named("Orders")["nodes"] = [trigger()]
    site.server.named("Orders")["tags"] = []
    del site.server.workflows[site.server.named("Report")["id"]]
    site.server.add("Newer")
    return site


def test_a_preview_tells_what_would_come_back_and_changes_nothing(kept: Site) -> None:
    before = kept.server.names()
    report = kept.restore(is_preview=True)
    assert (report.failure, report.written, report.would_change) == ({}, False, True)
    assert report.diff == "~ workflow Orders (new Fetch)\n+ workflow Report\n"
    assert (report.counts["noop"], kept.server.writes, kept.server.names()) == (1, [], before)
    assert any("get new ids" in text for text in report.warnings)


def test_what_is_missing_or_different_comes_back_and_the_rest_stays(kept: Site) -> None:
    seen = kept.restore(is_preview=True)
    report = kept.restore(plan=seen.plan_sha256)
    assert (report.failure, report.written, report.snapshot_ref) == ({}, True, "snapshot.json")
    assert kept.server.names() == ["Cleanup", "Newer", "Orders*", "Report"]
    orders = kept.server.named("Orders")
    assert [one["name"] for one in orders["nodes"]] == ["Start", "Fetch"]
    assert sorted(tag["name"] for tag in orders["tags"]) == ["prod", "shop"]


def test_done_once_more_nothing_changes(kept: Site) -> None:
    kept.restore()
    again = kept.restore()
    assert (again.failure, again.items, again.written, again.would_change) == ({}, [], False, False)
    assert kept.server.writes == []
    assert not (kept.artifacts / "snapshot.json").exists()


def test_a_plan_that_is_not_the_one_that_was_seen_is_not_carried_out(kept: Site) -> None:
    seen = kept.restore(is_preview=True)
    kept.server.named("Orders")["name"] = "Orders 2"
    report = kept.restore(plan=seen.plan_sha256)
    assert (report.failure["code"], kept.server.writes) == ("stale_plan", [])


def test_a_restore_can_be_taken_back(kept: Site) -> None:
    before = {name: kept.server.named(name)["nodes"] for name in ("Orders", "Newer", "Cleanup")}
    kept.restore()
    snapshot = kept.artifacts / "snapshot.json"
    seen = kept.restore(is_preview=True, snapshot=snapshot)
    assert actions(seen) == ["delete Report", "update Orders"]
    report = kept.restore(snapshot=snapshot, plan=seen.plan_sha256)
    assert report.failure == {}
    assert {row["name"]: row["nodes"] for row in kept.server.workflows.values()} == before
    assert kept.server.named("Orders")["tags"] == []
    assert kept.restore(snapshot=snapshot).items == []


def test_what_somebody_changed_after_the_restore_is_pointed_out_and_what_was_made_stays(kept: Site) -> None:
    kept.restore()
    snapshot = kept.artifacts / "snapshot.json"
    kept.server.named("Orders")["nodes"] = [trigger(), node("Later")]
    kept.server.named("Report")["nodes"] = [trigger(), node("Later")]
    report = kept.restore(snapshot=snapshot)
    assert report.failure == {}
    assert "Report" in kept.server.names()
    assert [text.partition(",")[0].partition(" was")[0] for text in report.warnings[-2:]] == [
        "workflow Orders",
        "workflow Report",
    ]


def test_a_snapshot_of_another_server_is_not_put_back(kept: Site) -> None:
    kept.restore()
    snapshot = kept.artifacts / "snapshot.json"
    kept.id = "con_2"
    report = kept.restore(snapshot=snapshot)
    assert (report.failure["code"], kept.server.writes) == ("validation", [])


def test_only_the_workflows_that_are_named(kept: Site) -> None:
    assert actions(kept.restore(workflows=["Report"])) == ["create Report"]
    missing = kept.restore(workflows=["Nobody"])
    assert (missing.failure["code"], kept.server.writes) == ("not_found", [])


def test_a_workflow_that_was_made_again_is_found_by_its_name(kept: Site) -> None:
    again = kept.server.add("Report", node("Other"))
    report = kept.restore(workflows=["Report"])
    assert (report.failure, [item["id"] for item in report.items]) == ({}, [again["id"]])
    assert [one["name"] for one in kept.server.named("Report")["nodes"]] == ["Start", "Send"]


def test_of_two_with_its_name_none_is_guessed(kept: Site) -> None:
    kept.server.add("Report", node("One"))
    kept.server.add("Report", node("Two"))
    assert actions(kept.restore(workflows=["Report"])) == ["create Report"]


def test_workflows_become_active_only_if_wished(kept: Site) -> None:
    del kept.server.workflows[kept.server.named("Orders")["id"]]
    kept.restore()
    assert "Orders" in kept.server.names()
    report = kept.restore(activation="backup")
    assert (report.failure, [item["fields"] for item in report.items]) == ({}, [["active"]])
    assert "Orders*" in kept.server.names()


def test_what_cannot_be_activated_is_written_and_told(kept: Site) -> None:
    del kept.server.workflows[kept.server.named("Orders")["id"]]
    kept.server.faults = [Fault("POST", "/workflows/id", 400)]
    report = kept.restore(activation="backup", workflows=["Orders"])
    assert (report.failure["code"], report.written) == ("partial_apply", True)
    assert report.items[0]["error"]["code"] == "not_switched"
    assert "Orders" in kept.server.names()


def test_a_call_to_a_workflow_that_gets_another_id_is_pointed_out(site: Site) -> None:
    called = site.server.named("Report")["id"]
    site.server.add("Caller", trigger(), node("Call", "n8n-nodes-base.executeWorkflow", workflowId={"value": called}))
    site.backup()
    del site.server.workflows[called]
    assert any(text.startswith("Caller calls") for text in site.restore(is_preview=True).warnings)


def test_what_the_api_does_not_take_is_left_out_and_told(site: Site) -> None:
    one = site.server.add("Pinned", trigger(), pinData={"Start": [{"json": {}}]})
    site.backup()
    del site.server.workflows[one["id"]]
    report = site.restore()
    assert report.failure == {}
    assert any("does not take pinData" in text for text in report.warnings)
    assert site.restore().items == []


def test_an_archived_workflow_stands_in_the_way_before_anything_is_written(kept: Site) -> None:
    kept.server.named("Orders")["isArchived"] = True
    report = kept.restore()
    assert (report.failure["code"], kept.server.writes) == ("conflict", [])
    assert "archived" in report.items[0]["error"]["message"]


def test_more_changes_than_allowed_are_refused_before_any_write(kept: Site) -> None:
    report = kept.restore(max_changes=1)
    assert (report.failure["code"], kept.server.writes) == ("validation", [])


def test_a_run_that_stops_half_way_says_what_is_done_and_goes_on_when_run_again(kept: Site) -> None:
    kept.server.faults = [Fault("POST", "/workflows", 503, times=9)]
    report = kept.restore()
    assert (report.failure["code"], report.written) == ("partial_apply", True)
    assert actions(report) == ["error Report", "update Orders"]
    assert "Run it again" in report.failure["message"]
    kept.server.faults = []
    assert actions(kept.restore()) == ["create Report"]


def test_a_call_without_an_answer_is_not_known_to_be_done(kept: Site) -> None:
    kept.server.faults = [Fault("POST", "/workflows", 0, carried_out=True, times=1)]
    report = kept.restore(workflows=["Report"])
    assert (report.failure["code"], report.items[0]["error"]["code"]) == ("partial_apply", "unknown")
    assert kept.server.names().count("Report") == 1
    assert kept.restore(workflows=["Report"]).items == [], "it was done, and is not done twice"


def test_a_refused_workflow_does_not_stop_the_others(kept: Site) -> None:
    orders = kept.server.named("Orders")["id"]
    kept.server.faults = [Fault("PUT", f"/workflows/{orders}", 400)]
    report = kept.restore()
    assert actions(report) == ["create Report", "error Orders"]
    assert report.failure["code"] == "partial_apply"


def test_a_key_that_may_only_read_is_told_what_it_lacks(kept: Site) -> None:
    kept.server.keys[KEY] = READING
    report = kept.restore()
    assert (report.failure["code"], report.written) == ("insufficient_scopes", False)
    assert "Nothing was changed" in report.failure["message"]


def test_what_was_accepted_and_is_not_there_afterwards_is_a_failure(
    kept: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(N8n, "_part", lambda *_: (200, []))
    report = kept.restore(workflows=["Orders"])
    assert (report.failure["code"], report.items[0]["error"]["code"]) == ("verify_failed", "verify_failed")


def test_a_restore_without_a_backup_has_nothing_to_restore(site: Site) -> None:
    assert site.restore().failure["code"] == "not_found"


def test_a_file_that_is_no_backup_is_refused(site: Site) -> None:
    assert site.restore(file="not json").failure["code"] == "validation"
    assert site.restore(file='{"schema_version": 1}').failure["code"] == "validation"


def test_a_downloaded_file_is_as_good_as_the_job_that_kept_it(kept: Site) -> None:
    text = Path(kept.last).read_text()
    kept.last = ""
    assert actions(kept.restore(file=text)) == ["create Report", "update Orders"]


def test_variables_come_back_by_their_names(site: Site) -> None:
    site.backup(variables=True)
    site.server.variables.clear()
    site.server.add_variable("other", "x")
    assert actions(site.restore(variables=True)) == ["create region"]
    next(one for one in site.server.variables.values() if one["key"] == "region")["value"] = "us"
    report = site.restore(variables=True)
    assert (report.failure, actions(report)) == ({}, ["update region"])
    assert "eu" not in str(report.items)
    back = site.restore(snapshot=site.artifacts / "snapshot.json")
    assert (back.failure, actions(back)) == ({}, ["update region"])
    assert sorted(one["value"] for one in site.server.variables.values()) == ["us", "x"]


def test_the_command_line_brings_back_ids_pinned_data_and_credentials(site: Site) -> None:
    orders, shop = site.server.named("Orders"), next(iter(site.server.credentials))
    orders["pinData"] = {"Start": [{"json": {"a": 1}}]}
    site.backup(**BY_CLI)
    site.server.workflows.clear()
    site.server.credentials.clear()
    report = site.restore(**BY_CLI, credentials=True, activation="backup")
    assert report.failure == {}
    assert site.server.names() == ["Cleanup", "Orders*", "Report"]
    assert site.server.workflows[orders["id"]]["pinData"] == orders["pinData"]
    assert site.server.credentials[shop]["data"] == "U2FsdGVkX1-encrypted"
    assert site.engine.containers["n8n"].files == {}
    assert site.restore(**BY_CLI, credentials=True, activation="backup").items == []
    assert "U2FsdGVkX1" not in str(report)


def test_a_running_workflow_is_switched_off_and_on_around_the_command_line(site: Site) -> None:
    site.backup(**BY_CLI)
    orders = site.server.named("Orders")
    orders["nodes"] = [trigger()]
    report = site.restore(**BY_CLI)
    assert report.failure == {}
    path = f"/workflows/{orders['id']}"
    assert site.server.writes == [("POST", f"{path}/deactivate"), ("POST", f"{path}/activate")]
    assert "Orders*" in site.server.names()


def test_a_command_line_that_fails_leaves_workflows_running_as_they_were(site: Site) -> None:
    site.backup(**BY_CLI)
    site.server.named("Orders")["settings"] = {"executionOrder": "v1"}
    site.engine.containers["n8n"].files.clear()
    site.engine.broken = {"import:workflow": (1, "database is locked")}
    report = site.restore(**BY_CLI)
    assert report.failure["code"] == "cli_failed"
    assert "database is locked" in report.failure["message"]
    assert "Orders*" in site.server.names()


def test_credentials_of_another_key_are_refused_before_anything_is_written(site: Site) -> None:
    site.backup(**BY_CLI)
    site.engine.containers["n8n"].env = ["N8N_ENCRYPTION_KEY=another"]
    site.server.credentials.clear()
    report = site.restore(is_preview=True, **BY_CLI, credentials=True)
    assert (report.failure["code"], report.written) == ("key_mismatch", False)
    site.server.named("Report")["nodes"] = []
    without = site.restore(is_preview=True, **BY_CLI)
    assert (without.failure, actions(without)) == ({}, ["update Report"])
    assert any("another encryption key" in text for text in without.warnings)


def test_a_restore_by_the_command_line_can_be_taken_back(site: Site) -> None:
    site.backup(**BY_CLI)
    shop = next(iter(site.server.credentials.values()))
    shop["data"] = "newer"
    del site.server.workflows[site.server.named("Report")["id"]]
    report = site.restore(**BY_CLI, credentials=True)
    assert (report.failure, actions(report)) == ({}, ["create Report", "update Shop API"])
    back = site.restore(**BY_CLI, snapshot=site.artifacts / "snapshot.json")
    assert (back.failure, actions(back)) == ({}, ["delete Report", "update Shop API"])
    assert (shop["id"] in site.server.credentials, site.server.credentials[shop["id"]]["data"]) == (True, "newer")
    assert site.server.names() == ["Cleanup", "Orders*"]


def test_a_backup_goes_to_another_server_too(kept: Site) -> None:
    kept.server.workflows.clear()
    kept.server.tags.clear()
    kept.id = "con_2"
    assert kept.restore().failure == {}
    assert kept.server.names() == ["Cleanup", "Orders", "Report"]


def test_what_the_backup_was_made_without_cannot_be_asked_of_it(site: Site) -> None:
    site.backup(**BY_CLI, credentials="none")
    report = site.restore(**BY_CLI, credentials=True, variables=True)
    assert (report.failure["code"], report.written) == ("not_found", False)
    assert "without credentials, variables" in report.failure["message"]
    site.backup(variables=True)
    site.server.has_licence = False
    report = site.restore(variables=True)
    assert (report.failure["code"], site.server.writes) == ("insufficient_scopes", [])


def test_a_server_that_is_older_than_the_backup_is_pointed_out(site: Site) -> None:
    site.backup(**BY_CLI)
    text = Path(site.last).read_text().replace('"n8n_version":"1.123.81"', '"n8n_version":"1.124.0"')
    assert any("1.124.0, the server is 1.123.81" in one for one in site.restore(**BY_CLI, file=text).warnings)
    assert not any("the server is" in one for one in site.restore(**BY_CLI).warnings)


def test_a_backup_that_is_gone_is_named(site: Site) -> None:
    given = site.given({}, "n8n_restore", snapshot_path="", earlier_job="job_9")
    report = modules.library("n8n_restore").run(given, is_preview=True)
    assert (report.failure["code"], "job_9 is gone" in report.failure["message"]) == ("not_found", True)


def test_tags_that_a_workflow_got_since_go_again_by_the_command_line_too(site: Site) -> None:
    site.backup(**BY_CLI)
    site.server.named("Orders")["tags"].append(site.server.tagged("late"))
    report = site.restore(**BY_CLI)
    assert (report.failure, actions(report)) == ({}, ["update Orders"])
    assert sorted(tag["name"] for tag in site.server.named("Orders")["tags"]) == ["prod", "shop"]
    assert site.restore(**BY_CLI).items == []


def test_a_tag_of_two_workflows_comes_back_once(site: Site) -> None:
    site.server.named("Report")["tags"] = [site.server.tagged("shop")]
    assert site.backup(**BY_CLI, restore_test=True).failure == {}
    site.server.workflows.clear()
    site.server.tags.clear()
    assert site.restore(**BY_CLI).failure == {}
    assert sorted(tag["name"] for tag in site.server.tags.values()) == ["prod", "shop"]


@pytest.mark.parametrize("way", [{}, BY_CLI])
def test_a_credential_that_was_made_again_is_linked_by_its_name(site: Site, way: dict[str, Any]) -> None:
    old = site.server.add_credential("Mail", "x")
    link = {"httpHeaderAuth": {"id": old["id"], "name": "Mail"}}
    site.server.add("Sender", trigger(), {**node("Send"), "credentials": link})
    site.backup(**way)
    del site.server.credentials[old["id"]]
    del site.server.workflows[site.server.named("Sender")["id"]]
    new = site.server.add_credential("Mail", "y")
    assert site.restore(**way).failure == {}
    assert site.server.named("Sender")["nodes"][1]["credentials"]["httpHeaderAuth"]["id"] == new["id"]
    assert site.restore(**way).items == []


def test_settings_that_the_api_cannot_take_away_stay_and_are_told(site: Site) -> None:
    site.backup()
    orders = site.server.named("Orders")
    orders["settings"]["errorWorkflow"] = "id1"
    orders["nodes"] = [trigger()]
    report = site.restore()
    assert (report.failure, actions(report)) == ({}, ["update Orders"])
    assert any("errorWorkflow stay" in text for text in report.warnings)
    assert site.restore().items == []
