"""Whether a service stands: by tasks that do what it says now on nodes that live, never by counts."""

from typing import Any

import pytest

from tests.runbooks import modules

TEMPLATE = {"ContainerSpec": {"Image": "web:2"}, "Runtime": "container", "Placement": {"Constraints": ["a == b"]}}
NO_NODE = modules.shared("stack.judging").NO_NODE
OLD = {"ContainerSpec": {"Image": "web:1"}}


def task(
    slot: int = 1, state: str = "running", wanted: str = "running", *, spec: Any = TEMPLATE, **more: Any
) -> dict[str, Any]:
    error = more.pop("error", "")
    status = {"State": state, "Err": error}
    return {"Slot": slot, "NodeID": "n1", "Spec": spec, "DesiredState": wanted, "Status": status, **more}


def service(replicas: int = 2, mode: Any = None, **update: str) -> dict[str, Any]:
    spec = {"Name": "web", "TaskTemplate": TEMPLATE, "Mode": mode or {"Replicated": {"Replicas": replicas}}}
    return {"ID": "s1", "Spec": spec, **({"UpdateStatus": update} if update else {})}


def verdict(tasks: list[dict[str, Any]], one: Any = None, alive: Any = ("n1", "n2"), **more: Any) -> Any:
    return modules.shared("stack.judging").Sight(one or service(), tasks, alive, **more).judge()


def test_it_stands_when_every_slot_runs_what_is_wanted() -> None:
    elsewhere = {**TEMPLATE, "Placement": {}}
    assert verdict([task(1), task(2, spec=elsewhere)]).state == "stands"
    assert verdict([], service(0)).state == "stands"


@pytest.mark.parametrize(
    "tasks",
    [
        [task(1)],
        [task(1), task(1)],
        [task(1), task(2, "starting")],
        [task(1), task(2, spec=OLD)],
        [task(1), task(2), task(3, spec=OLD)],
        [task(1), task(2, NodeID="dead")],
        [task(1), task(2, "running", "shutdown")],
    ],
)
def test_else_it_is_waited_for(tasks: list[dict[str, Any]]) -> None:
    assert verdict(tasks).state == "waits"


@pytest.mark.parametrize("state", ["updating", "rollback_started"])
def test_an_update_that_goes_on_is_waited_for(state: str) -> None:
    assert verdict([task(1), task(2)], service(State=state)).state == "waits"


def test_an_update_that_waits_for_a_task_of_a_dead_node_is_judged_by_the_others() -> None:
    lost = task(1, "assigned", "shutdown", NodeID="dead")
    goes_on = service(State="updating")
    assert verdict([task(1), task(2), lost], goes_on).state == "stands"
    assert "1 of 2" in verdict([task(1), lost, task(2, spec=OLD)], goes_on).message
    ran = [task(1), task(2), task(1, "running", "shutdown", NodeID="dead"), {**lost, "Spec": OLD}]
    assert verdict(ran, goes_on).message == "Swarm says updating"
    assert verdict([task(1), task(2), {**lost, "NodeID": "n1"}], goes_on).state == "waits"


@pytest.mark.parametrize("state", ["paused", "rollback_paused", "rollback_completed"])
def test_an_update_that_ended_badly_has_failed_although_all_tasks_run(state: str) -> None:
    found = verdict([task(1), task(2)], service(State=state, Message="because"))
    assert (found.state, found.code) == ("failed", "verify_failed")
    assert "because" in found.message


def test_the_end_of_an_earlier_update_says_nothing() -> None:
    one = service(State="paused", StartedAt="t0")
    assert verdict([task(1), task(2)], one, old_update="t0").state == "stands"
    assert verdict([task(1), task(2)], one, old_update="t1").state == "failed"


def test_going_back_is_no_failure_where_it_was_asked_for() -> None:
    assert verdict([task(1), task(2)], service(State="rollback_completed"), goes_back=True).state == "stands"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("No such image: web:2", "image_not_found"),
        ("no suitable node (host-mode port already in use on 2 nodes)", "port_in_use"),
        ("no suitable node (scheduling constraints not satisfied on 2 nodes)", "no_suitable_node"),
        ("task: non-zero exit (1)", "verify_failed"),
    ],
)
def test_a_failure_has_the_code_that_its_tasks_errors_mean(error: str, code: str) -> None:
    tasks = [task(1, "failed", "shutdown", error=error), task(2)]
    found = verdict(tasks, service(State="paused"))
    assert (found.code, error in found.message) == (code, True)


def test_what_nodes_refuse_again_and_again_has_failed() -> None:
    refused = [task(1, "rejected", "shutdown", error="No such image: web:2") for _ in range(3)]
    assert verdict(refused[:2]).state == "waits"
    assert verdict(refused).code == "image_not_found"


def test_a_global_service_runs_wherever_it_is_wanted() -> None:
    everywhere = {"Global": {}}
    here, there = task(0), task(0, NodeID="n2")
    assert verdict([here, there], service(mode=everywhere)).state == "stands"
    assert verdict([here, task(0, "starting", NodeID="n2")], service(mode=everywhere)).state == "waits"
    assert verdict([here, task(0, NodeID="dead")], service(mode=everywhere), alive=["n1"]).state == "stands"


def test_a_service_that_no_node_suits_stands_and_says_so() -> None:
    for mode in ({"Global": {}}, {"GlobalJob": {}}):
        found = verdict([], service(mode=mode))
        assert (found.state, "no node" in found.message) == ("stands", True)


@pytest.mark.parametrize(("condition", "state"), [("none", "stands"), ("on-failure", "stands"), ("any", "waits")])
def test_what_runs_once_stands_when_it_has_come_to_its_end(condition: str, state: str) -> None:
    template = {**TEMPLATE, "RestartPolicy": {"Condition": condition}}
    one = service(1)
    one["Spec"]["TaskTemplate"] = template
    ended = task(1, "complete", "shutdown", spec=template)
    assert verdict([ended], one).state == state
    one["Spec"]["Mode"] = {"Global": {}}
    assert verdict([ended], one).message == ("" if state == "stands" else NO_NODE)


def test_only_constraints_leave_a_task_what_it_is() -> None:
    spread = {**TEMPLATE, "Placement": {"Constraints": ["a == b"], "MaxReplicas": 1}}
    assert verdict([task(1), task(2, spec=spread)]).state == "waits"


def test_a_job_stands_when_its_last_turn_is_complete() -> None:
    job = {**service(mode={"ReplicatedJob": {"TotalCompletions": 2}}), "JobStatus": {"JobIteration": {"Index": 7}}}
    done = [task(slot, "complete", "complete", JobIteration={"Index": 7}) for slot in (1, 2)]
    before = [task(slot, "complete", "complete", JobIteration={"Index": 3}) for slot in (1, 2)]
    assert verdict(done, job).state == "stands"
    assert verdict([*done[:1], *before], job).state == "waits"
    everywhere = {**service(mode={"GlobalJob": {}}), "JobStatus": {"JobIteration": {"Index": 7}}}
    assert verdict(done, everywhere).state == "stands"
    begun = task(1, "running", JobIteration={"Index": 7})
    assert verdict([begun], everywhere).state == "waits"
