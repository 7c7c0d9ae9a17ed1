"""The module against the engine's API over HTTP: it sends only what the API knows, and all of it only once."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.runbooks import modules
from tests.runbooks.stack.clock import Clock
from tests.runbooks.stack.deploying import look
from tests.runbooks.stack.fake_swarm import FakeSwarm
from tests.runbooks.stack.served_swarm import served

LOGIN = {"id": "con_1", "name": "ours", "url": "https://r.example.org", "username": "ops", "password": "pull-0nly"}
HUB = {"id": "con_2", "name": "hub", "url": "https://registry-1.docker.io", "username": "ann", "password": "h0b-only"}
FILE = """
services:
  web:
    image: r.example.org/web:{release}
    healthcheck: {{test: [CMD, "true"], interval: 1s, retries: 3, start_period: 5s}}
    environment: [A=1, B]
    networks: {{app: {{aliases: [x]}}, front: null}}
    configs: [{{source: page, target: /page, mode: 0440}}]
    secrets: [token]
    volumes: ["data:/d:ro", "/srv:/srv:rslave", {{type: tmpfs, target: /t, tmpfs: {{size: 1m, mode: 0700}}}}, /none]
    ports: ["8080:80", {{target: 53, published: 53, protocol: udp, mode: host}}]
    ulimits: {{nofile: 100}}
    sysctls: {{net.core.somaxconn: 128}}
    dns: [10.0.0.1]
    dns_search: example.org
    logging: {{driver: json-file, options: {{max-size: 1m}}}}
    init: true
    cap_add: [chown]
    deploy:
      replicas: 2
      resources: {{limits: {{cpus: "0.5", memory: 1g, pids: 5}}, reservations: {{cpus: "0.1"}}}}
      restart_policy: {{condition: on-failure, delay: 1s, max_attempts: 3, window: 10s}}
      update_config: {{parallelism: 2, delay: 1s, failure_action: rollback, monitor: 1s, max_failure_ratio: 0.1}}
      rollback_config: {{order: start-first}}
      placement: {{constraints: [node.role == worker], preferences: [{{spread: node.id}}], max_replicas_per_node: 1}}
  all: {{image: "all:1", healthcheck: {{test: x}}, deploy: {{mode: global, endpoint_mode: dnsrr}}}}
networks:
  app: {{external: true}}
  front: {{driver_opts: {{encrypted: ""}}, ipam: {{config: [{{subnet: 10.1.0.0/24}}]}}}}
volumes: {{data: {{driver_opts: {{type: nfs}}}}}}
configs: {{page: {{content: hello}}}}
secrets: {{token: {{environment: TOKEN}}}}
"""


@pytest.fixture
def swarm() -> FakeSwarm:
    return FakeSwarm()


@pytest.fixture
def given(swarm: FakeSwarm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The module's parameters for a Swarm behind HTTP; nothing waits for the clock on the wall."""
    converge = modules.shared("stack.converge")
    monkeypatch.setitem(converge.Watch.__init__.__kwdefaults__, "clock", Clock())
    monkeypatch.setattr(converge.Pace.__new__, "__defaults__", (0.0,))  # this Swarm begins at once
    options = modules.library("swarm_stack").OPTIONS
    with served(swarm) as url:
        files = {"docker": {"url": url}, "secrets": {"values": "TOKEN=hunter2"}}
        own = {name: stored(tmp_path / name, name, payload) for name, payload in files.items()}
        yield {
            **{name: option.get("default") for name, option in options.items()},
            **own,
            "registries": [stored(tmp_path / "ours", "registry", LOGIN)],
            "egress_allow": ["127.0.0.0/8"],
            "artifacts_dir": str(tmp_path),
            "runbook": "swarm_deploy",
            "stack": "shop",
            "resolve_image": "never",
            "stable_s": 0,
        }


def stored(file: Path, kind: str, payload: dict[str, str]) -> str:
    """The file of a connection."""
    file.write_text(json.dumps({"type": kind, **payload}))
    return str(file)


def run(given: dict[str, Any], *, check: bool = False, release: str = "1", **more: Any) -> dict[str, Any]:
    compose = FILE.format(release=release)
    return modules.library("swarm_stack").answer({**given, "compose": compose, **more}, check=check)


def test_what_was_previewed_is_applied_once(swarm: FakeSwarm, given: dict[str, Any]) -> None:
    preview = run(given, check=True)
    assert (preview["failure"], swarm.writes, preview["counts"]["create"]) == ({}, [], 6)
    first = run(given, expect_plan=preview["plan_sha256"])
    assert (first["failure"], first["counts"], first["snapshot_ref"]) == ({}, preview["counts"], "snapshot.json")
    swarm.writes.clear()
    again = run(given)
    assert (again["failure"], again["changed"], swarm.writes) == ({}, False, [])
    late = run(given, release="2", expect_plan=preview["plan_sha256"])
    assert (late["failure"]["code"], swarm.writes) == ("stale_plan", [])


def test_a_failing_update_is_taken_back_and_a_good_one_rolled_back(
    swarm: FakeSwarm, given: dict[str, Any], tmp_path: Path
) -> None:
    run(given)
    before = look(swarm).shown("shop_web")
    swarm.bad = {"r.example.org/web:2"}
    failed = run(given, release="2")
    assert failed["failure"]["code"] == "verify_failed"
    assert "The stack is as it was before." in failed["failure"]["message"]
    assert look(swarm).shown("shop_web") == before
    assert run(given, release="3")["failure"] == {}
    back = run(given, snapshot_path=str(tmp_path / "snapshot.json"))
    assert (back["failure"], look(swarm).shown("shop_web")) == ({}, before)


def test_the_login_of_a_registry_goes_with_its_own_images_only(swarm: FakeSwarm, given: dict[str, Any]) -> None:
    run(given)
    assert swarm.shown == {("r.example.org", "ops")}
    assert [write for write in swarm.writes if write.startswith("create service")] == [
        "create service shop_all",
        "create service shop_web",
    ]


def test_several_registries_each_get_their_own_login_and_the_plan_says_which(
    swarm: FakeSwarm, given: dict[str, Any], tmp_path: Path
) -> None:
    both = [*given["registries"], stored(tmp_path / "hub", "registry", HUB)]
    preview = run(given, check=True, registries=both)
    plan = (tmp_path / "plan.json").read_text()
    said = {item["name"]: item["note"] for item in json.loads(plan)["items"] if item["kind"] == "service"}
    assert said == {
        "shop_web": "pulled from r.example.org with the login of ours",
        "shop_all": "pulled from docker.io with the login of hub",
    }
    done = run(given, expect_plan=preview["plan_sha256"], registries=both)
    assert (done["failure"], swarm.shown) == ({}, {("r.example.org", "ops"), ("docker.io", "ann")})
    assert {item["name"]: item.get("note") for item in done["items"] if item["kind"] == "service"} == said
    assert not [word for word in ("pull-0nly", "h0b-only") if word in plan + json.dumps(done)]
    assert not [item for item in run(given, registries=both)["items"] if "note" in item]


def test_two_logins_of_one_registry_change_nothing(swarm: FakeSwarm, given: dict[str, Any], tmp_path: Path) -> None:
    other = stored(tmp_path / "other", "registry", {**LOGIN, "id": "con_3", "name": "theirs"})
    result = run(given, registries=[*given["registries"], other])
    assert (result["failure"]["code"], swarm.writes) == ("validation", [])
    assert "ours and theirs are both of r.example.org" in result["failure"]["message"]


def test_a_login_is_not_shown_to_the_registry_that_a_service_moves_to(
    swarm: FakeSwarm, given: dict[str, Any], tmp_path: Path
) -> None:
    answer = modules.library("swarm_stack").answer
    run(given)
    swarm.shown.clear()
    moved = {**given, "registries": [], "compose": FILE.format(release="2").replace("r.example.org", "s.example.org")}
    assert answer(moved, check=False)["failure"] == {}
    assert (swarm.shown, swarm.logins["shop_web"][0]["username"]) == (set(), "")
    back = {**moved, "snapshot_path": str(tmp_path / "snapshot.json")}
    assert answer(back, check=False)["failure"] == {}
    assert swarm.shown == {("r.example.org", "ops")}


def test_swarms_own_notes_are_no_reason_to_give_up(
    swarm: FakeSwarm, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(given)
    read = modules.shared("stack.live").read

    def slowly(*asked: Any) -> Any:
        found = read(*asked)
        swarm.documents["shop_web"]["Version"] = {"Index": 999}
        return found

    monkeypatch.setattr(modules.shared("stack.live"), "read", slowly)
    assert run(given, release="2")["failure"] == {}


def test_somebody_elses_update_in_between_is_a_conflict(
    swarm: FakeSwarm, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(given)
    read = modules.shared("stack.live").read

    def slowly(*asked: Any) -> Any:
        found = read(*asked)
        one = swarm.documents["shop_web"]
        changed = {**one["Spec"], "Labels": {**one["Spec"]["Labels"], "by": "somebody"}}
        swarm.documents["shop_web"] = {**one, "Version": {"Index": 999}, "Spec": changed}
        return found

    monkeypatch.setattr(modules.shared("stack.live"), "read", slowly)
    result = run(given, release="2", on_failure="leave")
    assert result["failure"]["code"] == "conflict"
