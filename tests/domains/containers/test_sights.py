"""What is seen behind all endpoints: asked once for everybody, with dead endpoints told as such."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.domains.containers import sights
from orch_app.domains.containers.endpoints import open_doors
from orch_app.domains.containers.sights import KeptSights, Sight, look, told_at
from orch_app.kit.errors import Forbidden
from tests.domains.containers.site import Site, add, add_far_service
from tests.integrations.docker.samples import node_row, service_row, task_row
from tests.systems.people import at, later

LISTED = ("GET", "/containers/json", {"all": "1"})
NOON = datetime(2026, 2, 2, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    sights.KEPT.forget()
    yield
    sights.KEPT.forget()


def named(found: list[Sight]) -> dict[str, Sight]:
    return {sight.seen.name: sight for sight in found}


def test_everything_behind_every_endpoint_is_seen(site: Site, operator: Actor) -> None:
    site.engine.nodes = [node_row("n1", leader=True)]
    site.engine.services = [service_row("s1", "shop_web", replicas=2, stack="shop")]
    site.engine.tasks = [task_row("t1", "s1", "n1")]
    found = named(look(operator))
    for name in ("engine", "swarm"):
        sight = found[name]
        assert (len(sight.containers), len(sight.services), len(sight.nodes)) == (2, 1, 1)
        assert [(stack.name, stack.in_error) for stack in sight.stacks] == [("shop", 2)]
        assert (sight.error, sight.seen_at) == (None, None)


def test_an_endpoint_that_is_down_shows_what_was_seen_last_and_why(site: Site, operator: Actor) -> None:
    found = named(look(operator))
    away, unknown, closed = found["away"], found["unknown"], found["closed"]
    assert [row.name for row in away.containers] == ["db", "web"]
    assert [stack.name for stack in away.stacks] == ["shop"]
    assert away.seen_at
    assert away.error
    assert away.error.code == "upstream_unreachable"
    assert unknown.error
    assert (list(unknown.containers), unknown.seen_at) == ([], None)
    assert closed.error
    assert closed.error.code == "upstream_insufficient_scopes"


def test_a_connection_that_fails_is_told_beside_the_others(site: Site, operator: Actor) -> None:
    add("portainer", "a broken one", url="http://127.0.0.1:9", apiKey="ptr_wrong")
    found = named(look(operator))
    assert found["a broken one"].error
    assert len(found) == 6


def test_only_the_environment_that_is_looked_at(site: Site, operator: Actor) -> None:
    assert look(operator, "prod") == []


def test_who_looks_a_moment_later_asks_nobody(site: Site, operator: Actor) -> None:
    look(operator)
    asked = site.engine.asked.count(LISTED)
    look(operator)
    assert site.engine.asked.count(LISTED) == asked


def test_what_is_older_is_shown_at_once_and_asked_anew_and_what_is_too_old_is_waited_for(
    site: Site, operator: Actor
) -> None:
    door = open_doors(operator)[0]
    kept, old, new = KeptSights(), list[Sight](), list[Sight]()
    may_answer, asked = threading.Event(), threading.Event()
    assert kept.of(door, lambda _door: old) is old

    def slowly(_door: object) -> list[Sight]:
        asked.set()
        assert may_answer.wait(20)
        return new

    with later(seconds=5):
        assert kept.of(door, slowly) is old
        assert asked.wait(20)
        assert kept.of(door, never) is old
    with later(minutes=2), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(kept.of, door, never)
        may_answer.set()
        assert waiting.result(20) is new
        assert kept.of(door, never) is new


def test_all_is_of_the_moment_of_the_earliest_answer(site: Site, operator: Actor) -> None:
    with at(NOON):
        earlier = look(operator)
    sights.KEPT.forget()
    assert told_at([*look(operator), *earlier]) == NOON
    assert told_at([sight for sight in earlier if sight.error]) > NOON


def test_services_on_machines_whose_containers_are_not_listed_are_known(site: Site, operator: Actor) -> None:
    api = add_far_service(site)
    assert [one.name for one in named(look(operator))["engine"].far_services] == ["shop_api"]
    api.is_elsewhere = False
    sights.KEPT.forget()
    assert named(look(operator))["engine"].far_services == []


def test_a_question_that_breaks_off_is_asked_again(site: Site, operator: Actor) -> None:
    door = open_doors(operator)[0]
    kept, found = KeptSights(), list[Sight]()

    def breaks(_door: object) -> list[Sight]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        kept.of(door, breaks)
    assert kept.of(door, lambda _door: found) is found


def never(_door: object) -> list[Sight]:
    raise AssertionError("asked twice")


def test_who_may_not_use_connections_sees_nothing(site: Site, viewer: Actor) -> None:
    with pytest.raises(Forbidden):
        look(viewer)
