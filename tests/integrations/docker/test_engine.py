"""Asking an engine: containers, a Swarm, logs and events, as they are when something is wrong too."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orch_app.integrations.docker.engine import Engine, LogWish, explain
from orch_app.integrations.docker.reach import engine_reach
from orch_app.integrations.docker.reading import stacks
from orch_app.kit.breaker import Breaker
from orch_app.kit.egress import EgressRefused
from orch_app.kit.upstream import Upstream
from orch_app.kit.upstream_failures import UpstreamError
from tests.integrations.docker.samples import node_row, service_row, task_row
from tests.systems.engine import BEGAN, FakeContainer, FakeEngine, fake_engine

WEB, DB = "a" * 64, "b" * 64
IN_SHOP = {"com.docker.stack.namespace": "shop", "com.docker.swarm.service.name": "shop_web"}


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[FakeEngine]:
    with fake_engine(tmp_path) as engine:
        yield engine


@pytest.fixture
def engine(docker: FakeEngine) -> Iterator[Engine]:
    with Upstream("Docker", engine_reach(f"unix://{docker.socket}"), explain=explain, breaker=Breaker()) as upstream:
        yield Engine(upstream)


def test_containers_are_read_by_name_with_all_that_is_known(docker: FakeEngine, engine: Engine) -> None:
    docker.containers = [
        FakeContainer(WEB, "shop_web.1.x", health="unhealthy", labels=IN_SHOP, agent_node="n2"),
        FakeContainer(DB, "db", image="postgres:16@sha256:" + "c" * 64, state="exited", exit_code=137),
    ]
    db, web = engine.containers()
    assert (db.name, db.image, db.state, db.exit_code, db.stack) == ("db", "postgres:16", "exited", 137, "")
    assert (web.health, web.stack, web.service, web.node) == ("unhealthy", "shop", "shop_web", "n2")
    assert [(port.private, port.public, port.protocol) for port in web.ports] == [(80, 8080, "tcp")]
    assert web.created_at.timestamp() == BEGAN
    assert docker.asked == [("GET", "/containers/json", {"all": "1"})]


@pytest.mark.parametrize(
    ("changes", "bad"),
    [
        ({}, False),
        ({"health": "healthy"}, False),
        ({"health": "starting"}, False),
        ({"health": "unhealthy"}, True),
        ({"state": "exited", "exit_code": 0}, False),
        ({"state": "exited", "exit_code": 1}, True),
        ({"state": "restarting"}, True),
        ({"state": "dead"}, True),
        ({"state": "paused"}, False),
    ],
)
def test_who_is_in_error(docker: FakeEngine, engine: Engine, changes: dict[str, Any], bad: bool) -> None:
    docker.containers = [FakeContainer(WEB, "web", **changes)]
    assert engine.containers()[0].is_in_error is bad


def ended(number: int, place: str, *, made: float) -> FakeContainer:
    """The container of a task that Swarm has stopped, and that did not heed it."""
    task = {"com.docker.swarm.service.id": "s1", "com.docker.swarm.task.name": f"shop_web.{place}.t{number}"}
    name, labels = f"shop_web.{place}.t{number}", IN_SHOP | task
    return FakeContainer(f"{number:064x}", name, state="exited", exit_code=137, labels=labels, made=made)


def test_what_swarm_has_put_another_task_in_the_place_of_is_no_error(docker: FakeEngine, engine: Engine) -> None:
    docker.containers = [ended(1, "1", made=0), ended(2, "1", made=60), ended(3, "2", made=0)]
    assert [row.is_in_error for row in engine.containers()] == [False, True, True]
    docker.nodes = [node_row("n1", leader=True), node_row("n2")]
    docker.services = [service_row("s1", "shop_web", replicas=2)]
    docker.tasks = [task_row("t9", "s1", "n2")]
    swarm = engine.swarm()
    assert swarm is not None
    assert [row.is_replaced for row in engine.containers(swarm.tasks)] == [True, True, False]
    docker.containers[2].labels.pop("com.docker.swarm.service.id")
    assert engine.containers(swarm.tasks)[2].is_in_error


def test_an_engine_without_a_swarm_has_none(engine: Engine) -> None:
    assert engine.swarm() is None


def test_tasks_on_a_dead_machine_do_not_run(docker: FakeEngine, engine: Engine) -> None:
    docker.nodes = [node_row("n1", leader=True), node_row("n2", state="down")]
    docker.services = [service_row("s1", "shop_web", replicas=2, env=["TOKEN=abcdef", "MODE=x"], stack="shop")]
    docker.tasks = [
        task_row("t1", "s1", "n1"),
        task_row("t2", "s1", "n2"),
        task_row("t3", "s1", "n2", wanted="shutdown"),
        task_row("t4", "s1", "n1", state="rejected", error="No such image: app:9"),
    ]
    swarm = engine.swarm()
    assert swarm
    web = swarm.services[0]
    assert (web.running, web.wanted, web.is_in_error, web.error) == (1, 2, True, "No such image: app:9")
    assert (web.image, web.digest) == ("app:1.0", "sha256:" + "d" * 64)
    assert web.environment_names == ("MODE", "TOKEN")
    assert "abcdef" not in repr(swarm)
    assert [(node.name, node.is_in_error, node.is_leader) for node in swarm.nodes] == [
        ("n1", False, True),
        ("n2", True, False),
    ]


@pytest.mark.parametrize(
    ("mode", "name", "wanted"),
    [
        ({"Replicated": {"Replicas": 3}}, "replicated", 3),
        ({"Replicated": {"Replicas": 0}}, "replicated", 0),
        ({"Global": {}}, "global", 1),
        ({"ReplicatedJob": {"MaxConcurrent": 1}}, "replicated-job", 0),
        ({"GlobalJob": {}}, "global-job", 0),
    ],
)
def test_how_many_tasks_there_should_be(
    docker: FakeEngine, engine: Engine, mode: dict[str, Any], name: str, wanted: int
) -> None:
    docker.nodes = [node_row("n1")]
    docker.services = [service_row("s1", "one", mode=mode)]
    docker.tasks = [task_row("t1", "s1", "n1")]
    swarm = engine.swarm()
    assert swarm
    assert (swarm.services[0].mode, swarm.services[0].wanted) == (name, wanted)


def test_a_service_that_was_rolled_back_is_in_error_though_everything_runs(docker: FakeEngine, engine: Engine) -> None:
    docker.nodes, docker.tasks = [node_row("n1")], [task_row("t1", "s1", "n1")]
    docker.services = [service_row("s1", "one", replicas=1, update="rollback_completed")]
    swarm = engine.swarm()
    assert swarm
    assert swarm.services[0].is_in_error


def test_stacks_are_found_by_labels_whoever_made_them(docker: FakeEngine, engine: Engine) -> None:
    docker.nodes, docker.tasks = [node_row("n1")], [task_row("t1", "s1", "n1")]
    docker.services = [service_row("s1", "shop_web", replicas=2, stack="shop")]
    docker.containers = [
        FakeContainer(WEB, "shop_web.1.x", labels=IN_SHOP),
        FakeContainer(DB, "blog-db-1", labels={"com.docker.compose.project": "blog"}, state="exited", exit_code=2),
        FakeContainer("c" * 64, "alone"),
    ]
    swarm = engine.swarm()
    assert swarm
    found = stacks(swarm.services, engine.containers())
    assert [(one.name, one.kind, one.services, one.containers, one.in_error) for one in found] == [
        ("blog", "compose", 0, 1, 1),
        ("shop", "swarm", 1, 1, 1),
    ]


def test_the_end_of_a_log_is_read(docker: FakeEngine, engine: Engine) -> None:
    docker.containers = [FakeContainer(WEB, "web", log=[(1, 0, "a"), (2, 1.5, "b"), (1, 2, "c")])]
    with engine.container_log(WEB, LogWish(tail=2), has_terminal=False) as tail:
        found = list(tail.lines)
    assert [(line.source, line.text) for line in found] == [("stderr", "b"), ("stdout", "c")]
    assert found[0].at.endswith("01.500000000Z")


def test_a_log_between_two_moments_is_read(docker: FakeEngine, engine: Engine) -> None:
    docker.containers = [FakeContainer(WEB, "web", tty=True, log=[(1, at, f"line {at}") for at in range(5)])]
    wish = LogWish(tail=None, since=str(BEGAN + 1), until=str(BEGAN + 3))
    with engine.container_log(WEB, wish, has_terminal=True) as tail:
        assert [line.text for line in tail.lines] == ["line 1", "line 2", "line 3"]


def test_a_log_is_followed_until_somebody_stops_it(docker: FakeEngine, engine: Engine) -> None:
    container = FakeContainer(WEB, "web", log=[(1, 0, "old")])
    docker.containers = [container]
    with engine.container_log(WEB, LogWish(follow=True), has_terminal=False) as tail:
        assert next(tail.lines).text == "old"
        container.log.append((1, 1, "new"))
        assert next(tail.lines).text == "new"
        threading.Timer(0.1, tail.stop).start()
        with pytest.raises(UpstreamError):
            next(tail.lines)


def test_the_log_of_a_service_is_that_of_its_tasks(docker: FakeEngine, engine: Engine) -> None:
    docker.nodes, docker.tasks = [node_row("n1")], [task_row("t1", "s1", "n1")]
    docker.services = [service_row("s1", "shop_web")]
    docker.containers = [FakeContainer(WEB, "x", labels={"com.docker.swarm.task.id": "t1"}, log=[(1, 0, "of a task")])]
    with engine.service_log("shop_web", LogWish(), has_terminal=False) as tail:
        assert [(line.task, line.text) for line in tail.lines] == [("t1", "of a task")]


def test_what_happens_is_told(docker: FakeEngine, engine: Engine) -> None:
    attributes = {"name": "shop_web.1.x", "exitCode": "137", "image": "app:1.0", **IN_SHOP}
    actor = {"ID": WEB, "Attributes": attributes}
    row = {"Type": "container", "Action": "die", "Actor": actor, "timeNano": BEGAN * 10**9}
    docker.events = [row, {**row, "Type": "node", "Action": "update", "Actor": {"ID": "n1"}}]
    with engine.events(since="0", until="1") as events:
        died, changed = list(events)
    assert (died.type, died.action, died.name, died.exit_code) == ("container", "die", "shop_web.1.x", 137)
    assert (died.stack, died.service, died.at.timestamp()) == ("shop", "shop_web", BEGAN)
    assert (changed.type, changed.exit_code) == ("node", None)


def test_a_container_that_is_gone_is_told_in_the_words_of_the_engine(engine: Engine) -> None:
    with pytest.raises(UpstreamError) as caught:
        engine.inspect("gone")
    assert (caught.value.kind, caught.value.detail) == ("not_found", "Docker answered 404: No such container: gone.")


def test_a_socket_where_nobody_listens_is_unreachable(tmp_path: Path) -> None:
    reach = engine_reach(f"unix://{tmp_path}/none.sock")
    with (
        Upstream("Docker", reach, breaker=Breaker(), sleep=lambda _: None) as upstream,
        pytest.raises(UpstreamError) as e,
    ):
        Engine(upstream).containers()
    assert e.value.kind == "unreachable"


@pytest.mark.parametrize(
    ("url", "ca", "base"),
    [
        ("tcp://10.0.0.5:2375", "", "http://10.0.0.5:2375"),
        ("https://docker.example:2376", "", "https://docker.example:2376"),
        ("http://docker.example", "", "http://docker.example"),
    ],
)
def test_how_an_address_is_spoken_to(url: str, ca: str, base: str) -> None:
    reach = engine_reach(url, ("10.0.0.0/8",), ca=ca)
    assert (reach.base, reach.allow, reach.unix_socket, reach.verify) == (base, ("10.0.0.0/8",), "", True)


def test_certificates_that_are_none_are_refused() -> None:
    with pytest.raises(EgressRefused):
        engine_reach("tcp://10.0.0.5:2376", ca="no certificate")
