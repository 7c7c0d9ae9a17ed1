"""Whose answer counts: the rules alone, for every actor, every question and every moment."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from orch_app.domains.access.actor import COMMAND_LINE, Actor, worker_actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.jobs.approval_rules import Objection, State, Wanted, objection
from orch_app.domains.jobs.models import Approval

NOW = datetime(2026, 5, 1, 10, tzinfo=UTC)
ANSWERS = (State.APPROVED, State.DENIED)


def question(**facts: object) -> Approval:
    given = {"wanted": Wanted.ANYONE, "approver_role": "admin", "requested_by": "usr_one", **facts}
    return Approval(expires_at=NOW + timedelta(hours=1), **given)  # pyright: ignore[reportArgumentType, reportCallIssue]


def person(name: str, role: Role = Role.ADMIN) -> Actor:
    return Actor("user", f"usr_{name}", name, role)


@pytest.mark.parametrize("answer", ANSWERS)
def test_somebody_else_with_the_role_decides(answer: State) -> None:
    for wanted in Wanted:
        assert objection(question(wanted=wanted), answer, person("two"), NOW) is None


def test_who_asked_approves_only_where_nobody_else_is_wanted_and_may_always_say_no() -> None:
    found = {
        (wanted, answer): objection(question(wanted=wanted), answer, person("one"), NOW)
        for wanted, answer in product(Wanted, ANSWERS)
    }
    assert {key for key, value in found.items() if value} == {(Wanted.OTHER_PERSON, State.APPROVED)}
    assert found[Wanted.OTHER_PERSON, State.APPROVED] is Objection.SAME_PERSON


def test_a_role_decides_where_it_is_strong_enough() -> None:
    for needed, role in product((Role.OPERATOR, Role.ADMIN), Role):
        found = objection(question(approver_role=needed.value), State.APPROVED, person("two", role), NOW)
        is_strong = list(Role).index(role) >= list(Role).index(needed)
        assert found is (None if is_strong else Objection.ROLE)


@pytest.mark.parametrize("actor", [COMMAND_LINE, worker_actor("w")])
def test_only_people_decide(actor: Actor) -> None:
    assert objection(question(), State.APPROVED, actor, NOW) is Objection.NOBODY


@pytest.mark.parametrize("state", [state for state in State if state is not State.WAITING])
def test_a_question_is_answered_once(state: State) -> None:
    for answer in ANSWERS:
        assert objection(question(state=state), answer, person("two"), NOW) is Objection.DECIDED


def test_an_answer_at_the_last_moment_counts_and_a_later_one_does_not() -> None:
    last = NOW + timedelta(hours=1)
    assert objection(question(), State.APPROVED, person("two"), last - timedelta(microseconds=1)) is None
    assert objection(question(), State.APPROVED, person("two"), last) is Objection.TOO_LATE
