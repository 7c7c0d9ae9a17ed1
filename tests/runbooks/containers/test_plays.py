"""The plays as Ansible runs them: their output holds its schema, and an upstream failure is the job's reason."""

from typing import Any

import pytest

from orch_app.domains.runbooks.inputs import check_inputs
from tests.runbooks.containers.site import Site
from tests.runbooks.plays import Play, run_play, spec


def play(site: Site, name: str, inputs: dict[str, Any], *options: str, **orch: Any) -> Play:
    """Run it through the Portainer of the site; what it wrote must hold the runbook's own schema."""
    connections = {"portainer": {"path": site.portainer, "name": "my portainer", "type": "portainer"}}
    given = {"connections": connections, "artifacts_dir": str(site.folder), "egress_allow": ["localhost"], **orch}
    done = run_play(site.folder, name, inputs, None, *options, **given)
    assert check_inputs(spec(name).output_schema, done.output).problems == (), done.text
    assert site.server.key not in done.text
    return done


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("portainer_inventory", {"endpoint_ids": [2, 3]}),
        ("portainer_logs", {"endpoint_id": 2, "target": {"container_id": "web"}}),
        ("container_restart", {"endpoint_id": 2, "containers": ["web"]}),
        ("container_stop", {"endpoint_id": 2, "containers": ["web"]}),
        ("container_remove", {"endpoint_id": 2, "containers": ["db"]}),
    ],
)
def test_a_play_does_what_it_says(site: Site, name: str, inputs: dict[str, Any]) -> None:
    site.engine.containers[0].log = [(1, 0.0, "hello swordfish")]
    done = play(site, name, inputs)
    assert done.rc == 0, done.text
    assert "failure" not in done.output
    assert done.output["changed"] is name.startswith("container_")
    assert "swordfish" not in done.text


def test_the_play_hands_the_last_inventory_on_and_keeps_its_own(site: Site) -> None:
    play(site, "portainer_inventory", {"endpoint_ids": [2]})
    last = (site.folder / "snapshot.json").rename(site.folder / "last.json")
    site.engine.containers.pop()
    done = play(site, "portainer_inventory", {"endpoint_ids": [2]}, earlier_path=str(last))
    assert [(one["name"], one["change"]) for one in done.output["changes"]] == [("db", "removed")]
    assert (done.output["snapshot_ref"], len(done.output["plan_sha256"])) == ("snapshot.json", 64)


def test_a_preview_changes_nothing(site: Site) -> None:
    done = play(site, "container_stop", {"endpoint_id": 2, "containers": ["web"]}, "--check", "--diff", mode="preview")
    assert (done.rc, done.output["changed"]) == (0, True)
    assert site.engine.containers[0].state == "running"
    assert (site.folder / "plan.json").exists()
    assert len(done.output["plan_sha256"]) == 64


def test_a_failure_is_told_and_the_output_is_whole(site: Site) -> None:
    done = play(site, "container_restart", {"endpoint_id": 4, "containers": ["web"]})
    assert done.rc != 0
    assert done.output["failure"]["code"] == "insufficient_scopes"
    assert done.output["items"][0]["error"]["code"] == "insufficient_scopes"
