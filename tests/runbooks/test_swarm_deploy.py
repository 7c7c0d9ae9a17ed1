"""The runbooks about stacks as real plays: what they plan, what they write, and how they end."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.runbooks.plays import Play, run_play, spec
from tests.systems.scripted_http import Script, says, scripted

MANAGER = says(200, {"Swarm": {"ControlAvailable": True, "Cluster": {"ID": "c1"}}})
NOTHING = [says(200, [])] * 4
VERSION = says(200, {"ApiVersion": "1.41"})
COMPOSE = "services: {web: {image: 'nginx:1.27', ports: ['22:22'], healthcheck: {test: [CMD, 'true']}}}"
INPUTS = {"stack_name": "shop", "source": {"compose": COMPOSE}, "resolve_image": "never"}


@pytest.fixture
def manager() -> Iterator[Script]:
    with scripted() as server:
        yield server


def play(folder: Path, manager: Script, name: str, inputs: dict[str, Any], *options: str, **orch: Any) -> Play:
    connection = folder / "docker.json"
    connection.write_text(json.dumps({"type": "docker", "url": manager.url.replace("http", "tcp")}))
    (folder / "artifacts").mkdir()
    known = {"docker": {"path": str(connection), "type": "docker"}}
    given = {"connections": known, "egress_allow": ["127.0.0.0/8"], **orch}
    done = run_play(folder, name, inputs, None, *options, artifacts_dir=str(folder / "artifacts"), **given)
    assert list(Draft202012Validator(spec(name).output_schema).iter_errors(done.output)) == [], done.text
    return done


def test_a_preview_shows_the_difference_and_writes_the_plan(manager: Script, tmp_path: Path) -> None:
    manager.lines = [MANAGER, *NOTHING, VERSION]
    done = play(tmp_path, manager, "swarm_deploy", INPUTS, "--check", "--diff", mode="preview")
    assert done.rc == 0, done.text
    assert '+image: "nginx:1.27"' in done.text
    plan = (tmp_path / "artifacts" / "plan.json").read_bytes()
    assert hashlib.sha256(plan).hexdigest() == done.output["plan_sha256"]
    assert json.loads(plan)["target"] == {"kind": "stack", "id": "c1/shop", "name": "shop"}
    assert done.output["counts"] == {"create": 2, "update": 0, "delete": 0, "noop": 0, "error": 0}
    assert {method for method, _path, _body in manager.asked} == {"GET"}


def test_a_file_that_breaks_the_policy_ends_the_job_with_its_place(manager: Script, tmp_path: Path) -> None:
    manager.lines = [MANAGER, *NOTHING, VERSION]
    done = play(tmp_path, manager, "swarm_deploy", {**INPUTS, "source": {"compose": "services: {web: {image: nginx}}"}})
    assert done.rc == 2
    assert done.output["failure"]["code"] == "validation"
    assert "/services/web/image" in done.output["failure"]["message"]


def test_an_engine_that_is_no_manager_is_named(manager: Script, tmp_path: Path) -> None:
    manager.lines = [says(200, {"Swarm": {"ControlAvailable": False}})]
    done = play(tmp_path, manager, "stack_restart", {"stack_name": "shop"})
    assert (done.rc, done.output["failure"]["code"]) == (2, "validation")


@pytest.mark.parametrize("name", ["stack_rollback", "stack_restart"])
def test_a_stack_that_is_not_there_is_named(manager: Script, tmp_path: Path, name: str) -> None:
    manager.lines = [MANAGER, *NOTHING]
    done = play(tmp_path, manager, name, {"stack_name": "shop"})
    assert (done.rc, done.output["failure"]["code"]) == (2, "not_found")


def test_without_a_connection_it_says_so(manager: Script, tmp_path: Path) -> None:
    done = play(tmp_path, manager, "swarm_deploy", INPUTS, connections={})
    assert done.output["failure"] == {
        "code": "validation",
        "message": "choose a connection of type docker or portainer",
    }
