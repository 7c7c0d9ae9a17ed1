"""Asking Portainer: endpoints with what was last seen of them, stacks, and the engines behind, byte for byte."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orch_app.integrations.docker.engine import LogWish
from orch_app.integrations.portainer import server
from orch_app.integrations.portainer.server import Portainer, explain, server_reach
from orch_app.kit.breaker import Breaker
from orch_app.kit.upstream import Upstream
from orch_app.kit.upstream_failures import UpstreamError
from tests.systems.certificates import certificate
from tests.systems.engine import BEGAN, FakeContainer, FakeEngine, fake_engine
from tests.systems.portainer import DOWN, FakeEndpoint, FakePortainer, FakeStack, fake_portainer
from tests.systems.scripted_http import says, scripted

ALLOW = ("localhost",)
PATIENCE_S = 60.0
SNAPSHOT = {
    "Time": BEGAN,
    "DockerVersion": "20.10.24",
    "Swarm": True,
    "RunningContainerCount": 3,
    "StoppedContainerCount": 1,
    "UnhealthyContainerCount": 1,
    "ServiceCount": 2,
    "StackCount": 1,
    "NodeCount": 2,
}


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[FakeEngine]:
    with fake_engine(tmp_path) as engine:
        engine.containers = [FakeContainer("a" * 64, "web", log=[(1, 0, "hello"), (2, 1, "oh")])]
        yield engine


@pytest.fixture
def double(docker: FakeEngine) -> Iterator[FakePortainer]:
    with fake_portainer() as made:
        made.endpoints = [
            FakeEndpoint(2, "swarm", docker.socket, snapshot=dict(SNAPSHOT)),
            FakeEndpoint(3, "away", docker.socket, status=DOWN, snapshot=dict(SNAPSHOT)),
            FakeEndpoint(4, "not ours", docker.socket, refused=True),
            FakeEndpoint(5, "kubernetes", docker.socket, kind=5),
        ]
        yield made


@pytest.fixture
def portainer(double: FakePortainer) -> Iterator[Portainer]:
    with connected(double) as upstream:
        yield Portainer(upstream)


def connected(double: FakePortainer, key: str = "", *, verify: bool = True) -> Upstream:
    headers = {"X-API-KEY": key or double.key}
    reach = replace(server_reach(double.url, ALLOW, verify=verify), timeout_s=PATIENCE_S)
    return Upstream("Portainer", reach, headers, explain=explain, breaker=Breaker(), sleep=lambda _: None)


def failed(call: object) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        call()  # pyright: ignore[reportCallIssue]
    return caught.value


def test_endpoints_are_listed_page_by_page(
    portainer: Portainer, double: FakePortainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "PAGE", 2)
    found = portainer.endpoints()
    assert [(one.name, one.is_up, one.is_docker) for one in found] == [
        ("away", False, True),
        ("kubernetes", True, False),
        ("not ours", True, True),
        ("swarm", True, True),
    ]
    assert [asked[2]["start"] for asked in double.asked] == ["1", "3", "5"]


def test_a_server_that_gives_all_endpoints_whatever_page_is_asked_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PAGE", 2)
    rows = [{"Id": number, "Name": f"site {number}", "Type": 1, "Status": 1} for number in (1, 2, 3)]
    with scripted() as script:
        script.lines = [says(200, rows)] * 3
        with Upstream("Portainer", server_reach(script.url, ("127.0.0.1",)), breaker=Breaker()) as upstream:
            assert [one.number for one in Portainer(upstream).endpoints()] == [1, 2, 3]
    assert len(script.asked) == 2


def test_what_was_last_seen_of_an_endpoint_is_told(portainer: Portainer) -> None:
    snapshot = portainer.endpoint(3).snapshot
    assert snapshot
    assert (snapshot.at.timestamp(), snapshot.running, snapshot.stopped, snapshot.nodes) == (BEGAN, 3, 1, 2)
    assert portainer.endpoint(5).snapshot is None


def test_the_engine_behind_an_endpoint_is_asked_through_the_server(portainer: Portainer) -> None:
    engine = portainer.engine(2)
    assert [one.name for one in engine.containers()] == ["web"]
    with engine.container_log("a" * 64, LogWish(), has_terminal=False) as tail:
        assert [(line.source, line.text) for line in tail.lines] == [("stdout", "hello"), ("stderr", "oh")]


def test_an_agent_is_told_which_machine_is_meant_and_the_token_stays_here(
    portainer: Portainer, docker: FakeEngine
) -> None:
    portainer.engine(2, "n2").containers()
    assert docker.headers[0]["x-portaineragent-target"] == "n2"
    assert "x-api-key" not in docker.headers[0]


def test_an_endpoint_that_is_down_fails_alone(portainer: Portainer) -> None:
    assert failed(portainer.engine(3).containers).kind == "upstream_5xx"
    assert portainer.engine(2).containers()


def test_an_endpoint_that_the_token_may_not_use_is_refused_in_words(portainer: Portainer) -> None:
    error = failed(portainer.engine(4).containers)
    assert error.kind == "insufficient_scopes"
    assert (
        error.detail == "Portainer answered 403: Permission denied to access environment (Access denied to resource)."
    )


def test_a_wrong_token_is_told_from_a_missing_right(double: FakePortainer) -> None:
    with connected(double, "ptr_wrong") as upstream:
        assert failed(Portainer(upstream).endpoints).kind == "auth_failed"
        assert Portainer(upstream).version() == "2.23.0"


def test_stacks_of_the_server_are_listed(portainer: Portainer, double: FakePortainer) -> None:
    double.stacks = [FakeStack(7, "shop", 2, "swarm1", "services: {}", [])]
    assert [(one.number, one.name, one.endpoint) for one in portainer.stacks()] == [(7, "shop", 2)]


def test_a_certificate_is_checked_unless_the_connection_says_otherwise(tmp_path: Path) -> None:
    with fake_portainer(certificate(tmp_path, days=10)) as double:
        with connected(double) as upstream:
            assert failed(Portainer(upstream).endpoints).kind == "tls"
        with connected(double, verify=False) as upstream:
            assert Portainer(upstream).endpoints() == []


def test_endpoints_have_breakers_of_their_own() -> None:
    whole, third = server_reach("https://p.example"), server_reach("https://p.example", endpoint=3)
    assert whole.breaker is not third.breaker
    assert third.breaker is server_reach("https://p.example", endpoint=3).breaker
