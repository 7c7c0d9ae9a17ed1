"""All machines of one run: one plan, one snapshot, and a verdict in which one machine's failure is not the others'."""

import json
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.runbooks.inputs import check_output
from tests.runbooks import modules
from tests.runbooks.modules import RUNBOOKS

fleet = modules.shared("hardening.fleet")
PLAN_SCHEMA = json.loads((RUNBOOKS / "plan.schema.json").read_text())


def item(name: str, action: str = "create") -> dict[str, Any]:
    before, after = (None, {"x": 1}) if action == "create" else ({"x": 1}, {"x": 1})
    shared = {"kind": "file", "name": name, "fields": []}
    return {"id": f"file:{name}", "action": action, "before": before, "after": after, **shared}


def look(*items: Any, **more: Any) -> dict[str, Any]:
    return {"report": {"items": list(items), "kept": {"files": {"/a": None}}, "warnings": ["old"], **more}}


def step(*made: str, **more: Any) -> dict[str, Any]:
    return {"report": {"made": list(made), "items": [], "services": [], **more}}


GONE = {"unreachable": True, "msg": "Connection refused"}


@pytest.fixture
def run(tmp_path: Path) -> Any:
    return fleet.Run("server_hardening", str(tmp_path))


def written(run: Any, name: str) -> Any:
    return json.loads(Path(run.artifacts_dir, name).read_text())


def test_the_plan_holds_all_machines_and_its_name_is_its_hash(run: Any) -> None:
    verdict = fleet.plan(run, {"b": look(item("/x")), "a": look(item("/y"), item("/z", "noop")), "c": GONE})
    plan = written(run, "plan.json")
    assert check_output(PLAN_SCHEMA, plan) == ()
    assert [one["id"] for one in plan["items"]] == ["a/file:/y", "b/file:/x", "c"]
    assert plan["target"] == {"kind": "hosts", "id": "a,b,c", "name": "a,b,c"}
    assert (verdict.go, verdict.counts["noop"], verdict.snapshot_ref) == (True, 1, "snapshot.json")
    assert set(written(run, "snapshot.json")["machines"]) == {"a", "b"}
    assert fleet.plan(run, {"c": GONE, "a": look(item("/y"), item("/z", "noop")), "b": look(item("/x"))}) == verdict


@pytest.mark.parametrize(
    ("changes", "looks"),
    [
        ({"is_preview": True}, {"a": look(item("/x"))}),
        ({"expect_plan": "0" * 64}, {"a": look(item("/x"))}),
        ({}, {"a": look(item("/x", "noop"))}),
        ({}, {"a": GONE}),
        ({"more": fleet.More(failure={"code": "conflict", "message": "x"})}, {"a": look(item("/x"))}),
    ],
)
def test_nothing_is_touched_in_a_preview_with_a_stale_plan_without_changes_or_after_a_failure(
    tmp_path: Path, changes: Any, looks: Any
) -> None:
    verdict = fleet.plan(fleet.Run("server_hardening", str(tmp_path), **changes), looks)
    assert (verdict.go, verdict.snapshot_ref) == (False, "")
    assert not (tmp_path / "snapshot.json").exists()


def ended(run: Any, machines: Any, **planned: Any) -> Any:
    before = {"go": True, "plan_sha256": "a" * 64, "snapshot_ref": "", "failure": {}, "counts": {"create": 1}}
    return fleet.conclude(run, {**before, **planned}, machines, "ops")


def test_a_machine_that_went_all_the_way_is_reached_as_the_administrator(run: Any) -> None:
    told = {"unit": "ssh", "action": "reload", "by": "systemctl"}
    steps = {"look": look(item("/x")), "closed": step("file:/x", services=[told]), "seen_again": look()}
    verdict = ended(run, {"a": steps})
    assert (verdict.changed, verdict.failure, verdict.ended) == (True, {}, {})
    assert verdict.hosts == [{"name": "a", "user": "ops"}]
    assert (verdict.services, [one["id"] for one in verdict.items]) == ([{"machine": "a", **told}], ["a/file:/x"])


def test_one_machine_fails_and_the_others_do_not(run: Any) -> None:
    good = {"look": look(item("/x")), "prepared": step(), "closed": step("file:/x"), "seen_again": look()}
    verdict = ended(run, {"good": good, "gone": {"look": GONE}, "bad": {"look": look(), "prepared": {
        "failed": True, "msg": "apt-get ended with 100: no space", "code": "task_failed"}}})  # fmt: skip
    assert (verdict.failure["code"], verdict.changed, verdict.counts["failed"]) == ("hosts_failed", True, 2)
    assert [host["name"] for host in verdict.hosts] == ["good"]
    assert verdict.ended["gone"]["unreachable"]
    assert "no space" in verdict.ended["bad"]["msg"]


@pytest.mark.parametrize(
    ("step_name", "said"), [("entered", "so nothing was closed"), ("confirmed", "so it was opened again")]
)
def test_whoever_could_not_get_in_is_told_of_and_what_was_opened_again_was_not_made(
    run: Any, step_name: str, said: str
) -> None:
    steps = {"look": look(item("/x")), "prepared": step("account:ops"), step_name: GONE}
    if step_name == "confirmed":
        steps |= {"closed": step("file:/x"), "restored": step()}
    verdict = ended(run, {"a": steps})
    assert verdict.failure["code"] == "verify_failed"
    assert said in verdict.failure["message"]
    assert ([one["id"] for one in verdict.items], verdict.hosts) == (["a"], [])


def test_what_could_not_even_be_opened_again_is_left_to_the_watchdog(run: Any) -> None:
    lost = {"look": look(item("/x")), "closed": step("file:/x"), "confirmed": GONE, "restored": GONE}
    verdict = ended(run, {"a": lost})
    assert "its own watchdog opens it again: Connection refused" in verdict.failure["message"]
    assert [one["id"] for one in verdict.items] == ["a"]


def test_what_is_not_as_wished_afterwards_is_told(run: Any) -> None:
    verdict = ended(run, {"a": {"look": look(item("/x")), "closed": step("file:/x"), "seen_again": look(item("/x"))}})
    assert verdict.failure == {
        "code": "verify_failed",
        "message": "1 of 1 machines failed: a: not as wished afterwards: file:/x",
    }


def test_a_first_start_that_went_wrong_is_told_although_the_machine_was_hardened(run: Any) -> None:
    first = {"failed": True, "msg": "non-zero return code", "stdout": "status: error\ndetail: scripts-user"}
    good = {"look": look(item("/x")), "closed": step("file:/x"), "seen_again": look()}
    verdict = ended(run, {"a": {"first_start": first, **good}})
    assert (verdict.failure["code"], len(verdict.hosts)) == ("task_failed", 1)
    assert "went wrong: non-zero return code status: error detail: scripts-user" in verdict.failure["message"]


def test_a_preview_shows_what_would_be_made(run: Any) -> None:
    verdict = ended(run, {"a": {"look": look(item("/x"))}}, go=False)
    assert ([one["id"] for one in verdict.items], verdict.changed, verdict.hosts) == (["a/file:/x"], False, [])
