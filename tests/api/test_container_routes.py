"""Containers over REST: the minimum contract's routes are plain arrays, and no secret comes out of any of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orch_app.domains.access.permissions import Role
from orch_app.kit import breaker, upstream
from tests.api.conftest import MakeClient
from tests.domains.containers.site import WEB, Site, open_site
from tests.integrations.docker.samples import node_row, service_row, task_row
from tests.systems.asgi import TestClient


@pytest.fixture
def site(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(upstream, "BASE_S", 0.0)
    breaker._made.cache_clear()
    with open_site(tmp_path) as opened:
        opened.engine.nodes = [node_row("n1", leader=True)]
        opened.engine.tasks = [task_row("t1", "s1", "n1")]
        opened.engine.services = [service_row("s1", "shop_web", stack="shop", env=["DB_PASSWORD=swordfish"])]
        yield opened


@pytest.fixture
def client(site: Site, make_client: MakeClient) -> TestClient:
    return make_client(Role.OPERATOR)


def test_endpoints_are_an_array_of_what_can_be_asked_for_containers(client: TestClient, site: Site) -> None:
    found = client.get("/v1/portainer/endpoints").json()
    assert [(one["id"], one["status"], one["stale"]) for one in found[:2]] == [
        (site.docker, "up", False),
        (site.endpoint(3), "down", True),
    ]
    assert found[1]["seenAt"].startswith("2026-02-02T")
    assert found[0]["connectionName"] == "engine"
    assert client.get("/v1/portainer/endpoints", params={"environment": "prod"}).json() == []


@pytest.mark.parametrize("through", ["docker", "portainer"])
def test_containers_are_an_array(client: TestClient, site: Site, through: str) -> None:
    endpoint = site.docker if through == "docker" else site.endpoint(2)
    found = client.get("/v1/portainer/containers", params={"endpointId": endpoint}).json()
    assert [(one["name"], one["inError"], one["stale"], one["exitCode"]) for one in found] == [
        ("db", True, False, 1),
        ("web", True, False, None),
    ]
    assert found[1]["labels"]["api.token"] == "***"
    assert found[1]["ports"] == [{"private": 80, "public": 8080, "protocol": "tcp"}]


def test_stale_containers_say_so(client: TestClient, site: Site) -> None:
    found = client.get("/v1/portainer/containers", params={"endpointId": site.endpoint(3)}).json()
    assert {(one["stale"], one["seenAt"][:10]) for one in found} == {(True, "2026-02-02")}


def test_services_stacks_and_machines(client: TestClient, site: Site) -> None:
    asked = {"endpointId": site.endpoint(2)}
    service = client.get("/v1/portainer/services", params=asked).json()[0]
    assert (service["running"], service["wanted"], service["environmentNames"]) == (1, 1, ["DB_PASSWORD"])
    assert client.get("/v1/portainer/stacks", params=asked).json() == [
        {"name": "shop", "kind": "swarm", "services": 1, "containers": 1, "inError": 1}
    ]
    assert client.get("/v1/portainer/nodes", params=asked).json()[0]["isLeader"] is True


def test_a_container_looked_at_closely(client: TestClient, site: Site) -> None:
    site.engine.containers[0].command = ["serve", "--token=0123456789"]
    found = client.get(f"/v1/portainer/containers/{WEB}", params={"endpointId": site.endpoint(2), "node": "n2"}).json()
    assert (found["command"], found["variables"], found["restarts"]) == (
        "serve --token=***",
        ["DB_PASSWORD", "MODE"],
        0,
    )
    assert (found["finishedAt"], found["mounts"], found["networks"]) == (None, ["data → /data"], ["bridge"])


def test_a_part_of_a_log(client: TestClient, site: Site) -> None:
    path = f"/v1/portainer/containers/{WEB[:12]}/logs"
    found = client.get(path, params={"endpointId": site.endpoint(2), "tail": 2, "node": "n2"}).json()
    assert found["truncated"] is False
    assert [(line["source"], line["text"]) for line in found["lines"]] == [
        ("stderr", "login as app:***"),
        ("stdout", "key ***"),
    ]
    assert found["lines"][0]["at"].endswith(".000000000Z")


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({}, 400, "bad_parameter"),
        ({"endpointId": "nonsense"}, 404, "endpoint_not_found"),
        ({"endpointId": "con_01J9ZC5V0G3M5W6YQX4T2R8S7K.2"}, 404, "endpoint_not_found"),
    ],
)
def test_a_wrong_endpoint_is_a_clear_answer(client: TestClient, query: dict[str, str], status: int, code: str) -> None:
    answer = client.get("/v1/portainer/containers", params=query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(("number", "code"), [(4, "upstream_insufficient_scopes"), (6, "upstream_failed")])
def test_an_endpoint_that_fails_is_a_problem_with_a_code(
    client: TestClient, site: Site, number: int, code: str
) -> None:
    answer = client.get("/v1/portainer/containers", params={"endpointId": site.endpoint(number)})
    assert (answer.status_code, answer.json()["code"]) == (503, code)


@pytest.mark.parametrize(
    ("container", "query", "status", "code"),
    [
        ("gone", {}, 404, "container_not_found"),
        (WEB, {"since": "yesterday"}, 400, "bad_parameter"),
        (WEB, {"tail": "0"}, 400, "bad_parameter"),
        (WEB, {"follow": "1"}, 400, "unknown_parameter"),
    ],
)
def test_a_log_that_cannot_be_had_is_a_clear_answer(
    client: TestClient, site: Site, container: str, query: dict[str, str], status: int, code: str
) -> None:
    path = f"/v1/portainer/containers/{container}/logs"
    answer = client.get(path, params={"endpointId": site.docker, **query})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_no_answer_holds_a_secret(client: TestClient, site: Site) -> None:
    names = ("containers", "services", "stacks", "nodes", f"containers/{WEB}", f"containers/{WEB}/logs")
    asked = [
        (name, {"endpointId": endpoint}) for endpoint in (site.docker, *map(site.endpoint, (2, 3, 4))) for name in names
    ]
    texts = [client.get(f"/v1/portainer/{name}", params=query).text for name, query in [("endpoints", {}), *asked]]
    together = "\n".join(texts)
    assert len(together) > 2000
    assert "swordfish" not in together
    assert site.server.key not in together
