"""Several logs followed together: in order, without gaps or repetitions, with what cannot be heard told."""

import time
from collections.abc import Callable

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.domains.containers import tails
from orch_app.domains.containers.inspections import Source
from orch_app.domains.containers.logs import ServiceSource
from orch_app.domains.containers.tails import Heard, Tails, follow_together
from orch_app.kit import breaker
from orch_app.kit.errors import Forbidden
from tests.domains.containers.site import DB, WEB, Site, add_far_service
from tests.integrations.docker.samples import task_row
from tests.systems.engine import BEGAN, FakeContainer

PATIENCE_S = 20.0


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.01)


def heard(followed: Tails, count: int) -> list[Heard]:
    """The next lines, so many."""
    found: list[Heard] = []

    def has_enough() -> bool:
        found.extend(followed.take())
        return len(found) >= count

    until(has_enough)
    return found


def both(site: Site) -> dict[str, Source]:
    """The running and the ended container, each through another connection."""
    site.engine.containers[1].log = [(1, 0.5, "ready"), (2, 1.5, "ERROR: gone")]
    return {"web": Source(site.endpoint(2), WEB, "n2"), "db": Source(site.docker, DB)}


def test_lines_of_several_logs_come_in_the_order_of_their_times_with_their_levels(site: Site, operator: Actor) -> None:
    with follow_together(operator) as followed:
        followed.follow(both(site))
        found = heard(followed, 5)
    assert [(line.source, line.text, line.level) for line in found] == [
        ("web", "hello", "info"),
        ("db", "ready", "info"),
        ("web", "login as app:***", "info"),
        ("db", "ERROR: gone", "error"),
        ("web", "key ***", "info"),
    ]
    assert found[0].moment == BEGAN * 10**9


def test_what_comes_is_heard_also_of_a_container_that_runs_again(site: Site, operator: Actor) -> None:
    with follow_together(operator) as followed:
        followed.follow(both(site))
        heard(followed, 5)
        site.engine.containers[0].log.append((1, 3.0, "more: swordfish"))
        site.engine.containers[1].log.append((1, 4.0, "back again"))
        assert {line.text for line in heard(followed, 2)} == {"more: ***", "back again"}
        assert followed.marks == {"web": (BEGAN + 3) * 10**9, "db": (BEGAN + 4) * 10**9}


def test_a_source_that_breaks_off_goes_on_where_it_ended(site: Site, operator: Actor) -> None:
    with follow_together(operator) as followed:
        followed.follow({"web": Source(site.docker, WEB)})
        heard(followed, 3)
        site.engine.broken = True
        site.engine.ends.set()
        until(lambda: followed.troubles == {"web": "upstream_failed"})
        site.engine.containers[0].log.append((1, 5.0, "missed by nobody"))
        site.engine.ends.clear()
        site.engine.broken = False
        breaker._made.cache_clear()  # the engine is asked again at once
        assert [line.text for line in heard(followed, 1)] == ["missed by nobody"]
        assert followed.troubles == {}


def test_a_reader_that_comes_back_begins_after_what_was_heard(site: Site, operator: Actor) -> None:
    marks = {"web": (BEGAN + 1) * 10**9}
    with follow_together(operator, marks) as followed:
        followed.follow({"web": Source(site.docker, WEB)})
        assert [line.text for line in heard(followed, 1)] == ["key ***"]


def test_a_container_that_is_gone_is_told(site: Site, operator: Actor) -> None:
    with follow_together(operator) as followed:
        followed.follow({"gone": Source(site.docker, "gone")})
        until(lambda: followed.troubles == {"gone": "container_not_found"})


def test_what_is_not_wanted_any_more_is_heard_no_more(site: Site, operator: Actor) -> None:
    with follow_together(operator) as followed:
        followed.follow(both(site))
        heard(followed, 5)
        followed.follow({"db": both(site)["db"]})
        site.engine.containers[0].log.append((1, 6.0, "unheard"))
        site.engine.containers[1].log.append((1, 7.0, "heard"))
        assert [line.text for line in heard(followed, 1) if line.text != "unheard"] == ["heard"]


def test_more_sources_than_one_reader_may_follow_are_told(
    site: Site, operator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tails, "MOST_SOURCES", 1)
    with follow_together(operator) as followed:
        followed.follow(both(site))
        assert followed.troubles == {"db": "too_many_logs"}


def test_many_logs_begin_with_fewer_lines_of_each(site: Site, operator: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tails, "BEFORE", 2)
    with follow_together(operator) as followed:
        followed.follow(both(site))
        assert [line.text for line in heard(followed, 2)] == ["ERROR: gone", "key ***"]


def test_every_log_is_let_go_in_the_end(site: Site, operator: Actor) -> None:
    free = tails._slots._value
    with follow_together(operator) as followed:
        followed.follow(both(site))
        assert tails._slots._value == free - 2
    until(lambda: tails._slots._value == free)


def test_who_may_not_use_connections_follows_nothing(site: Site, viewer: Actor) -> None:
    with pytest.raises(Forbidden), follow_together(viewer):
        pass


def test_a_service_on_other_machines_is_heard_through_its_manager(site: Site, operator: Actor) -> None:
    api = add_far_service(site)
    site.engine.tasks.append(task_row("t2", "s1", "n1"))
    slower = FakeContainer(DB, "shop_api.2.t2", labels={"com.docker.swarm.task.id": "t2"}, is_elsewhere=True)
    site.engine.containers.append(slower)
    with follow_together(operator) as followed:
        followed.follow({"api": ServiceSource(site.docker, "s1")})
        assert [(line.task, line.text, line.level) for line in heard(followed, 2)] == [
            ("t1", "far: ***", "info"),
            ("t1", "ERROR: far away", "error"),
        ]
        asked = len(site.engine.asked)
        site.engine.ends.set()
        until(lambda: len(site.engine.asked) > asked)
        slower.log.append((1, 1.0, "older than the last one"))
        api.log.append((1, 2.0, "newer"))
        site.engine.ends.clear()
        assert {(line.task, line.text) for line in heard(followed, 2)} == {
            ("t1", "newer"),
            ("t2", "older than the last one"),
        }
