"""A stack is deployed, changed, taken back and restarted on a real Swarm; what fails is undone and named."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.runbooks.plays import Play, run_play, spec
from tests.swarm.stacks import EXTRA, FAILS, STACK, Stacks, plain, wide
from tests.systems.portainer import FakeEndpoint, fake_portainer
from tests.systems.sshd import ssh_server
from tests.systems.swarm.cluster import Swarm

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def stacks(plain_swarm: Swarm, tmp_path: Path) -> Iterator[Stacks]:
    """A Swarm without the stack before and after, but for a secret that somebody else has made for it."""
    found = Stacks(plain_swarm, tmp_path)
    plain_swarm.manager.docker("secret", "create", f"{STACK}_theirs", "-", text="theirs")
    yield found
    found.clear()


def fine(result: dict[str, Any]) -> dict[str, Any]:
    assert result["failure"] == {}, result["failure"]
    return result


def item(result: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in result["items"] if one["id"] == f"service {STACK}_{name}")


def test_a_stack_comes_changes_and_goes_back(stacks: Stacks) -> None:
    preview = fine(stacks.run(wide(), check=True))
    assert stacks.state() == {}
    first = fine(stacks.run(wide(), expect_plan=preview["plan_sha256"]))
    assert (first["counts"]["create"], item(first, "web")["replicas"]) == (9, 2)
    assert {one["status"] for one in first["items"]} == {"done"}
    assert first["found"]["urls"] == ["http://shop.example.org"]
    assert any("shop_nowhere" in warning for warning in first["warnings_found"])
    before = stacks.state()

    again = fine(stacks.run(wide(), resolve_image="always"))
    assert (again["changed"], again["counts"]["noop"], again["snapshot_ref"]) == (False, 5, "")

    changed = fine(stacks.run(wide(mode="b", replicas=1, more=EXTRA)))
    assert item(changed, "web")["fields"] == ["configs", "env", "replicas"]
    assert "converged_s" in item(changed, "extra")
    assert fine(stacks.run(wide(mode="b", replicas=1, more=EXTRA)))["changed"] is False

    pruned = fine(stacks.run(wide(mode="b", replicas=1)))
    assert (pruned["found"]["pruned"], f"{STACK}_extra" in stacks.state()) == ([f"{STACK}_extra"], False)

    restarted = fine(stacks.run(task="restart", services=["web"]))
    assert restarted["counts"]["update"] == 1
    assert fine(stacks.run(wide(mode="b", replicas=1)))["changed"] is False

    fine(stacks.run(wide(mode="c", replicas=1)))
    taken = stacks.snapshot
    fine(stacks.run(task="previous", services=["web"]))
    assert stacks.state()[f"{STACK}_web"]["configs"][0]["name"] == f"{STACK}_page_v2"
    fine(stacks.run(wide()))
    assert stacks.state() == before
    fine(stacks.run(snapshot_path=taken))
    assert stacks.state()[f"{STACK}_web"]["replicas"] == 1


def test_an_update_that_fails_is_undone_and_named(stacks: Stacks) -> None:
    fine(stacks.run(plain()))
    before = stacks.state()
    failed = stacks.run(plain(command=FAILS))
    assert failed["failure"]["code"] == "verify_failed"
    assert "The stack is as it was before." in failed["failure"]["message"]
    assert stacks.state() == before
    assert any("no such option" in line for line in item(failed, "web")["log"])
    missing = stacks.run(plain().replace("MODE=a]", "MODE=a], image: 'orch-none:1'"))
    assert missing["failure"]["code"] == "image_not_found", missing["failure"]
    assert stacks.state() == before
    homeless = plain().replace(
        "endpoint_mode: dnsrr,", "endpoint_mode: dnsrr, placement: {constraints: [node.id == 1]},"
    )
    nowhere = stacks.run(homeless, timeout_s=8)
    assert nowhere["failure"]["code"] == "no_suitable_node", nowhere["failure"]
    assert stacks.state() == before
    assert fine(stacks.run(plain()))["changed"] is False


def test_what_is_missing_or_somebody_elses_is_found_before_anything_is_done(stacks: Stacks) -> None:
    external = wide().replace("{environment: TOKEN}", "{external: true, name: nobodys}")
    assert stacks.run(external)["failure"]["code"] == "secret_missing"
    manager = stacks.swarm.manager
    name = f"{STACK}_web"
    manager.docker("service", "create", "--detach", "--replicas", "0", "--no-resolve-image", "--name", name, "none:1")
    try:
        assert stacks.run(wide())["failure"]["code"] == "conflict"
    finally:
        manager.docker("service", "rm", name)
    assert stacks.state() == {}


def test_a_node_that_dies_during_a_deploy_is_waited_for(stacks: Stacks) -> None:
    (dying,) = stacks.swarm.others
    fine(stacks.run(wide()))
    Timer(1, dying.kill).start()
    try:
        result = fine(stacks.run(wide(mode="b", replicas=4), stable_s=15, timeout_s=600))
        running = [
            task for task in stacks.swarm.manager.look("/tasks", '{"service": ["shop_web"]}') if is_running(task)
        ]
        assert {task["NodeID"] for task in running} == {
            stacks.swarm.manager.docker("info", "--format", "{{.Swarm.NodeID}}")
        }
        assert len(running) == 4
        assert item(result, "web")["status"] == "done"
    finally:
        dying.start()
        stacks.swarm.wait_for(lambda: stacks.swarm.state_of(dying) == "ready", lambda: "the node is ready")


def is_running(task: dict[str, Any]) -> bool:
    return task["DesiredState"] == task["Status"]["State"] == "running"


def test_portainer_deploys_what_it_keeps_and_gets_its_file_back(stacks: Stacks, tmp_path: Path) -> None:
    manager = stacks.swarm.manager

    def deploy(name: str, text: str, env: dict[str, str], prune: bool) -> None:
        written = tmp_path / "portainer.yml"
        written.write_text(text)
        manager.docker("stack", "deploy", "--resolve-image", "never", "--compose-file", str(written), name, env=env)

    with fake_portainer() as server:
        server.endpoints.append(FakeEndpoint(3, "swarm", Path(f"{manager.folder}/docker.sock"), deploy=deploy))
        stacks.through_portainer(server.url, server.key, 3)
        fine(stacks.run(wide()))
        (kept,) = server.stacks
        assert f"{STACK}_page_v1" in kept.file
        assert fine(stacks.run(wide()))["changed"] is False
        good, before = kept.file, stacks.state()
        failed = stacks.run(wide(command=FAILS))
        assert failed["failure"]["code"] == "verify_failed", failed["failure"]
        assert (kept.file, stacks.state()) == (good, before)
        fine(stacks.run(wide(mode="b")))
        assert kept.file != good
        fine(stacks.run(snapshot_path=stacks.snapshot))
        assert (kept.file, stacks.state()) == (good, before)


def test_a_play_over_tcp_and_over_ssh_ends_as_the_stack_does(stacks: Stacks, tmp_path: Path) -> None:
    engine = Path(f"{stacks.swarm.manager.folder}/docker.sock")
    with relay(engine) as port:
        docker = stacks.written("docker", url=f"tcp://127.0.0.1:{port}")
        good = play(tmp_path / "good", docker, plain())
        assert (good.rc, good.output.get("failure", {})) == (0, {}), good.text
        bad = play(tmp_path / "bad", docker, plain(command=FAILS))
        assert (bad.rc, bad.output["failure"]["code"]) == (2, "verify_failed")
        (service,) = [one for one in bad.output["items"] if one["kind"] == "service"]
        assert (service["action"], service["status"]) == ("error", "rolled_back")
    with over_ssh(stacks, engine) as docker:
        back = play(tmp_path / "back", docker, plain(), snapshot_path=str(tmp_path / "good" / "snapshot.json"))
        assert (back.rc, stacks.state()) == (0, {}), back.text


@contextmanager
def over_ssh(stacks: Stacks, engine: Path) -> Iterator[str]:
    """The file of a connection to the engine by a real ssh."""
    with ssh_server() as machine:
        url = f"ssh://{machine.user}@{machine.address}:{machine.port}{engine}"
        yield stacks.written("docker", url=url, privateKey=machine.private_key, hostKey=machine.host_key)


def play(folder: Path, docker: str, compose: str, **orch: Any) -> Play:
    folder.mkdir()
    wait = {"timeout_s": 60, "stable_s": 1}
    inputs = {"stack_name": STACK, "source": {"compose": compose}, "resolve_image": "never", "wait": wait}
    given = {"connections": {"docker": {"path": docker, "type": "docker"}}, "egress_allow": ["127.0.0.0/8"], **orch}
    done = run_play(folder, "swarm_deploy", inputs, None, artifacts_dir=str(folder), **given)
    faults = list(Draft202012Validator(spec("swarm_deploy").output_schema).iter_errors(done.output))
    assert faults == [], (done.text, json.dumps(done.output))
    return done


@contextmanager
def relay(engine: Path) -> Iterator[int]:
    """A port of this machine that leads to an engine's socket."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_hand_on, args=(server, engine), daemon=True).start()
        yield server.getsockname()[1]


def _hand_on(server: socket.socket, engine: Path) -> None:
    with suppress(OSError):  # the end of the test closes it
        while True:
            caller, _address = server.accept()
            threading.Thread(target=_talk, args=(caller, engine), daemon=True).start()


def _talk(caller: socket.socket, engine: Path) -> None:
    with caller, socket.socket(socket.AF_UNIX) as inside:
        inside.connect(str(engine))
        asking = threading.Thread(target=_pour, args=(caller, inside), daemon=True)
        asking.start()
        _pour(inside, caller)
        asking.join()


def _pour(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while content := source.recv(65536):
            target.sendall(content)
        target.shutdown(socket.SHUT_WR)
