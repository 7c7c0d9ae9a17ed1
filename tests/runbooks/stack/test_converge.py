"""Waiting for services: they must go on standing, and a wait ends as soon as it is known how."""

from typing import Any

from tests.runbooks import modules
from tests.runbooks.stack.clock import Clock
from tests.runbooks.stack.deploying import deploy, text
from tests.runbooks.stack.fake_swarm import FakeSwarm

WEB = "shop_web"


class Changing(FakeSwarm):
    """Before each look, the next change is made."""

    def __init__(self, tmp_path: Any, *changes: Any) -> None:
        super().__init__()
        deploy(self, tmp_path, text())
        self.changes = list(changes)
        self.looks = 0

    @property
    def web(self) -> list[dict[str, Any]]:
        return self.tasks_of[self.documents[WEB]["ID"]]

    def services(self) -> list[dict[str, Any]]:
        if hasattr(self, "looks"):
            self.looks += 1
            if self.changes:
                self.changes.pop(0)(self)
        return super().services()


def settle(
    swarm: Any, timeout_s: float = 60, stable_s: float = 5, *, at_first_failure: bool = True
) -> tuple[Any, Clock]:
    converge, clock = modules.shared("stack.converge"), Clock()
    watch = converge.Watch(swarm, "shop", converge.Pace(timeout_s, stable_s), updates={}, clock=clock)
    return watch.settle([WEB], at_first_failure=at_first_failure)[WEB], clock


def state(name: str, error: str = "") -> Any:
    return lambda swarm: swarm.web[0].update(Status={"State": name, "Err": error})


def test_it_must_stand_for_a_while_without_a_break(tmp_path: Any) -> None:
    running, starting = state("running"), state("starting")
    outcome, clock = settle(Changing(tmp_path, starting, running, running, starting, running))
    assert (outcome.stands, outcome.seconds, clock.now) == (True, 4.0, 9.0)


def test_what_does_not_stand_in_time_has_failed_with_the_end_of_its_log(tmp_path: Any) -> None:
    outcome, clock = settle(Changing(tmp_path, state("starting")), timeout_s=10)
    assert (outcome.verdict.code, clock.now) == ("convergence_timeout", 10.0)
    assert "0 of 1 tasks" in outcome.verdict.message
    assert outcome.log


def test_what_stands_but_not_for_long_enough_when_the_time_is_up_stands(tmp_path: Any) -> None:
    outcome, _clock = settle(Changing(tmp_path, *[state("starting")] * 8, state("running")), timeout_s=10)
    assert outcome.stands


def test_a_task_that_no_node_takes_is_given_up_soon_where_all_nodes_live(tmp_path: Any) -> None:
    pending = state("pending", "no suitable node (scheduling constraints not satisfied on 2 nodes)")
    outcome, clock = settle(Changing(tmp_path, pending), timeout_s=300)
    assert (outcome.verdict.code, clock.now) == ("no_suitable_node", 30.0)


def test_while_a_node_is_gone_it_is_waited_for(tmp_path: Any) -> None:
    pending = state("pending", "no suitable node (max replicas per node limit exceed)")
    swarm = Changing(tmp_path, pending)
    swarm.nodes[1]["Status"] = {"State": "down"}
    outcome, clock = settle(swarm, timeout_s=100)
    assert (outcome.verdict.code, clock.now) == ("no_suitable_node", 100.0)


def test_a_service_that_somebody_removed_is_no_success(tmp_path: Any) -> None:
    outcome, _clock = settle(Changing(tmp_path, lambda swarm: swarm.documents.pop(WEB)))
    assert outcome.verdict.code == "conflict"


def test_one_may_wait_for_all_although_one_has_failed(tmp_path: Any) -> None:
    swarm = Changing(tmp_path, state("failed"))
    swarm.documents[WEB]["UpdateStatus"] = {"State": "paused"}
    converge, clock = modules.shared("stack.converge"), Clock()
    watch = converge.Watch(swarm, "shop", converge.Pace(60, 5), updates={}, clock=clock)
    found = watch.settle([WEB, "shop_db"], at_first_failure=False)
    assert (found[WEB].has_failed, found["shop_db"].stands, clock.now) == (True, True, 5.0)


def test_nothing_to_wait_for_is_no_wait(tmp_path: Any) -> None:
    converge = modules.shared("stack.converge")
    assert converge.Watch(FakeSwarm(), "shop", converge.Pace(1, 1), updates={}).settle([], at_first_failure=True) == {}
