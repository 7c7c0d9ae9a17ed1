"""Nothing runs without exactly one approval of somebody who may give it: people, workers and the clock in any order."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import Phase as Stage
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test
from sqlmodel import Session, col, delete, select, update

from orch_app.domains.access.actor import COMMAND_LINE, Actor
from orch_app.domains.access.permissions import Permission, Role
from orch_app.domains.audit.models import AuditEntry
from orch_app.domains.jobs import approvals, claims, service
from orch_app.domains.jobs.approval_rules import State, Wanted, objection
from orch_app.domains.jobs.held import Claim
from orch_app.domains.jobs.models import Approval, Job
from orch_app.domains.jobs.orders import Order
from orch_app.domains.jobs.states import Phase, Status
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import OrchError
from tests.domains.jobs.trials import GOOD, Trials
from tests.systems.people import add_user

RUNBOOKS = {
    "other_person": {"approval": {"stage": "required_other_person"}},
    "second_look": {"approval": {"stage": "required"}},
    "by_operators": {"approval": {"stage": "required_other_person"}, "roles": {"approve": "operator"}},
    "free": {},
}
APPROVERS = {"by_operators": {"operator", "admin"}}
AFTER = {
    "PENDING": {"PENDING", "RUNNING", "CANCELED"},
    "RUNNING": {"RUNNING", "SUCCESS"},
    "SUCCESS": {"SUCCESS"},
    "CANCELED": {"CANCELED"},
}


STORIES = settings(max_examples=20, stateful_step_count=20, suppress_health_check=[HealthCheck.too_slow])
MORE_STORIES = settings(STORIES, max_examples=200, phases=[Stage.generate], database=None)


class Approvals(RuleBasedStateMachine):
    """The real service over a real database; `world` is set by the test."""

    world: "World"
    jobs: Bundle[str] = Bundle("jobs")
    actors = st.sampled_from(["admin", "operator", "other admin", "other operator", "viewer", "cli"])
    ordering = st.sampled_from(["operator", "admin", "cli"])

    def __init__(self) -> None:
        super().__init__()
        self.world.clear()
        self.held: dict[str, Claim] = {}
        self.seen: dict[str, str] = {}

    @rule(target=jobs, who=ordering, runbook=st.sampled_from(list(RUNBOOKS)))
    def launch(self, who: str, runbook: str) -> Any:
        job = self._tried(lambda session: service.launch(session, self.world.actors[who], Order(runbook)))
        return job.id if job else multiple()

    @rule(target=jobs, who=actors, job_id=jobs)
    def retry(self, who: str, job_id: str) -> Any:
        job = self._tried(lambda session: service.retry(session, self.world.actors[who], job_id))
        return job.id if job else multiple()

    @rule(who=actors, job_id=jobs, comes=st.booleans())
    def approve(self, who: str, job_id: str, comes: bool) -> None:
        """Whoever tries; sometimes a worker comes at once."""
        self._tried(lambda session: approvals.approve(session, self.world.actors[who], job_id, "yes"))
        if comes:
            self.claim()

    @rule(job_id=jobs)
    def approve_as_somebody_who_may(self, job_id: str) -> None:
        with reading() as session:
            asked = session.get(Approval, job_id)
        may = [one for one in self.world.actors.values() if asked and not objection(asked, State.APPROVED, one, now())]
        if may:
            self._tried(lambda session: approvals.approve(session, may[0], job_id, "yes"))
            self.claim()

    @rule(who=actors, job_id=jobs)
    def deny(self, who: str, job_id: str) -> None:
        self._tried(lambda session: approvals.deny(session, self.world.actors[who], job_id, "no"))

    @rule(who=actors, job_id=jobs)
    def cancel(self, who: str, job_id: str) -> None:
        self._tried(lambda session: service.cancel(session, self.world.actors[who], job_id))

    @rule(runbook=st.sampled_from(list(RUNBOOKS)), content=st.sampled_from("ab"))
    def change_runbook(self, runbook: str, content: str) -> None:
        with unit_of_work() as session:
            session.exec(update(Runbook).where(col(Runbook.name) == runbook).values(revision=content * 64))

    @rule(job_id=jobs)
    def pass_time(self, job_id: str) -> None:
        with unit_of_work() as session:
            late = now() - timedelta(seconds=1)
            session.exec(update(Approval).where(col(Approval.job_id) == job_id).values(expires_at=late))

    @rule()
    def sweep(self) -> None:
        self._tried(approvals.end_overdue)

    @rule()
    def claim(self) -> None:
        with unit_of_work() as session:
            held = claims.claim_next(session, "w", "w")
        if held:
            self.held[held.job_id] = held

    @rule()
    def finish(self) -> None:
        for job_id in list(self.held):
            with unit_of_work() as session:
                claims.finish(session, self.held.pop(job_id), Status.SUCCESS)

    @invariant()
    def the_rules_hold(self) -> None:
        """All of them, from one look at the rows a step."""
        rows = self._rows()
        for job, approval in rows:
            self._what_began_was_approved_once_by_somebody_who_may(job, approval)
            self._what_waits_for_people_waits_and_nothing_else_does(job, approval)
            assert job.status in AFTER[self.seen.get(job.id, "PENDING")]
            self.seen[job.id] = job.status
        self._each_is_told_what_he_or_she_can_approve([row for _, row in rows if row])

    def _what_began_was_approved_once_by_somebody_who_may(self, job: Job, approval: Approval | None) -> None:
        wants_one = job.runbook_name != "free" and job.created_by is not None
        assert (approval is not None) is wants_one
        if approval is None or not job.attempt:
            return
        assert approval.state == State.APPROVED
        decider = self.world.person(approval.decided_by)
        assert decider.role is not None
        assert decider.role.value in APPROVERS.get(job.runbook_name, {"admin"})
        assert approval.wanted != Wanted.OTHER_PERSON or approval.decided_by != approval.requested_by
        assert self.world.acts(job.id).count("job.approved") == 1
        self.world.ran += 1

    def _what_waits_for_people_waits_and_nothing_else_does(self, job: Job, approval: Approval | None) -> None:
        is_open = approval is not None and approval.state == State.WAITING
        assert (job.phase == Phase.AWAITING_APPROVAL) is is_open
        assert not is_open or job.status == Status.PENDING
        refused = approval is not None and approval.state in {State.DENIED, State.EXPIRED}
        assert not refused or (job.status, job.attempt) == (Status.CANCELED, 0)

    def _each_is_told_what_he_or_she_can_approve(self, questions: list[Approval]) -> None:
        for actor in self.world.actors.values():
            with reading() as session:
                count = approvals.count_waiting_for(session, actor)
            may = Permission.JOBS_APPROVE in actor.permissions
            assert count == sum(may and objection(row, State.APPROVED, actor, now()) is None for row in questions)

    def _tried(self, act: Callable[[Session], Any]) -> Any:
        """What people ask for is often refused; the rules above hold all the same."""
        try:
            with unit_of_work() as session:
                return act(session)
        except OrchError:
            return None

    def _rows(self) -> list[tuple[Job, Approval | None]]:
        with reading() as session:
            joined = select(Job, Approval).outerjoin(Approval, col(Approval.job_id) == col(Job.id))
            return list(session.exec(joined.order_by(col(Job.id))).all())  # pyright: ignore[reportReturnType]


class World:
    """People and runbooks that stay; jobs go between two stories."""

    def __init__(self, trials: Trials) -> None:
        for name, facts in RUNBOOKS.items():
            trials.write(name, GOOD, **facts)
        people = {name: Role(name.split()[-1]) for name in ("operator", "other operator", "admin", "other admin")}
        mails = {name: f"{name.replace(' ', '-')}-of-the-story@example.com" for name in [*people, "viewer"]}
        self.actors = {name: add_user(role, mails[name]) for name, role in people.items()}
        self.ran = 0
        self.actors |= {"viewer": add_user(Role.VIEWER, mails["viewer"]), "cli": COMMAND_LINE}

    def person(self, user_id: str | None) -> Actor:
        return next(actor for actor in self.actors.values() if actor.user_id == user_id)

    def acts(self, job_id: str) -> list[str]:
        with reading() as session:
            return list(session.exec(select(AuditEntry.action).where(AuditEntry.target_id == job_id)).all())

    def clear(self) -> None:
        with unit_of_work() as session:
            session.exec(delete(Job))


def test_nothing_runs_without_exactly_one_approval_of_somebody_who_may_give_it(trials: Trials) -> None:
    world = Approvals.world = World(trials)
    run_state_machine_as_test(Approvals, settings=STORIES)
    assert world.ran, "no story came to a job that was approved and ran"


def test_with_the_look_at_who_decides_taken_away_the_stories_miss_it(sqlite_trials: Trials) -> None:
    Approvals.world = World(sqlite_trials)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(approvals, "_require_say", lambda *_: None)
        with pytest.raises(AssertionError):
            run_state_machine_as_test(Approvals, settings=MORE_STORIES)
