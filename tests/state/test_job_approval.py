"""Approving and denying on the page of a job: who may, with what reason, and what everybody else sees."""

import asyncio
from typing import Any

import pytest
from sqlmodel import col, select, update

from orch_app.domains.access.actor import COMMAND_LINE, Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts import sessions
from orch_app.domains.accounts.sessions import Client
from orch_app.domains.jobs import approvals
from orch_app.domains.jobs.models import Approval, Job, JobArtifact
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.queue import install_bell
from orch_app.state.job import JobState
from tests.domains.jobs.orders import launched, sync_runbooks
from tests.domains.jobs.plans import APPLY, previewed
from tests.state.open_tab import OpenTab, signed_in, urls_of
from tests.systems.people import add_user

OTHER = {"approval": {"stage": "required_other_person", "prod": "required_other_person"}}
PLANNED = {**OTHER, "mutates": True, "supports": {"check": True}}


@pytest.fixture(autouse=True)
def _catalogue(sqlite: None) -> None:
    install_bell(lambda _name, _payload: None, lambda: True)
    sync_runbooks(COMMAND_LINE)
    demand(OTHER)


@pytest.fixture
def asker() -> Actor:
    return add_user(Role.OPERATOR, "asker@example.com")


def demand(more: dict[str, Any]) -> None:
    """Let the runbook ask for this."""
    with unit_of_work() as session:
        runbook = session.exec(select(Runbook).where(Runbook.name == "host_report")).one()
        runbook.meta = {**runbook.meta, **more}
        session.add(runbook)


def send(tab: OpenTab, handler: Any, *args: Any) -> Any:
    return asyncio.run(tab.send(handler, *args))


def looking(role: Role, job: Job) -> tuple[OpenTab, JobState]:
    """A tab of somebody else, on the page of the job."""
    tab = signed_in(role, f"/jobs/{job.id}")
    send(tab, JobState.load)
    return tab, tab.state(JobState)


def say(tab: OpenTab, answer: str, words: str = "looks good") -> None:
    send(tab, JobState.begin_answer, answer)
    send(tab, JobState.give_words, words)
    send(tab, JobState.give_answer)


def test_an_approved_job_says_who_let_it_run_when_and_why(asker: Actor) -> None:
    job = launched(asker, request_reason="move the edge")
    tab, state = looking(Role.ADMIN, job)
    assert (state.approval["isOpen"], state.approval["askedBy"], state.approval["mayApprove"]) == (
        True,
        asker.name,
        True,
    )
    say(tab, "approve")
    assert (state.answer, state.job["phase"]) == ("", "queued")
    told = state.approval
    assert (told["state"], told["reason"], bool(told["decidedBy"]), bool(told["decidedAt"])) == (
        "approved",
        "looks good",
        True,
        True,
    )


def test_a_denied_job_is_over_with_its_reason(asker: Actor) -> None:
    tab, state = looking(Role.ADMIN, launched(asker))
    say(tab, "deny", "not today")
    assert (state.job["status"], state.job["reason"]) == ("CANCELED", "approval_denied")
    assert (state.approval["state"], state.approval["reason"]) == ("denied", "not today")


@pytest.mark.parametrize("answer", ["approve", "deny"])
def test_an_answer_without_a_reason_is_asked_for_one(asker: Actor, answer: str) -> None:
    tab, state = looking(Role.ADMIN, launched(asker))
    say(tab, answer, "  ")
    assert (state.answer, state.lacks_words, state.job["phase"]) == (answer, True, "awaiting_approval")
    send(tab, JobState.give_words, "because")
    assert not state.lacks_words
    send(tab, JobState.begin_answer, "")
    assert (state.answer, state.words) == ("", "")
    send(tab, JobState.give_answer)
    assert state.job["phase"] == "awaiting_approval"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_who_cannot_decide_is_told_whom_to_ask_and_changes_nothing(asker: Actor, role: Role) -> None:
    job = launched(asker)
    tab, state = looking(role, job)
    told = state.approval
    assert (told["objection"], told["mayApprove"], told["mayDeny"], told["role"]) == ("role", False, False, "admin")
    say(tab, "approve")
    with reading() as session:
        assert session.get_one(Approval, job.id).state == "waiting"


def test_an_operator_decides_where_the_runbook_lets_one(asker: Actor) -> None:
    demand({"roles": {"approve": "operator"}})
    tab, state = looking(Role.OPERATOR, launched(asker))
    say(tab, "approve")
    assert state.job["phase"] == "queued"


def test_nobody_in_particular_decides_nothing(asker: Actor) -> None:
    job = launched(asker)
    tab = OpenTab("", f"/jobs/{job.id}")
    for handler in (JobState.give_answer, JobState.preview_again):
        assert urls_of(send(tab, handler))[0].startswith("/login")
    with reading() as session:
        assert session.get_one(Approval, job.id).state == "waiting"


def test_who_asked_can_say_no_and_not_yes() -> None:
    boss, _ = add_user(Role.ADMIN, "boss@example.com"), add_user(Role.ADMIN, "other@example.com")
    job = launched(boss)
    with unit_of_work() as session:
        started = sessions.create(session, boss.user_id or "", Client(), remember=False)
    tab = OpenTab(started.cookie, f"/jobs/{job.id}")
    send(tab, JobState.load)
    told = tab.state(JobState).approval
    assert (told["objection"], told["mayApprove"], told["mayDeny"]) == ("same_person", False, True)


def test_the_question_is_gone_once_somebody_else_was_faster(asker: Actor) -> None:
    job = launched(asker)
    tab, state = looking(Role.ADMIN, job)
    send(tab, JobState.begin_answer, "deny")
    with unit_of_work() as session:
        approvals.approve(session, add_user(Role.ADMIN, "faster@example.com"), job.id, "mine")
    send(tab, JobState.load)
    assert (state.answer, state.approval["state"]) == ("", "approved")
    send(tab, JobState.begin_answer, "deny")
    assert state.answer == ""


def test_the_plan_that_was_on_the_page_is_approved(asker: Actor) -> None:
    demand(PLANNED)
    job = launched(asker, origin_id="sch_1")
    tab, state = looking(Role.ADMIN, job)
    assert (state.approval["needsPlan"], state.shown_plan["sha256"], state.plan_href) == (True, "", "")
    preview = previewed(job, APPLY)
    with unit_of_work() as session:
        file = JobArtifact(job_id=preview.id, name="plan.json", size=2, sha256=APPLY, created_at=now())
        session.add(file)
    send(tab, JobState.load)
    assert (state.shown_plan["sha256"], state.plan_href) == (APPLY, f"/v1/jobs/{preview.id}/artifacts/plan.json")
    say(tab, "approve")
    assert state.approval["plan"] == APPLY[:12]
    with reading() as session:
        assert session.get_one(Job, job.id).expect_plan == APPLY


def test_who_has_to_see_a_plan_first_previews_the_same(asker: Actor) -> None:
    demand(PLANNED)
    job = launched(asker, origin_id="sch_1", inputs={"disk_warn_pct": 70})
    tab, _ = looking(Role.ADMIN, job)
    [path] = urls_of(send(tab, JobState.preview_again))
    with reading() as session:
        made = session.get_one(Job, path.removeprefix("/jobs/"))
    assert (made.run_mode, made.order_sha256) == ("preview", job.order_sha256)


def test_high_risk_in_production_is_known_to_the_page(asker: Actor) -> None:
    with unit_of_work() as session:
        session.exec(update(Runbook).where(col(Runbook.name) == "host_report").values(risk="high"))
    _, state = looking(Role.ADMIN, launched(asker, environment="prod"))
    assert state.job["isGrave"]
