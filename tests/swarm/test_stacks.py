"""A stack is deployed, changed, taken back and restarted on a real Swarm; what fails is undone and named."""

from collections.abc import Iterator
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from tests.swarm.site import Site
from tests.swarm.stacks import EXTRA, FAILS, STACK, Stacks, file
from tests.systems.portainer import FakeEndpoint, fake_portainer

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def stacks(deployed: Site, tmp_path: Path) -> Iterator[Stacks]:
    """A Swarm without the stack before and after."""
    manager = deployed.swarm.manager
    yield Stacks(deployed.swarm, tmp_path)
    manager.docker("stack", "rm", STACK, check=False)
    for kind in ("secret", "config"):
        named = manager.docker(kind, "ls", "--quiet", "--filter", f"name={STACK}_").split()
        manager.docker(kind, "rm", *named, check=False)
    networks = ("network", "ls", "--quiet", "--filter", f"name={STACK}_")
    deployed.swarm.wait_for(lambda: not manager.docker(*networks), lambda: "the networks go")


def fine(result: dict[str, Any]) -> dict[str, Any]:
    assert result["failure"] == {}, result["failure"]
    return result


def item(result: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in result["items"] if one["id"] == f"service {STACK}_{name}")


def test_a_stack_comes_changes_and_goes_back(stacks: Stacks) -> None:
    preview = fine(stacks.run(file(), check=True))
    assert stacks.state() == {}
    first = fine(stacks.run(file(), expect_plan=preview["plan_sha256"]))
    assert (first["counts"]["create"], item(first, "web")["replicas"]) == (6, 2)
    assert {one["status"] for one in first["items"]} == {"done"}
    assert first["found"]["urls"] == ["http://shop.example.org"]
    before = stacks.state()

    again = fine(stacks.run(file(), resolve_image="always"))
    assert (again["changed"], again["counts"]["noop"], again["snapshot_ref"]) == (False, 2, "")

    changed = fine(stacks.run(file(mode="b", replicas=1, more=EXTRA)))
    assert item(changed, "web")["fields"] == ["configs", "env", "replicas"]
    assert "converged_s" in item(changed, "extra")
    assert fine(stacks.run(file(mode="b", replicas=1, more=EXTRA)))["changed"] is False

    pruned = fine(stacks.run(file(mode="b", replicas=1)))
    assert (pruned["found"]["pruned"], set(stacks.state())) == ([f"{STACK}_extra"], {f"{STACK}_web", f"{STACK}_agent"})

    restarted = fine(stacks.run(task="restart", services=["web"]))
    assert restarted["counts"]["update"] == 1
    assert fine(stacks.run(file(mode="b", replicas=1)))["changed"] is False

    fine(stacks.run(file(mode="c", replicas=1)))
    taken = stacks.snapshot
    fine(stacks.run(task="previous", services=["web"]))
    assert stacks.state()[f"{STACK}_web"]["configs"][0]["name"] == f"{STACK}_page_v2"
    fine(stacks.run(file()))
    assert stacks.state() == before
    fine(stacks.run(snapshot_path=taken))
    assert stacks.state()[f"{STACK}_web"]["replicas"] == 1


def test_an_update_that_fails_is_undone_and_named(stacks: Stacks) -> None:
    fine(stacks.run(file()))
    before = stacks.state()
    failed = stacks.run(file(command=FAILS))
    assert failed["failure"]["code"] == "verify_failed"
    assert "The stack is as it was before." in failed["failure"]["message"]
    assert stacks.state() == before
    assert any("no-such-option" in line for line in item(failed, "web")["log"])
    missing = stacks.run(file(image="orch-none:1"))
    assert missing["failure"]["code"] == "image_not_found", missing["failure"]
    assert stacks.state() == before
    homeless = stacks.run(file(constraint="node.labels.no == where"), timeout_s=8)
    assert homeless["failure"]["code"] == "no_suitable_node", homeless["failure"]
    assert stacks.state() == before
    assert fine(stacks.run(file()))["changed"] is False


def test_what_is_missing_or_somebody_elses_is_found_before_anything_is_done(stacks: Stacks) -> None:
    external = file().replace("{environment: TOKEN}", "{external: true, name: nobodys}")
    assert stacks.run(external)["failure"]["code"] == "secret_missing"
    manager = stacks.swarm.manager
    name = f"{STACK}_web"
    manager.docker("service", "create", "--detach", "--replicas", "0", "--no-resolve-image", "--name", name, "none:1")
    try:
        assert stacks.run(file())["failure"]["code"] == "conflict"
    finally:
        manager.docker("service", "rm", name)
    assert stacks.state() == {}


def test_a_node_that_dies_during_a_deploy_is_waited_for(stacks: Stacks) -> None:
    (dying,) = stacks.swarm.others
    fine(stacks.run(file()))
    Timer(1, dying.kill).start()
    try:
        result = fine(stacks.run(file(mode="b", replicas=4), stable_s=20, timeout_s=120))
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
        fine(stacks.run(file()))
        (kept,) = server.stacks
        assert f"{STACK}_page_v1" in kept.file
        assert fine(stacks.run(file()))["changed"] is False
        good = kept.file
        failed = stacks.run(file(command=FAILS))
        assert failed["failure"]["code"] == "verify_failed", failed["failure"]
        assert kept.file == good
        assert fine(stacks.run(file()))["changed"] is False
