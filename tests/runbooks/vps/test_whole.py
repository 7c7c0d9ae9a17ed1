"""A provisioning as a whole, without plays: what its plan holds, what it hands over, which failure it names."""

import json
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.runbooks.inputs import check_output
from tests.runbooks import modules
from tests.runbooks.modules import RUNBOOKS
from tests.runbooks.vps.orders import complete

whole, fleet = modules.shared("vps.whole"), modules.shared("hardening.fleet")
PLAN_SCHEMA = json.loads((RUNBOOKS / "plan.schema.json").read_text())
SERVER = {"address": "192.0.2.10", "host_key": "ssh-ed25519 AAAA", "job": "job_1"}
PRICE = {"currency": "EUR", "monthly": "6.01", "hourly": "0.0096", "parts": {}}
DNS = {"zone_id": "0" * 32, "name": "web-1"}
LOOK = {"report": {"items": [], "kept": {"files": {}}, "warnings": []}}


def item(kind: str, action: str = "create") -> dict[str, Any]:
    shared = {"kind": kind, "name": "web-1", "before": None, "after": {}, "fields": []}
    return {"id": f"{kind}:web-1", "action": action, **shared}


def parts(order: Any = None, inputs: Any = None, **more: Any) -> Any:
    offer = {"price": PRICE, "servers_now": 3, "left_at": ["a", "b"]}
    report = {"items": [item("server")], "noop": 0, **offer, **(order or {})}
    return whole.Parts(complete(inputs or {}), "job_1", order=report, **more)


def run(folder: Path, given: Any, *, looks: Any = None, undo: Any = None, **more: Any) -> Any:
    extra = whole.more(given, undo, looks or {})
    return fleet.Run("vps_provision", str(folder), undo=undo, more=extra, **more)


def planned(folder: Path, given: Any, looks: Any = None, **more: Any) -> Any:
    verdict = fleet.plan(run(folder, given, looks=looks, **more), looks or {})
    document = json.loads((folder / "plan.json").read_text())
    assert check_output(PLAN_SCHEMA, document) == ()
    return verdict, document


def test_the_plan_of_a_new_server_has_its_price_and_what_will_be_done_on_it(tmp_path: Path) -> None:
    verdict, document = planned(tmp_path, parts(inputs={"dns": DNS}))
    assert [one["id"] for one in document["items"]] == ["server:web-1", "machine:web-1", "record:web-1"]
    assert (document["facts"], verdict.go) == ({"price": PRICE}, True)
    assert document["target"] == {"kind": "server", "id": "hetzner/web-1", "name": "web-1"}
    assert json.loads((tmp_path / "snapshot.json").read_text())["made"] == {"job": "job_1"}
    assert whole.prices(parts()) == [{**PRICE, "servers_now": 3, "left_at": "a, b"}]


def test_another_price_is_another_plan_and_more_servers_are_not(tmp_path: Path) -> None:
    first, _ = planned(tmp_path, parts())
    dearer, _ = planned(tmp_path, parts({"price": {**PRICE, "monthly": "7.00"}}))
    later, _ = planned(tmp_path, parts({"servers_now": 4}))
    assert dearer.plan_sha256 != first.plan_sha256
    assert later.plan_sha256 == first.plan_sha256


@pytest.mark.parametrize(
    "given",
    [
        parts(lacking=("choose some",)),
        parts(no_door={"code": "unreachable", "message": "no manager of a Swarm answers"}),
        whole.Parts(complete({"provider": "existing_host"}), "job_1", no_door={"code": "unreachable", "message": "x"}),
        parts({"failure": {"code": "quota_exceeded", "message": "x"}}),
        parts(dns={"failure": {"code": "conflict", "message": "x"}}),
    ],
)
def test_a_fault_of_any_part_lets_nothing_be_made(tmp_path: Path, given: Any) -> None:
    verdict, _ = planned(tmp_path, given)
    assert (verdict.go, bool(verdict.failure)) == (False, True)


def concluded(folder: Path, given: Any, results: Any, *, undo: Any = None, go: bool = True) -> Any:
    before = {"go": go, "plan_sha256": "a" * 64, "snapshot_ref": "", "failure": {}, "counts": {}}
    return whole.conclude(run(folder, given, undo=undo), given, before, results)


def test_a_server_that_lets_us_in_is_handed_over_with_its_key(tmp_path: Path) -> None:
    given = parts(made={"made": ["server:web-1"], "server": SERVER})
    verdict = concluded(tmp_path, given, {"web-1": {"look": LOOK, "seen_again": LOOK}})
    place = {"name": "web-1", "address": "192.0.2.10", "port": 22, "host_key": "ssh-ed25519 AAAA"}
    assert verdict.hosts == [{**place, "user": "ops", "connection": "ssh"}]
    assert (verdict.changed, [one["id"] for one in verdict.items]) == (True, ["server:web-1"])


def test_a_server_that_lets_nobody_in_is_not(tmp_path: Path) -> None:
    given = parts(made={"made": ["server:web-1"], "server": SERVER})
    verdict = concluded(tmp_path, given, {"web-1": {"look": {"unreachable": True, "msg": "refused"}}})
    assert (verdict.hosts, verdict.failure["code"], verdict.changed) == ([], "unreachable", True)


def test_only_what_was_made_is_told_and_the_first_failure_is_the_reason(tmp_path: Path) -> None:
    failure = {"code": "partial_apply", "message": "backups failed"}
    given = parts({"items": [item("server"), item("backups")]}, made={"made": ["server:web-1"], "failure": failure})
    verdict = concluded(tmp_path, given, {})
    assert ([one["id"] for one in verdict.items], verdict.failure) == (["server:web-1"], failure)


def test_a_deleted_server_leaves_the_inventory_and_an_undone_set_up_does_not(tmp_path: Path) -> None:
    undo = {"made": {"job": "job_1"}, "machines": {}}
    gone = parts({"items": [item("server", "delete")], "server": SERVER}, made={"made": ["server:web-1"]})
    (row,) = concluded(tmp_path, gone, {}, undo=undo).hosts
    assert (row["state"], row["host_key"]) == ("absent", "ssh-ed25519 AAAA")
    kept = parts({"items": [], "server": SERVER}, made={"made": []})
    assert concluded(tmp_path, kept, {"web-1": {"look": LOOK}}, undo=undo).hosts == []


def test_hosts_that_exist_have_no_order(tmp_path: Path) -> None:
    given = whole.Parts(complete({"provider": "existing_host"}), "job_1")
    verdict = concluded(tmp_path, given, {"db-1": {"look": LOOK, "seen_again": LOOK}})
    assert (verdict.hosts, whole.prices(given)) == ([{"name": "db-1", "user": "ops"}], [])
