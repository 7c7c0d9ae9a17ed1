"""Containers are restarted, stopped and removed as planned, looked at afterwards, and never touched in a preview."""

import json
from typing import Any

import pytest

from orch_app.domains.runbooks.inputs import check_output
from tests.runbooks import modules
from tests.runbooks.containers.site import DB, WEB, Site


def run(
    site: Site, verb: str, names: list[str], kind: str = "portainer", *, only_plan: bool = False, **more: Any
) -> Any:
    given = {"verb": verb, "runbook": f"container_{verb}", "endpoint_id": 2 if kind == "portainer" else 0}
    given |= {"containers": names, "machine": "", "grace_s": 5, "force": False, "volumes": False, "expect_plan": ""}
    given |= {"artifacts_dir": str(site.folder), **site.through(kind), **more}
    return modules.library("engine_container").run(given, only_plan=only_plan)


def writes(site: Site) -> list[tuple[str, str]]:
    return [(method, path) for method, path, _ in site.engine.asked if method != "GET"]


def plan(site: Site) -> dict[str, Any]:
    """The plan that was written; it holds the schema of plans."""
    document = json.loads((site.folder / "plan.json").read_text())
    assert check_output(json.loads((modules.RUNBOOKS / "plan.schema.json").read_text()), document) == ()
    return document


@pytest.mark.parametrize("kind", ["portainer", "docker"])
def test_a_container_is_restarted_and_seen_to_run_again(site: Site, kind: str) -> None:
    found = run(site, "restart", ["web"], kind)
    assert (found["changed"], found["failure"], found["counts"]["update"]) == (True, {}, 1)
    item = found["items"][0]
    assert item["id"] == WEB
    assert item["before"]["started_at"] < item["after"]["started_at"]
    assert writes(site) == [("POST", f"/containers/{WEB}/restart")]


def test_a_preview_writes_the_plan_and_nothing_else(site: Site) -> None:
    found = run(site, "stop", ["web"], only_plan=True)
    assert (found["changed"], found["failure"], writes(site)) == (True, {}, [])
    assert plan(site)["summary"] == {"create": 0, "update": 1, "delete": 0, "noop": 0}
    assert plan(site)["items"][0]["after"]["status"] == "exited"
    assert plan(site)["target"] == {"kind": "endpoint", "id": "2", "name": "swarm"}
    assert "swordfish" not in json.dumps(plan(site))


def test_the_same_intention_has_the_same_name_and_is_carried_out(site: Site) -> None:
    seen = run(site, "stop", ["web"], only_plan=True)["plan_sha256"]
    assert run(site, "stop", ["web"], only_plan=True)["plan_sha256"] == seen
    found = run(site, "stop", ["web"], expect_plan=seen)
    assert (found["changed"], found["failure"]) == (True, {})


def test_a_plan_of_another_moment_is_refused(site: Site) -> None:
    seen = run(site, "restart", ["web"], only_plan=True)["plan_sha256"]
    site.engine.containers[0].starts += 1
    found = run(site, "restart", ["web"], expect_plan=seen)
    assert (found["failure"]["code"], found["changed"], writes(site)) == ("stale_plan", False, [])


def test_stopping_what_is_stopped_changes_nothing(site: Site) -> None:
    run(site, "stop", ["web"])
    site.engine.asked.clear()
    found = run(site, "stop", ["web", "db"])
    assert (found["changed"], found["items"], writes(site)) == (False, [], [])


def test_what_is_removed_is_gone_and_a_second_run_changes_nothing(site: Site) -> None:
    found = run(site, "remove", ["db"], volumes=True)
    assert (found["changed"], found["counts"]["delete"], found["items"][0]["after"]) == (True, 1, None)
    assert [one.id for one in site.engine.containers] == [WEB]
    assert site.engine.asked[-2][2]["v"] == "true"
    assert run(site, "remove", ["db"])["changed"] is False


def test_a_running_container_is_removed_only_if_that_is_allowed(site: Site) -> None:
    refused = run(site, "remove", ["db", "web"])
    assert (refused["failure"]["code"], writes(site)) == ("conflict", [])
    assert run(site, "remove", ["db", "web"], force=True)["counts"]["delete"] == 2


@pytest.mark.parametrize("state", ["paused", "restarting"])
def test_one_that_lives_is_as_one_that_runs(site: Site, state: str) -> None:
    site.engine.containers[0].state = state
    refused = run(site, "remove", ["web"])
    assert (refused["failure"]["code"], writes(site)) == ("conflict", [])
    assert run(site, "remove", ["web"], force=True)["counts"]["delete"] == 1


def test_one_that_was_started_since_the_plan_is_not_removed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    containers = modules.shared("engine.containers")
    do = containers.do

    def after_a_start(*arguments: Any) -> Any:
        site.engine.find(DB).state = "running"  # pyright: ignore[reportOptionalMemberAccess]
        return do(*arguments)

    monkeypatch.setattr(containers, "do", after_a_start)
    found = run(site, "remove", ["db"])
    assert (found["failure"]["code"], found["changed"]) == ("conflict", False)
    assert site.engine.find(DB)


def test_one_that_somebody_else_removes_meanwhile_is_gone(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    containers = modules.shared("engine.containers")
    do = containers.do

    def after_a_removal(*arguments: Any) -> Any:
        site.engine.containers = [one for one in site.engine.containers if one.id != DB]
        return do(*arguments)

    monkeypatch.setattr(containers, "do", after_a_removal)
    found = run(site, "remove", ["db"])
    assert (found["failure"], found["counts"]["delete"]) == ({}, 1)


def test_one_that_is_not_there_keeps_all_others_from_being_touched(site: Site) -> None:
    found = run(site, "restart", ["web", "gone"])
    assert (found["failure"]["code"], found["changed"], writes(site)) == ("not_found", False, [])
    assert "nothing was done" in found["failure"]["message"]
    assert [(one["name"], one["action"]) for one in plan(site)["items"]] == [("web", "update"), ("gone", "error")]


def test_a_failure_in_the_middle_says_what_was_done(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    containers = modules.shared("engine.containers")
    find = containers.find

    def breaks_for_db(engine: Any, asked: str, machine: str = "") -> Any:
        if asked == DB and writes(site):
            site.engine.broken = True
        return find(engine, asked, machine)

    monkeypatch.setattr(containers, "find", breaks_for_db)
    found = run(site, "restart", ["web", "db"])
    assert found["failure"]["code"] == "partial_apply"
    assert found["changed"]
    assert [item["action"] for item in found["items"]] == ["update", "error"]


def test_a_container_that_does_not_come_back_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tests.systems.engine._Speaker._change", lambda speaker, _container, _verb: speaker._say(204, None)
    )
    found = run(site, "restart", ["web"])
    assert (found["failure"]["code"], found["changed"]) == ("verify_failed", False)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"endpoint_id": 3}, "upstream_5xx"),
        ({"endpoint_id": 4}, "insufficient_scopes"),
        ({"endpoint_id": 99}, "not_found"),
        ({"portainer": ""}, "validation"),
    ],
)
def test_what_cannot_begin_says_why(site: Site, changes: dict[str, Any], code: str) -> None:
    found = run(site, "restart", ["web"], **changes)
    assert (found["failure"]["code"], found["changed"], writes(site)) == (code, False, [])


def test_the_agent_is_told_the_machine(site: Site) -> None:
    run(site, "restart", ["web"], machine="n2")
    assert {headers.get("x-portaineragent-target") for headers in site.engine.headers} == {"n2"}
