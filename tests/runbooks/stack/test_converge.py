"""Waiting for services: they must go on standing, and a wait ends as soon as it is known how."""

from typing import Any

import pytest

from tests.runbooks import modules
from tests.runbooks.stack.clock import Clock
from tests.runbooks.stack.deploying import deploy, text
from tests.runbooks.stack.fake_swarm import FakeSwarm

WEB = "shop_web"
NOTHING = modules.shared("stack.converge").Before({}, frozenset())


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
    swarm: Any, timeout_s: float = 60, stable_s: float = 5, *, begin_s: float = 0, at_first_failure: bool = True
) -> tuple[Any, Clock]:
    converge, clock = modules.shared("stack.converge"), Clock()
    watch = converge.Watch(swarm, "shop", converge.Pace(timeout_s, stable_s, begin_s), before=NOTHING, clock=clock)
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
    assert outcome.log == [f"log of service {outcome.sight.service['ID']}"]


def test_the_log_of_a_failure_is_that_of_the_tasks_that_failed(tmp_path: Any) -> None:
    swarm = Changing(tmp_path, state("failed", "task: non-zero exit (3)"))
    outcome, _clock = settle(swarm, timeout_s=10)
    assert outcome.log == [f"log of task {swarm.web[0]['ID']}"]
    swarm.silent = {swarm.web[0]["ID"]}
    outcome, _clock = settle(swarm, timeout_s=10)
    assert outcome.log == [f"log of service {outcome.sight.service['ID']}"]


def test_what_begins_to_stand_before_the_time_is_up_is_watched_to_the_end(tmp_path: Any) -> None:
    outcome, clock = settle(Changing(tmp_path, *[state("starting")] * 8, state("running")), timeout_s=10)
    assert (outcome.stands, clock.now) == (True, 13.0)
    flapping = [state("running"), state("running"), state("running"), state("failed")] * 10
    outcome, clock = settle(Changing(tmp_path, *flapping), timeout_s=10)
    assert (outcome.verdict.code, clock.now) == ("convergence_timeout", 11.0)


def test_the_old_tasks_are_no_sign_before_swarm_has_begun(tmp_path: Any) -> None:
    converge, clock = modules.shared("stack.converge"), Clock()
    swarm = Changing(tmp_path, *[lambda _swarm: None] * 2, state("starting"), state("running"))
    watch = converge.Watch(swarm, "shop", converge.Pace(60, 0), before=NOTHING, clock=clock)
    assert watch.settle([WEB], at_first_failure=True)[WEB].seconds == 3.0


def test_a_service_that_runs_nowhere_is_believed_later(tmp_path: Any) -> None:
    def everywhere(swarm: Any) -> None:
        swarm.documents[WEB]["Spec"]["Mode"] = {"Global": {}}
        swarm.web.clear()

    outcome, clock = settle(Changing(tmp_path, everywhere), stable_s=1, begin_s=3)
    assert (outcome.stands, clock.now) == (True, 10.0)


def failing(code: str) -> Any:
    def fail(_swarm: Any) -> None:
        raise modules.shared("upstream").UpstreamError(code, "the swarm has no leader")

    return fail


def test_a_swarm_that_chooses_another_leader_is_asked_again(tmp_path: Any) -> None:
    outcome, clock = settle(Changing(tmp_path, *[failing("upstream_5xx")] * 8, state("running")))
    assert (outcome.stands, clock.now) == (True, 13.0)


@pytest.mark.parametrize(("code", "looks"), [("auth_failed", 1), ("unreachable", 11)])
def test_what_will_not_be_answered_is_given_up(tmp_path: Any, code: str, looks: int) -> None:
    swarm = Changing(tmp_path, *[failing(code)] * 99)
    with pytest.raises(modules.shared("upstream").UpstreamError):
        settle(swarm, timeout_s=10)
    assert swarm.looks == looks


def test_how_tasks_of_before_ended_says_nothing(tmp_path: Any) -> None:
    swarm = Changing(tmp_path)
    ended = {"State": "rejected", "Err": "No such image"}
    old: list[dict[str, Any]] = [{**swarm.web[0], "ID": f"old{n}", "Status": ended} for n in range(3)]
    swarm.web.extend(old)
    converge = modules.shared("stack.converge")
    known = converge.Before({}, {one["ID"] for one in old})
    verdicts = [converge.Watch(swarm, "shop", converge.Pace(9, 0), before=before) for before in (known, NOTHING)]
    assert [watch.glance([WEB])[WEB].state for watch in verdicts] == ["stands", "failed"]


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
    watch = converge.Watch(swarm, "shop", converge.Pace(60, 5, 0), before=NOTHING, clock=clock)
    found = watch.settle([WEB, "shop_db"], at_first_failure=False)
    assert (found[WEB].has_failed, found["shop_db"].stands, clock.now) == (True, True, 5.0)


def test_nothing_to_wait_for_is_no_wait(tmp_path: Any) -> None:
    converge = modules.shared("stack.converge")
    assert (
        converge.Watch(FakeSwarm(), "shop", converge.Pace(1, 1), before=NOTHING).settle([], at_first_failure=True) == {}
    )


def lost(swarm: Any) -> None:
    """The node of a new task dies before it ran; Swarm has another one run, and looks for the first for ever."""
    web = swarm.documents[WEB]
    web["UpdateStatus"] = {"State": "updating", "StartedAt": "now"}
    swarm.nodes[1]["Status"] = {"State": "down"}
    gone = {"NodeID": "node2", "Status": {"State": "assigned"}, "DesiredState": "shutdown"}
    swarm.web.append({**swarm.web[0], "ID": "lost", **gone})


def test_an_update_that_waits_for_a_lost_task_stands_with_the_others(tmp_path: Any) -> None:
    swarm = Changing(tmp_path, lost)
    written = len(swarm.writes)
    outcome, clock = settle(swarm)
    assert (outcome.stands, clock.now, len(swarm.writes)) == (True, 5.0, written)


def test_where_others_are_still_to_be_replaced_it_is_begun_once_more(tmp_path: Any) -> None:
    def halfway(swarm: Any) -> None:
        lost(swarm)
        swarm.web[0]["Status"] = {"State": "starting"}

    swarm = Changing(tmp_path, halfway)
    outcome, _clock = settle(swarm)
    assert outcome.stands
    assert swarm.writes[-1] == f"update service {WEB}"
    assert swarm.documents[WEB]["Spec"]["TaskTemplate"]["ForceUpdate"] == 1
