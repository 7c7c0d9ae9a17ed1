"""The import of an inventory as a real play: its output holds its schema, and failures are its reasons."""

import json
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.runbooks.inputs import check_output
from tests.runbooks.inventory.imports import SOURCE
from tests.runbooks.plays import Play, run_play, spec
from tests.systems.netbox import FIRST, netbox

PREVIEW = ("--check", "--diff")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "source" / "inventory").mkdir(parents=True)
    (tmp_path / "source" / "inventory" / "hosts.ini").write_text(
        "[web]\nw1 ansible_host=10.0.0.1 greeting='{{ word }}'\n"
    )
    (tmp_path / "there.json").write_text(json.dumps({"hosts": [], "groups": []}))
    return tmp_path


def play(folder: Path, inputs: dict[str, Any], *options: str, **orch: Any) -> Play:
    given = {
        "connections": {},
        "artifacts_dir": str(folder),
        "inventory_path": str(folder / "there.json"),
        "source_path": str(folder / "source"),
        "expect_plan": "",
        "snapshot_path": "",
        "egress_allow": ["127.0.0.0/8"],
        "egress_deny": [],
        **orch,
    }
    done = run_play(folder, "inventory_import", inputs, None, *options, **given)
    assert check_output(spec("inventory_import").output_schema, done.output) == (), done.text
    return done


def test_seen_brought_and_taken_back(folder: Path) -> None:
    seen = play(folder, SOURCE, *PREVIEW)
    assert (seen.rc, seen.output["changed"], "inventory" in seen.output) == (0, False, False), seen.text
    assert "+ host w1" in seen.text
    assert not (folder / "snapshot.json").exists()
    done = play(folder, SOURCE, expect_plan=seen.output["plan_sha256"])
    assert (done.rc, done.output["changed"], done.output["snapshot_ref"]) == (0, True, "snapshot.json"), done.text
    row = done.output["inventory"]["hosts"][0]
    assert (row["address"], row["variables"]) == ("10.0.0.1", {"greeting": "{{ word }}"})

    brought = [{**one, "origin": "ops", "trusted": True} for one in done.output["inventory"]["hosts"]]
    groups = [{**one, "origin": "ops", "trusted": True} for one in done.output["inventory"]["groups"]]
    (folder / "there.json").write_text(json.dumps({"hosts": brought, "groups": groups}))
    assert play(folder, SOURCE).output["changed"] is False
    snapshot = folder / "before.json"
    (folder / "snapshot.json").rename(snapshot)
    back = play(folder, SOURCE, snapshot_path=str(snapshot), source_path="")
    assert [one["state"] for one in back.output["inventory"]["hosts"]] == ["absent"]
    assert back.output["inventory"]["trusted"] is False


def test_failures_are_the_jobs_reason_and_the_output_is_whole(folder: Path) -> None:
    missing = play(folder, {**SOURCE, "path": "nowhere"})
    assert (missing.rc, missing.output["failure"]["code"], missing.output["changed"]) == (2, "not_found", False)
    with netbox() as server:
        (folder / "netbox.json").write_text(json.dumps({"type": "netbox", "url": server.url, "token": FIRST}))
        server.denied = {"dcim/devices"}
        slot = {"netbox": {"path": str(folder / "netbox.json"), "name": "netbox", "type": "netbox"}}
        refused = play(folder, {"from": "netbox", "name": "nb"}, connections=slot)
    assert (refused.rc, refused.output["failure"]["code"]) == (2, "insufficient_scopes")
    assert FIRST not in refused.text + json.dumps(refused.output)
