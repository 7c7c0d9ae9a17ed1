"""The difference between an inventory and what is there: what is added, changed, missing, and somebody else's."""

import json
from typing import Any

import pytest

from tests.runbooks.inventory.imports import Site, run, shown
from tests.runbooks.modules import shared

things = shared("inventory.things")
BASE: dict[str, Any] = {"from": "hcloud", "name": "ops"}
pytestmark = pytest.mark.unit


@pytest.fixture
def found(monkeypatch) -> dict[str, Any]:
    """What the inventory holds, as hosts and groups by name; a test changes it."""
    held: dict[str, Any] = {
        "hosts": {"w1": {"address": "10.0.0.1", "variables": {"n": 1}}, "w2": {"address": "10.0.0.2"}},
        "groups": {"web": {"hosts": ("w1", "w2"), "variables": {"port": 80}}, "site": {"children": ("web",)}},
    }

    def read(*_: Any) -> Any:
        hosts = {name: things.Host(name, **facts) for name, facts in held["hosts"].items()}
        return things.Found(hosts, {name: things.Group(name, **facts) for name, facts in held["groups"].items()})

    monkeypatch.setitem(run._READERS, "hcloud", read)
    return held


def test_what_is_new_comes_and_the_second_time_nothing_changes(site: Site, found: dict[str, Any]) -> None:
    first = site.apply(**BASE, default_user="deploy")
    assert shown(first) == [
        ("create", "host:w1"), ("create", "host:w2"), ("create", "group:site"), ("create", "group:web"),
    ]  # fmt: skip
    assert first.counts | {"create": 4, "hosts": 2, "groups": 2} == first.counts
    assert (first.snapshot_ref, first.inventory["trusted"]) == ("snapshot.json", False)
    assert (site.there["hosts"]["w1"]["user"], site.there["hosts"]["w1"]["port"]) == ("deploy", 22)
    again = site.apply(**BASE)
    assert (again.items, again.inventory, again.snapshot_ref, again.would_change) == ([], {}, "", False)
    assert again.plan_sha256 == site.ask(**BASE, preview=True).plan_sha256


def test_what_changed_is_told_with_before_and_after(site: Site, found: dict[str, Any]) -> None:
    site.apply(**BASE)
    site.there["hosts"]["w1"].update(port=2222, user="ana", labels={"by": "hand"})
    found["hosts"]["w1"] = {"address": "10.0.0.9", "labels": {"env": "prod"}, "variables": {"n": 2}}
    found["groups"]["web"]["hosts"] = ("w1",)
    done = site.apply(**BASE)
    host, group = done.items
    assert (host["action"], host["fields"]) == ("update", ["address", "labels", "variables"])
    assert (host["before"]["address"], host["after"]["address"]) == ("10.0.0.1", "10.0.0.9")
    assert (host["after"]["labels"], host["after"]["port"], host["after"]["user"]) == (
        {"by": "hand", "env": "prod"}, 2222, "ana",
    )  # fmt: skip
    assert (group["id"], group["fields"]) == ("group:web", ["hosts"])
    assert [row["name"] for row in done.inventory["hosts"]] == ["w1"]
    assert done.diff == "~ host w1 (address, labels, variables)\n~ group web (hosts)\n"


def test_what_is_missing_stays_unless_it_is_to_go(site: Site, found: dict[str, Any]) -> None:
    site.apply(**BASE)
    del found["hosts"]["w2"], found["groups"]["site"]
    found["groups"]["web"]["hosts"] = ("w1",)
    kept = site.ask(**BASE)
    assert shown(kept) == [("noop", "host:w2"), ("noop", "group:site"), ("update", "group:web")]
    assert any("host w2: it is missing there, and stays here" in one for one in kept.warnings)
    refused = site.ask(**BASE, remove_missing=True, max_removals=1)
    assert (refused.failure["code"], refused.inventory) == ("validation", {})
    gone = site.apply(**BASE, remove_missing=True)
    assert ("delete", "host:w2") in shown(gone)
    assert (sorted(site.there["hosts"]), sorted(site.there["groups"])) == (["w1"], ["web"])


def test_what_somebody_else_brought_is_never_touched(site: Site, found: dict[str, Any]) -> None:
    site.add("hosts", "w1")
    site.add("groups", "web", origin="another", hosts=["w1"])
    refused = site.ask(**BASE)
    assert refused.failure["code"] == "conflict"
    assert "host w1, group web" in refused.failure["message"]
    by_name = {item["id"]: item for item in refused.items}
    assert by_name["host:w1"]["error"]["code"] == "name_taken"
    assert "a person" in by_name["host:w1"]["error"]["message"]
    assert "the import another" in by_name["group:web"]["error"]["message"]
    done = site.apply(**BASE, on_conflict="skip")
    assert done.failure == {}
    assert [row["name"] for row in done.inventory["hosts"]] == ["w2"]
    assert done.inventory["groups"] == [
        {"name": "site", "state": "present", "children": [], "hosts": [], "variables": {}}
    ]
    assert (site.there["hosts"]["w1"]["origin"], site.there["groups"]["web"]["hosts"]) == ("", ["w1"])
    assert site.ask(**BASE, on_conflict="skip").inventory == {}


def test_nothing_where_there_was_something_is_suspicious(site: Site, found: dict[str, Any]) -> None:
    site.apply(**BASE)
    found["hosts"].clear()
    assert site.ask(**BASE, remove_missing=True).failure["code"] == "suspicious_empty"


def test_a_plan_is_carried_out_only_as_it_was_seen(site: Site, found: dict[str, Any]) -> None:
    seen = site.ask(**BASE, preview=True)
    assert (seen.inventory, seen.snapshot_ref, seen.would_change) == ({}, "", True)
    plan = json.loads((site.artifacts / "plan.json").read_text())
    assert plan["target"] == {"kind": "inventory", "id": "stage/ops", "name": "ops"}
    found["hosts"]["w3"] = {"address": "10.0.0.3"}
    assert site.ask(**BASE, plan=seen.plan_sha256).failure["code"] == "stale_plan"
    del found["hosts"]["w3"]
    assert site.ask(**BASE, plan=seen.plan_sha256).failure == {}


def test_whether_templates_are_worked_out_is_compared_where_it_is_told(site: Site, found: dict[str, Any]) -> None:
    site.apply(**BASE)
    site.there["hosts"]["w1"]["trusted"] = True
    done = site.ask(**BASE)
    assert [(item["id"], item["fields"]) for item in done.items] == [("host:w1", ["trusted"])]
    assert "trusted" not in done.inventory["hosts"][0]


def test_an_import_is_taken_back_but_for_what_somebody_changed_since(site: Site, found: dict[str, Any]) -> None:
    site.apply(**BASE)
    before = site.document()
    found["hosts"] = {name: {"address": f"10.1.0.{at}"} for at, name in enumerate(["w1", "w3", "w4"], 1)}
    found["groups"] = {"web": {"hosts": ("w1", "w3", "w4")}}
    site.apply(**BASE, remove_missing=True)
    snapshot = site.snapshot()
    site.there["hosts"]["w4"]["user"] = "ana"
    preview = site.ask(**BASE, preview=True, undo=snapshot)
    assert (preview.failure, preview.inventory) == ({}, {})
    back = site.apply(**BASE, undo=snapshot)
    assert (back.failure, back.inventory["trusted"]) == ({}, False)
    assert ("noop", "host:w4") in shown(back)
    assert any("host w4: it was changed after the run, and stays" in one for one in back.warnings)
    assert site.there["hosts"].pop("w4")["address"] == "10.1.0.3"
    assert sorted(site.document()["hosts"], key=str) == sorted(before["hosts"], key=str)
    assert sorted(site.document()["groups"], key=str) == sorted(before["groups"], key=str)
    again = site.ask(**BASE, undo=snapshot)
    assert again.inventory == {}


@pytest.mark.parametrize(
    "snapshot", [{}, [], {"schema_version": 1, "runbook": "inventory_import", "name": "other", "steps": []}]
)
def test_a_snapshot_of_something_else_is_refused(site: Site, snapshot: Any) -> None:
    assert site.ask(**BASE, undo=snapshot).failure["code"] == "validation"


def test_five_thousand_hosts_are_compared_and_handed_over(site: Site, found: dict[str, Any]) -> None:
    names = [f"w{number}" for number in range(5000)]
    facts = {"variables": {"site": "ams1", "tags": ["a", "b"], "serial": "x" * 100}}
    found["hosts"] = {name: {"address": "10.0.0.1", **facts} for name in names}
    found["groups"] = {f"g{number}": {"hosts": tuple(names[number::50])} for number in range(50)}
    done = site.apply(**BASE)
    assert (done.failure, len(done.inventory["hosts"])) == ({}, 5000)
    assert site.ask(**BASE).items == []
