"""A run over a stack: plan first, nothing without it, everything undone when a service does not come to stand."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.runbooks import modules
from tests.runbooks.stack.deploying import STACK, WITHOUT_DB, deploy, goal_of, look, manner, statuses, text
from tests.runbooks.stack.fake_swarm import FakeSwarm

DONE = {
    "config shop_page_v1": "done",
    "service shop_db": "done",
    "service shop_web": "done",
    "network shop_default": "done",
}


@pytest.fixture
def swarm() -> FakeSwarm:
    return FakeSwarm()


def test_a_first_deploy_makes_everything(swarm: FakeSwarm, tmp_path: Path) -> None:
    result = deploy(swarm, tmp_path, text())
    assert result["failure"] == {}
    assert statuses(result) == DONE
    assert result["counts"] == {"create": 4, "update": 0, "delete": 0, "noop": 0, "error": 0}
    assert swarm.writes == [
        "create network shop_default", "create config shop_page_v1", "create service shop_db", "create service shop_web"
    ]  # fmt: skip
    plan = json.loads((tmp_path / "plan.json").read_text())
    assert plan["target"] == {"kind": "stack", "id": STACK, "name": STACK}
    assert json.loads((tmp_path / "snapshot.json").read_text())["services"] == {}


def test_a_second_apply_changes_nothing(swarm: FakeSwarm, tmp_path: Path) -> None:
    deploy(swarm, tmp_path, text())
    swarm.writes.clear()
    again = deploy(swarm, tmp_path, text())
    assert (again["changed"], again["snapshot_ref"], swarm.writes) == (False, "", [])
    assert statuses(again) == {"service shop_db": "unchanged", "service shop_web": "unchanged"}


def test_a_preview_plans_the_same_and_changes_nothing(swarm: FakeSwarm, tmp_path: Path) -> None:
    preview = deploy(swarm, tmp_path, text(), check=True)
    assert (preview["changed"], swarm.writes, preview["snapshot_ref"]) == (True, [], "")
    assert set(statuses(preview).values()) == {"planned"}
    assert deploy(swarm, tmp_path, text(), expect=preview["plan_sha256"])["failure"] == {}


def test_a_plan_that_is_no_more_the_expected_one_changes_nothing(swarm: FakeSwarm, tmp_path: Path) -> None:
    preview = deploy(swarm, tmp_path, text(), check=True)
    deploy(swarm, tmp_path, text(mode="b"))
    swarm.writes.clear()
    late = deploy(swarm, tmp_path, text(), expect=preview["plan_sha256"])
    assert (late["failure"]["code"], swarm.writes) == ("stale_plan", [])


def test_an_update_names_what_differs_and_tells_no_value_of_the_environment(swarm: FakeSwarm, tmp_path: Path) -> None:
    deploy(swarm, tmp_path, text())
    preview = deploy(swarm, tmp_path, text(release="2", mode="secret"), check=True)
    item = next(one for one in preview["items"] if one["id"] == "service shop_web")
    assert item["fields"] == ["configs", "env", "image"]
    assert (item["image_before"], item["image_after"]) == ("web:1", "web:2")
    assert (item["before"]["env"], item["after"]["env"]) == ({"MODE": "set"}, {"MODE": "changed"})
    assert item["after"]["configs"][0].startswith("shop_page_v2 as ")


def test_the_plan_is_another_one_with_another_value_that_it_does_not_show(swarm: FakeSwarm, tmp_path: Path) -> None:
    deploy(swarm, tmp_path, text())
    one, other = (text().replace("MODE=a", f"MODE={mode}") for mode in ("b", "c"))
    seen = deploy(swarm, tmp_path, one, check=True)
    meant = deploy(swarm, tmp_path, other, check=True)
    assert without_plan(seen) == without_plan(meant)
    assert seen["plan_sha256"] != meant["plan_sha256"]
    swarm.writes.clear()
    assert deploy(swarm, tmp_path, other, expect=seen["plan_sha256"])["failure"]["code"] == "stale_plan"
    assert swarm.writes == []


def without_plan(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if name != "plan_sha256"}


def test_a_service_that_is_no_more_in_the_file_goes_when_all_others_stand(swarm: FakeSwarm, tmp_path: Path) -> None:
    deploy(swarm, tmp_path, text())
    swarm.writes.clear()
    result = deploy(swarm, tmp_path, WITHOUT_DB)
    assert statuses(result)["service shop_db"] == "done"
    assert swarm.writes[-1].startswith("delete service")
    assert result["found"]["pruned"] == ["shop_db"]
    assert set(look(swarm).services) == {"shop_web"}


def test_without_prune_it_stays(swarm: FakeSwarm, tmp_path: Path) -> None:
    deploy(swarm, tmp_path, text())
    deploy(swarm, tmp_path, WITHOUT_DB, prune=False)
    assert set(look(swarm).services) == {"shop_web", "shop_db"}


def test_one_that_holds_a_wanted_port_goes_first(swarm: FakeSwarm, tmp_path: Path) -> None:
    old = "services: {old: {image: 'x:1', ports: ['80:80'], healthcheck: {test: x}}}"
    new = old.replace("old:", "new:")
    deploy(swarm, tmp_path, old)
    swarm.writes.clear()
    deploy(swarm, tmp_path, new)
    assert [write.split()[0] for write in swarm.writes] == ["delete", "create"]


def test_an_update_that_fails_is_taken_back_and_told(swarm: FakeSwarm, tmp_path: Path) -> None:
    deploy(swarm, tmp_path, text())
    before = look(swarm).shown("shop_web")
    swarm.bad = {"web:2"}
    result = deploy(swarm, tmp_path, text(release="2"), timeout_s=1)
    assert result["failure"]["code"] == "verify_failed"
    assert "non-zero exit (1)" in result["failure"]["message"]
    assert "Rolled back: shop_web. The stack is as it was before." in result["failure"]["message"]
    assert look(swarm).shown("shop_web") == before
    item = next(one for one in result["items"] if one["id"] == "service shop_web")
    assert (item["status"], item["action"], item["error"]["code"]) == ("rolled_back", "error", "verify_failed")
    assert item["log"]


def test_a_first_deploy_that_fails_leaves_no_service(swarm: FakeSwarm, tmp_path: Path) -> None:
    swarm.bad = {"web:1"}
    result = deploy(swarm, tmp_path, text(), timeout_s=1)
    assert result["failure"]["code"] == "convergence_timeout"
    assert "Removed again: shop_db, shop_web." in result["failure"]["message"]
    assert look(swarm).services == {}


@pytest.mark.parametrize("on_failure", ["leave", "pause"])
def test_one_may_leave_a_failed_update_as_it_is(swarm: FakeSwarm, tmp_path: Path, on_failure: str) -> None:
    deploy(swarm, tmp_path, text())
    swarm.bad = {"web:2"}
    result = deploy(swarm, tmp_path, text(release="2"), on_failure=on_failure, timeout_s=1)
    assert result["failure"]["code"] == "verify_failed"
    assert result["failure"]["message"].endswith("To have it as it was before, roll this job back.")
    assert look(swarm).shown("shop_web")["image"] == "web:2"


def test_more_changes_than_allowed_change_nothing(swarm: FakeSwarm, tmp_path: Path) -> None:
    result = deploy(swarm, tmp_path, text(), most=3)
    assert (result["failure"]["code"], swarm.writes, result["changed"]) == ("validation", [], False)
    assert set(statuses(result).values()) == {"not_done"}
    assert deploy(swarm, tmp_path, text(), most=4)["failure"] == {}


def test_a_network_of_the_nodes_themselves_is_no_difference(swarm: FakeSwarm, tmp_path: Path) -> None:
    file = """
    services: {web: {image: 'x:1', networks: [h], healthcheck: {test: x}}}
    networks: {h: {external: true, name: host}}
    """
    deploy(swarm, tmp_path, file)
    swarm.documents["shop_web"]["Spec"]["TaskTemplate"]["Networks"] = [{"Target": "host1"}]
    assert deploy(swarm, tmp_path, file, check=True)["changed"] is False


def test_an_empty_plan_is_no_success_where_the_stack_does_not_stand(swarm: FakeSwarm, tmp_path: Path) -> None:
    deploy(swarm, tmp_path, text())
    swarm.tasks_of[swarm.documents["shop_db"]["ID"]].clear()
    result = deploy(swarm, tmp_path, text())
    assert (result["failure"]["code"], result["changed"]) == ("convergence_timeout", False)
    assert "shop_db" in result["failure"]["message"]


def test_an_untouched_service_that_does_not_stand_is_told(swarm: FakeSwarm, tmp_path: Path) -> None:
    deploy(swarm, tmp_path, text())
    swarm.tasks_of[swarm.documents["shop_db"]["ID"]].clear()
    result = deploy(swarm, tmp_path, text(release="2"))
    assert result["failure"] == {}
    assert any("shop_db" in warning and "does not stand" in warning for warning in result["warnings_found"])


def test_what_was_begun_and_not_confirmed_is_undone_too(
    swarm: FakeSwarm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = FakeSwarm.create

    def lose(self: FakeSwarm, kind: str, body: dict[str, Any]) -> str:
        made = make(self, kind, body)
        if body["Name"] == "shop_web":
            raise modules.shared("upstream").UpstreamError("timeout", "no answer")
        return made

    monkeypatch.setattr(FakeSwarm, "create", lose)
    result = deploy(swarm, tmp_path, text())
    assert result["failure"]["code"] == "timeout"
    assert look(swarm).services == {}


def test_a_job_is_never_paused(swarm: FakeSwarm) -> None:
    file = "services: {once: {image: 'web:1', deploy: {mode: replicated-job}}}"
    goal, _there = goal_of(swarm, file, on_failure="pause")
    assert "UpdateConfig" not in goal.services["shop_once"]


def test_with_pause_every_update_stops_where_it_fails(swarm: FakeSwarm) -> None:
    file = (
        "services: {web: {image: 'web:1', healthcheck: {test: x}, deploy: {update_config: {failure_action: continue}}}}"
    )
    goal, _there = goal_of(swarm, file, on_failure="pause")
    assert goal.services["shop_web"]["UpdateConfig"]["FailureAction"] == "pause"


def test_what_the_engine_refuses_ends_the_run_and_what_was_done_is_undone(swarm: FakeSwarm, tmp_path: Path) -> None:
    swarm.refused = {"shop_web"}
    result = deploy(swarm, tmp_path, text(), timeout_s=1)
    assert result["failure"]["code"] == "port_in_use"
    assert "Removed again: shop_db" in result["failure"]["message"]
    assert statuses(result)["service shop_web"] == "failed"
    assert look(swarm).services == {}


def test_a_failure_that_is_left_tells_what_was_done(swarm: FakeSwarm, tmp_path: Path) -> None:
    swarm.refused = {"shop_web"}
    result = deploy(swarm, tmp_path, text(), on_failure="leave")
    assert "create service shop_db" in result["failure"]["message"]
    assert set(look(swarm).services) == {"shop_db"}


def test_what_reads_back_different_is_a_failure(
    swarm: FakeSwarm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = FakeSwarm._take

    def forget(self: FakeSwarm, id_: str, spec: dict, previous: dict | None = None) -> None:
        keep(self, id_, {**spec, "Labels": {"com.docker.stack.namespace": STACK}}, previous)

    monkeypatch.setattr(FakeSwarm, "_take", forget)
    result = deploy(swarm, tmp_path, text(), on_failure="leave")
    assert result["failure"]["code"] == "verify_failed"
    assert "shop_web differs in labels" in result["failure"]["message"]


def test_a_snapshot_brings_the_stack_back(swarm: FakeSwarm, tmp_path: Path) -> None:
    deploy(swarm, tmp_path, text())
    before = look(swarm).state()["services"]
    deploy(swarm, tmp_path, text(release="2", mode="b").replace("db:", "cache:", 1))
    snapshot, run = modules.shared("stack.snapshot"), modules.shared("stack.run")
    there = look(swarm)
    goal = snapshot.goal(snapshot.read(str(tmp_path / "snapshot.json")), there)
    result = run.Run(swarm, there, goal, manner(tmp_path / "..", "rollback", check=True)).result()
    assert {item["id"]: item["action"] for item in result["items"]} == {
        "service shop_db": "create", "service shop_web": "update", "service shop_cache": "delete"
    }  # fmt: skip
    assert run.Run(swarm, there, goal, manner(tmp_path, "rollback")).result()["failure"] == {}
    assert look(swarm).state()["services"] == before


def test_a_snapshot_whose_secret_is_gone_cannot_be_gone_back_to(swarm: FakeSwarm, tmp_path: Path) -> None:
    deploy(swarm, tmp_path, text())
    deploy(swarm, tmp_path, text(mode="b"))
    swarm.things["config"].clear()
    snapshot = modules.shared("stack.snapshot")
    with pytest.raises(modules.shared("stack.faults").Fault, match="shop_page_v1") as caught:
        snapshot.goal(snapshot.read(str(tmp_path / "snapshot.json")), look(swarm))
    assert caught.value.code == "config_missing"


@pytest.mark.parametrize("content", [None, "{", "[]", '{"schema_version": 2}'])
def test_what_is_no_snapshot_is_refused(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "snapshot.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(modules.shared("stack.faults").Fault):
        modules.shared("stack.snapshot").read(str(file))


def test_swarm_goes_back_to_what_it_remembers(swarm: FakeSwarm, tmp_path: Path) -> None:
    deploy(swarm, tmp_path, text())
    deploy(swarm, tmp_path, text(release="2"))
    there = look(swarm)
    goal = modules.shared("stack.ways").previous(there, [])
    assert [one["item"] for one in goal.warnings] == ["service shop_db"]
    result = modules.shared("stack.run").Run(swarm, there, goal, manner(tmp_path, goes_back=True)).result()
    assert result["failure"] == {}
    assert look(swarm).shown("shop_web")["image"] == "web:1"
    with pytest.raises(modules.shared("stack.faults").Fault, match="no earlier version"):
        modules.shared("stack.ways").previous(look(swarm), ["db"])


def test_going_back_to_a_version_that_failed_is_warned_of(swarm: FakeSwarm, tmp_path: Path) -> None:
    deploy(swarm, tmp_path, text())
    swarm.bad = {"web:2"}
    deploy(swarm, tmp_path, text(release="2"), timeout_s=1, on_failure="leave")
    failed = swarm.tasks(STACK)
    deploy(swarm, tmp_path, text())
    goal = modules.shared("stack.ways").previous(look(swarm), ["web"], [*swarm.tasks(STACK), *failed])
    (warning,) = goal.warnings
    assert (warning["code"], warning["item"]) == ("has_failed", "service shop_web")
    assert "task: non-zero exit (1)" in warning["message"]


def test_a_restart_starts_the_tasks_anew_and_changes_nothing_else(swarm: FakeSwarm, tmp_path: Path) -> None:
    deploy(swarm, tmp_path, text())
    ways, there = modules.shared("stack.ways"), look(swarm)
    goal = ways.restarted(there, ["web"])
    steps = ways.restarts(goal, there)
    assert [(one["before"], one["after"]) for one in steps] == [({"restarts": 0}, {"restarts": 1})]
    result = modules.shared("stack.run").Run(swarm, there, goal, manner(tmp_path), steps=steps).result()
    assert (result["failure"], swarm.writes[-1]) == ({}, "update service shop_web")
    assert swarm.documents["shop_web"]["Spec"]["TaskTemplate"]["ForceUpdate"] == 1
    assert deploy(swarm, tmp_path, text())["changed"] is False


def test_a_service_or_stack_that_is_not_there_is_named(swarm: FakeSwarm, tmp_path: Path) -> None:
    fault = modules.shared("stack.faults").Fault
    with pytest.raises(fault, match="no stack shop"):
        modules.shared("stack.ways").restarted(look(swarm), [])
    deploy(swarm, tmp_path, text())
    with pytest.raises(fault, match="no service shop_api"):
        modules.shared("stack.ways").restarted(look(swarm), ["api"])
