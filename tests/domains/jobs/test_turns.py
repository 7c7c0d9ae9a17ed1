"""The order of the line: priority, then fair turns between requesters, then age."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import queries, service
from orch_app.domains.jobs.models import Job
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Forbidden, Invalid
from tests.domains.jobs.rules import asked, declare, fresh, ids, someone, taken_ids

pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.fixture(autouse=True)
def _no_rules(catalogue: str) -> None:
    declare()


def queued(actor: Actor, count: int, **facts: object) -> list[Job]:
    return [asked(actor, **facts) for _ in range(count)]


def test_jobs_of_one_requester_come_in_the_order_of_their_launch(operator: Actor) -> None:
    jobs = queued(operator, 4)
    assert taken_ids(4) == ids(*jobs)


def test_many_jobs_of_one_do_not_stand_before_the_single_one_of_another() -> None:
    many, single = queued(someone("ana"), 8), asked(someone("ben"))
    assert taken_ids(3) == ids(many[0], single, many[1])


def test_whoever_comes_back_at_once_takes_turns_with_the_one_who_waits() -> None:
    ana, ben = someone("ana"), someone("ben")
    many = queued(ana, 4)
    served = []
    for _ in range(3):
        back = asked(ben)
        served += taken_ids(2)
        assert back.id in served
    assert [job_id for job_id in served if job_id in ids(*many)] == ids(*many[:3])


def test_who_waited_while_others_were_served_has_no_debt_and_no_credit() -> None:
    ana, ben = someone("ana"), someone("ben")
    queued(ben, 3)
    taken_ids(3)
    of_ana, of_ben = queued(ana, 3), queued(ben, 3)
    assert taken_ids(6) == ids(of_ana[0], of_ana[1], of_ben[0], of_ana[2], of_ben[1], of_ben[2])


def test_a_higher_priority_goes_first_and_a_lower_one_last(admin: Actor, operator: Actor) -> None:
    normal, low = asked(operator), asked(operator, priority=-3)
    first, urgent = asked(admin, priority=1), asked(admin, priority=9)
    assert taken_ids(4) == ids(urgent, first, normal, low)
    assert (urgent.priority, low.priority) == (9, -3)


def test_only_those_who_may_go_ahead_of_others(operator: Actor) -> None:
    with pytest.raises(Forbidden, match="jobs:prioritize"):
        asked(operator, priority=1)
    assert asked(operator, priority=-1).priority == -1


@pytest.mark.parametrize("priority", [11, -11])
def test_there_are_twenty_one_priorities(admin: Actor, priority: int) -> None:
    with pytest.raises(Invalid) as caught:
        asked(admin, priority=priority)
    assert [fault.pointer for fault in caught.value.errors] == ["/priority"]


def test_a_job_that_is_run_again_does_not_bring_its_head_start_along(admin: Actor) -> None:
    urgent, patient = asked(admin, priority=5), asked(admin, priority=-5)
    taken_ids(2)
    with unit_of_work() as session:
        again = [service.retry(session, admin, job.id).priority for job in (urgent, patient)]
    assert again == [0, -5]


def test_the_place_in_the_queue_is_the_one_in_which_the_jobs_start() -> None:
    many, single = queued(someone("ana"), 3), asked(someone("ben"))
    with reading() as session:
        places = [queries.queue_position(session, fresh(job)) for job in (*many, single)]
    assert places == [1, 3, 4, 2]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=14))
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_of_two_who_wait_all_the_time_neither_is_ever_far_ahead(asking: list[int]) -> None:
    """Two starts at most: one by the order within a turn, one that may be owed from what was served before."""
    people = [someone(f"p{n}") for n in range(4)]
    owners = {asked(people[who]).id: who for who in asking}
    served = [owners[job_id] for job_id in taken_ids(len(asking))]
    for one in set(served):
        for other in set(served) - {one}:
            both_wait = served[: last_of_either(served, one, other)]
            assert abs(both_wait.count(one) - both_wait.count(other)) <= 2


def last_of_either(served: list[int], one: int, other: int) -> int:
    """Up to where both still had jobs waiting."""
    last = {who: len(served) - served[::-1].index(who) for who in (one, other)}
    return min(last.values())


def test_machines_may_prioritize() -> None:
    worker = Actor("worker", name="w1")
    assert asked(worker, priority=2).priority == 2
