"""The inventory: what each endpoint has, what is told of one that is down, and what changed since."""

import json
from typing import Any

import pytest

from orch_app.domains.runbooks.inputs import check_output
from tests.integrations.docker.samples import node_row, service_row, task_row
from tests.runbooks import modules
from tests.runbooks.containers.site import IN_SHOP, Site
from tests.systems.engine import BEGAN, FakeContainer

USUAL = ["services", "containers", "stacks", "nodes"]
ALL = [*USUAL, "volumes", "networks", "images", "secret_names"]


def take(site: Site, kind: str = "portainer", numbers: Any = (), **changes: Any) -> dict[str, Any]:
    given = {"endpoint_ids": list(numbers), "include": USUAL, "with_stats": False, "max_parallel": 4, "earlier": ""}
    given |= {"earlier_path": "", "artifacts_dir": str(site.folder), "runbook": "portainer_inventory"}
    how = {"is_preview": changes.pop("is_preview", False)}
    return modules.library("engine_inventory").inventory({**site.through(kind), **given, **changes}, **how)


def with_swarm(site: Site) -> None:
    site.engine.nodes = [node_row("n1", leader=True), node_row("n2", state="down")]
    site.engine.services = [service_row("s1", "shop_web", replicas=2, stack="shop", env=["DB_PASSWORD=swordfish"])]
    site.engine.tasks = [task_row("t1", "s1", "n1"), task_row("t2", "s1", "n2")]
    site.engine.containers.append(FakeContainer("c" * 64, "shop_web.1.t1", labels=IN_SHOP))


def test_everything_is_listed_without_the_values_of_variables(site: Site) -> None:
    with_swarm(site)
    found = take(site, numbers=[2], include=ALL)
    item = found["items"][0]
    assert (item["name"], item["action"], item["stale"], item["engine"]) == ("swarm", "noop", False, "20.10.24")
    service = item["services"][0]
    assert (service["running"], service["wanted"], service["image"]) == (1, 2, "app:1.0")
    assert service["variables"] == ["DB_PASSWORD"]
    assert [row["name"] for row in item["containers"]] == ["db", "shop_web.1.t1", "web"]
    assert [row["state"] for row in item["nodes"]] == ["ready", "down"]
    assert item["stacks"] == [{"name": "shop", "services": 1, "containers": 1}]
    assert [item[kind][0]["name"] for kind in ALL[4:]] == ["data", "bridge", "app:1.0", "db_password"]
    assert found["counts"]["containers"] == 3
    assert "swordfish" not in json.dumps(found)


def test_a_docker_connection_is_one_engine(site: Site) -> None:
    found = take(site, "docker")
    assert [(item["id"], item["name"], item["services"], item["nodes"]) for item in found["items"]] == [
        ("endpoint:0", "my docker", [], [])
    ]


def test_an_endpoint_that_is_down_is_told_with_what_was_seen_last(site: Site) -> None:
    found = take(site)
    by_name = {item["name"]: item for item in found["items"]}
    assert by_name["swarm"]["action"] == "noop"
    away, closed = by_name["away"], by_name["closed"]
    assert (away["stale"], away["seen_at"], away["last"]["running"]) == (True, BEGAN, 3)
    assert (away["error"]["code"], closed["error"]["code"]) == ("unreachable", "insufficient_scopes")
    assert len(found["warnings_found"]) == 2
    assert found["failure"] == {}


def test_it_fails_only_when_no_endpoint_answers(site: Site) -> None:
    assert take(site, numbers=[3, 4])["failure"]["code"] == "unreachable"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"portainer": "", "docker": ""}, "validation"),
        ({"earlier": "no JSON"}, "validation"),
        ({"earlier": '{"items": [1]}'}, "validation"),
        ({"endpoint_ids": [99]}, "not_found"),
        ({"egress_allow": []}, "validation"),
    ],
)
def test_what_cannot_begin_says_why(site: Site, changes: dict[str, Any], code: str) -> None:
    found = take(site, **changes)
    assert (found["failure"]["code"], found["items"]) == (code, [])


def test_two_connections_are_one_too_many(site: Site) -> None:
    assert take(site, docker=site.docker)["failure"]["code"] == "validation"


def test_a_wrong_key_is_told(site: Site) -> None:
    site.server.key = "another"
    assert take(site)["failure"]["code"] == "auth_failed"


def test_what_changed_since_an_earlier_inventory(site: Site) -> None:
    with_swarm(site)
    earlier = json.dumps({"items": take(site)["items"]})
    assert take(site, earlier=earlier)["changes"] == []
    site.engine.containers[0].health = "unhealthy"
    site.engine.containers[1:2] = [FakeContainer("e" * 64, "cache", image="redis:7")]
    site.engine.services[0]["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"] = "app:1.1"
    site.engine.nodes[1]["Status"]["State"] = "ready"
    site.engine.containers[2].name = "shop_web.1.t9"
    found = take(site, earlier=earlier)["changes"]
    assert [(one["kind"], one["name"], one["change"], one["before"], one["after"]) for one in found] == [
        ("service", "shop_web", "image", "app:1.0", "app:1.1"),
        ("service", "shop_web", "running", "1", "2"),
        ("container", "cache", "added", "", "redis:7 running"),
        ("container", "db", "removed", "app:1.0 exited", ""),
        ("container", "web", "health", "healthy", "unhealthy"),
        ("node", "n2", "state", "down", "ready"),
    ]


def test_an_inventory_is_kept_for_the_next_one_which_says_what_changed(site: Site) -> None:
    first = take(site)
    assert (first["changes"], first["snapshot_ref"]) == ([], "snapshot.json")
    kept = site.folder / "snapshot.json"
    assert json.loads(kept.read_text()) == {"schema_version": 1, "items": first["items"]}
    last = kept.rename(site.folder / "last.json")
    site.engine.containers[0].health = "unhealthy"
    found = take(site, earlier_path=str(last))
    assert [(one["name"], one["change"]) for one in found["changes"]] == [("web", "health")]
    other = json.dumps({"items": found["items"]})
    assert take(site, earlier=other, earlier_path=str(last))["changes"] == []


def test_the_plan_of_an_inventory_has_no_steps_and_says_whose_it_is(site: Site) -> None:
    found = take(site, is_preview=True)
    plan = json.loads((site.folder / "plan.json").read_text())
    assert check_output(json.loads((modules.RUNBOOKS / "plan.schema.json").read_text()), plan) == ()
    assert (plan["items"], plan["target"]) == (
        [],
        {"kind": "portainer_inventory", "id": "con_1", "name": "my portainer"},
    )
    assert (len(found["plan_sha256"]), found["snapshot_ref"]) == (64, "")
    assert not (site.folder / "snapshot.json").exists()


def test_an_inventory_that_failed_is_not_kept(site: Site) -> None:
    assert take(site, numbers=[3, 4])["snapshot_ref"] == ""
    assert not (site.folder / "snapshot.json").exists()


def test_nothing_is_said_to_be_gone_from_an_endpoint_that_does_not_answer(site: Site) -> None:
    earlier = json.dumps({"items": take(site)["items"]})
    site.engine.broken = True
    assert take(site, earlier=earlier)["changes"] == []


def test_lists_that_were_not_asked_for_are_not_compared(site: Site) -> None:
    earlier = json.dumps({"items": take(site, include=["nodes"])["items"]})
    assert take(site, earlier=earlier)["changes"] == []
