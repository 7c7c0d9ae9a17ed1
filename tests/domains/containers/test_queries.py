"""What runs where, by both types of connection, with dead endpoints told as such."""

from collections.abc import Callable
from typing import Any

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.domains.containers import endpoints, queries
from orch_app.kit.errors import BadRequest, Forbidden, NotFound
from orch_app.kit.upstream_failures import UpstreamError
from tests.domains.containers.site import Site, add
from tests.integrations.docker.samples import node_row, service_row, task_row
from tests.systems.engine import BEGAN

QUESTIONS: list[Callable[[Actor, str], Any]] = [
    queries.list_containers,
    queries.list_services,
    queries.list_nodes,
    queries.list_stacks,
]


def test_endpoints_of_all_connections_are_listed_with_their_state(site: Site, operator: Actor) -> None:
    found = queries.list_endpoints(operator)
    assert [(str(one.id), one.name, one.status) for one in found] == [
        (site.docker, "engine", "up"),
        (site.endpoint(3), "away", "down"),
        (site.endpoint(4), "closed", "up"),
        (site.endpoint(2), "swarm", "up"),
        (site.endpoint(6), "unknown", "down"),
    ]
    engine, away = found[0], found[1]
    assert (engine.running, engine.stopped, engine.seen_at, engine.engine) == (1, 1, None, "20.10.24")
    assert away.seen_at
    assert (away.seen_at.timestamp(), away.running, away.stopped) == (BEGAN, 3, 1)


def test_a_connection_that_fails_is_told_and_disturbs_no_other(site: Site, operator: Actor) -> None:
    broken = add("portainer", "a broken one", url="http://127.0.0.1:9", apiKey="ptr_wrong")
    wrong = add("portainer", "b wrong key", url=site.server.url, apiKey="ptr_wrong")
    found = queries.list_endpoints(operator)
    faults = {str(one.id): one.error.code for one in found if one.error}
    assert faults == {broken: "upstream_unreachable", wrong: "upstream_auth_failed"}
    assert len(found) == 7


def test_endpoints_of_one_environment_only(site: Site, operator: Actor) -> None:
    add("docker", "prod", "prod", url="unix:///nowhere/docker.sock")
    assert [one.door.name for one in queries.list_endpoints(operator, "prod")] == ["prod"]


@pytest.mark.parametrize("through", ["docker", "portainer"])
def test_containers_are_listed_by_either_connection(site: Site, operator: Actor, through: str) -> None:
    endpoint = site.docker if through == "docker" else site.endpoint(2)
    found = queries.list_containers(operator, endpoint)
    assert [(one.name, one.is_in_error) for one in found.rows] == [("db", True), ("web", True)]
    assert found.seen_at is None


def test_containers_of_an_endpoint_that_is_down_are_those_seen_last(site: Site, operator: Actor) -> None:
    found = queries.list_containers(operator, site.endpoint(3))
    assert [one.name for one in found.rows] == ["db", "web"]
    assert found.seen_at
    assert found.seen_at.timestamp() == BEGAN


def test_an_endpoint_that_is_down_and_of_which_nothing_is_known_fails(site: Site, operator: Actor) -> None:
    with pytest.raises(UpstreamError) as caught:
        queries.list_containers(operator, site.endpoint(6))
    assert caught.value.code == "upstream_failed"


def test_an_endpoint_that_the_key_may_not_use_is_not_taken_from_memory(site: Site, operator: Actor) -> None:
    with pytest.raises(UpstreamError) as caught:
        queries.list_containers(operator, site.endpoint(4))
    assert caught.value.code == "upstream_insufficient_scopes"


def test_an_engine_that_is_down_and_has_no_portainer_fails(site: Site, operator: Actor) -> None:
    site.engine.broken = True
    with pytest.raises(UpstreamError):
        queries.list_containers(operator, site.docker)


def test_a_swarm_is_read_and_an_engine_without_one_has_none(site: Site, operator: Actor) -> None:
    assert (queries.list_services(operator, site.docker), queries.list_nodes(operator, site.docker)) == ([], [])
    site.engine.nodes = [node_row("n1", leader=True)]
    site.engine.services = [service_row("s1", "shop_web", replicas=2, stack="shop")]
    site.engine.tasks = [task_row("t1", "s1", "n1")]
    services = queries.list_services(operator, site.endpoint(2))
    assert [(one.name, one.running, one.wanted) for one in services] == [("shop_web", 1, 2)]
    assert [one.name for one in queries.list_nodes(operator, site.endpoint(2))] == ["n1"]
    stacks = queries.list_stacks(operator, site.endpoint(2))
    assert [(one.name, one.kind, one.services, one.containers, one.in_error) for one in stacks] == [
        ("shop", "swarm", 1, 1, 2)
    ]


@pytest.mark.parametrize("ask", QUESTIONS)
def test_who_may_not_use_connections_sees_nothing(site: Site, viewer: Actor, ask: Callable[[Actor, str], Any]) -> None:
    with pytest.raises(Forbidden):
        ask(viewer, site.docker)
    with pytest.raises(Forbidden):
        queries.list_endpoints(viewer)


@pytest.mark.parametrize("ask", QUESTIONS)
@pytest.mark.parametrize(
    "wrong", ["con_01J9ZC5V0G3M5W6YQX4T2R8S7K", "nonsense", "con_x.1", "con_01J9ZC5V0G3M5W6YQX4T2R8S7K.2"]
)
def test_an_endpoint_that_does_not_exist_is_not_found(
    site: Site, operator: Actor, ask: Callable[[Actor, str], Any], wrong: str
) -> None:
    with pytest.raises(NotFound):
        ask(operator, wrong)


def test_a_number_belongs_to_portainer_and_to_no_other_type(site: Site, operator: Actor) -> None:
    for wrong in (f"{site.docker}.1", site.portainer, add("ssh", "key", user="root", password="x")):
        with pytest.raises(NotFound):
            queries.list_containers(operator, wrong)
    with pytest.raises(BadRequest):
        queries.list_containers(operator, "")


def test_nothing_secret_is_in_what_an_opened_connection_says_about_itself(site: Site, operator: Actor) -> None:
    assert site.server.key not in repr(endpoints.open_doors(operator))
    assert site.server.key not in repr(queries.list_endpoints(operator))
