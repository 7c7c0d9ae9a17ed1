"""Jobs that wait for an approval: who gives it, for what, once; and what becomes of those that get none."""

from typing import Any

import pytest
from sqlmodel import col, update

from orch_app.domains.access.actor import COMMAND_LINE, Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts.models import User
from orch_app.domains.jobs import approvals, claims, preparation, service
from orch_app.domains.jobs.errors import PreparationError
from orch_app.domains.jobs.models import Approval, Job
from orch_app.domains.jobs.queries import get_detail, pulse, queue_position
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict, Forbidden, Invalid, OrchError, Unauthorized
from orch_app.kit.pages import PageQuery
from orch_app.kit.queue import install_bell
from orch_app.kit.settings import settings
from tests.domains.jobs.orders import launched
from tests.domains.jobs.plans import APPLY, MODES, previewed
from tests.domains.jobs.trials import GOOD, Trials, acts_on, fresh
from tests.systems.people import add_user, audited, later

OTHER = {"approval": {"stage": "required_other_person"}}
ANYONE = {"approval": {"stage": "required"}}


@pytest.fixture
def boss(trials: Trials) -> Actor:
    """A second admin, real enough to order and to be disabled."""
    return add_user(Role.ADMIN, "boss@example.com")


@pytest.fixture
def asker(trials: Trials) -> Actor:
    return add_user(Role.OPERATOR, "asker@example.com")


def waiting(trials: Trials, asker: Actor, metadata: dict[str, Any] = OTHER, **facts: Any) -> Job:
    if not (trials.folder / "trial").exists():
        trials.write("trial", GOOD, **metadata)
    job = launched(asker, "trial", **facts)
    assert job.phase == "awaiting_approval"
    return job


def approve(actor: Actor, job: Job, plan_sha256: str = "") -> Job:
    with unit_of_work() as session:
        return approvals.approve(session, actor, job.id, "looks good", plan_sha256)


def deny(actor: Actor, job: Job) -> Job:
    with unit_of_work() as session:
        return approvals.deny(session, actor, job.id, "not today")


def sweep() -> list[str]:
    with unit_of_work() as session:
        return approvals.end_overdue(session)


def claimed() -> str | None:
    with unit_of_work() as session:
        held = claims.claim_next(session, "w", "w")
    return held.job_id if held else None


def question_of(job: Job) -> Approval:
    with reading() as session:
        return session.get_one(Approval, job.id)


def test_the_installation_asks_for_an_approval_of_a_runbook_that_does_not(
    trials: Trials, asker: Actor, boss: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORCH_APPROVALS", "trial/stage=required_other_person")
    settings.cache_clear()
    job = waiting(trials, asker, {})
    assert claimed() is None
    assert approve(boss, job).phase == "queued"
    assert claimed() == job.id


def test_inputs_that_make_a_run_graver_wait_for_another_person_where_others_do_not(
    trials: Trials, asker: Actor
) -> None:
    most = {"type": "integer", "default": 10}
    graver = [{"input": "most", "above": 100, "risk": "high"}]
    trials.write("trial", GOOD, inputs={"most": most}, graver=graver, supports={"check": True})
    assert launched(asker, "trial", inputs={"most": 100}).phase == "queued"
    job = launched(asker, "trial", inputs={"most": 101})
    assert (job.phase, question_of(job).wanted) == ("awaiting_approval", "required_other_person")
    assert launched(asker, "trial", inputs={"most": 101}, mode="preview").phase == "queued"


def refusal(actor: Actor, job: Job, plan_sha256: str = "") -> OrchError:
    with pytest.raises(OrchError) as caught:
        approve(actor, job, plan_sha256)
    return caught.value


def test_a_job_that_waits_is_rung_for_and_claimed_only_once_it_is_approved(
    trials: Trials, asker: Actor, boss: Actor
) -> None:
    rung: list[str] = []
    install_bell(lambda _name, payload: rung.append(payload["job_id"]), lambda: True)
    job = waiting(trials, asker)
    assert (claimed(), rung) == (None, [])
    done = approve(boss, job)
    assert (done.status, done.phase, rung) == ("PENDING", "queued", [job.id])
    assert claimed() == job.id
    assert acts_on(job) == ["job.executed", "job.approval_requested", "job.approved"]
    question = question_of(job)
    assert (question.state, question.decided_by_name, question.reason) == ("approved", boss.name, "looks good")


def test_a_denied_job_ends_before_it_begins_and_says_why(trials: Trials, asker: Actor, boss: Actor) -> None:
    ended = deny(boss, waiting(trials, asker))
    assert (ended.status, ended.phase, ended.reason) == ("CANCELED", "done", "approval_denied")
    assert (ended.reason_detail, ended.canceled_by) == ("not today", boss.name)
    assert ended.purge_after is not None
    assert acts_on(ended) == ["job.executed", "job.approval_requested", "job.denied"]


def test_who_asked_cannot_approve_where_another_person_is_wanted(trials: Trials, boss: Actor) -> None:
    other = add_user(Role.ADMIN, "other@example.com")
    job = waiting(trials, boss)
    assert refusal(boss, job).code == "approval_other_person"
    assert approve(other, job).phase == "queued"


def test_who_asked_approves_where_anybody_will_do(trials: Trials, boss: Actor) -> None:
    assert approve(boss, waiting(trials, boss, ANYONE)).phase == "queued"


def test_an_operator_decides_only_where_the_runbook_says_so(trials: Trials, asker: Actor, operator: Actor) -> None:
    job = waiting(trials, asker)
    assert isinstance(refusal(operator, job), Forbidden)
    trials.write("open", GOOD, **OTHER, roles={"approve": "operator"})
    assert approve(operator, launched(asker, "open")).phase == "queued"


def test_viewers_nobody_and_machines_decide_nothing(trials: Trials, asker: Actor, viewer: Actor) -> None:
    job = waiting(trials, asker)
    assert isinstance(refusal(viewer, job), Forbidden)
    assert isinstance(refusal(COMMAND_LINE, job), Forbidden)
    assert isinstance(refusal(Actor("anonymous"), job), Unauthorized)
    assert fresh(job.id).phase == "awaiting_approval"


def test_an_answer_is_given_once(trials: Trials, asker: Actor, boss: Actor) -> None:
    approved, denied = waiting(trials, asker), waiting(trials, asker)
    approve(boss, approved)
    deny(boss, denied)
    for job in (approved, denied):
        assert refusal(boss, job).code == "approval_not_waiting"
        with pytest.raises(Conflict):
            deny(boss, job)


def test_each_is_told_why_his_or_her_answer_would_not_count(
    trials: Trials, boss: Actor, operator: Actor, viewer: Actor
) -> None:
    other = add_user(Role.ADMIN, "other@example.com")
    job = waiting(trials, boss)
    cases = {
        other: (None, None),
        boss: ("same_person", None),
        operator: ("role", "role"),
        viewer: ("role", "role"),
        COMMAND_LINE: ("nobody", "nobody"),
    }
    with reading() as session:
        for actor, expected in cases.items():
            question = approvals.read_question(session, actor, job)
            assert question
            assert (question.against_yes, question.against_no) == expected


def test_about_a_job_that_nobody_has_to_approve_nothing_is_asked(trials: Trials, viewer: Actor) -> None:
    job = trials.launch(GOOD)
    with reading() as session:
        assert approvals.read_question(session, viewer, job) is None


def test_a_job_that_needs_no_approval_gets_none(trials: Trials, boss: Actor) -> None:
    trials.write("trial", GOOD)
    assert refusal(boss, launched(boss, "trial")).code == "approval_not_waiting"


def test_who_asked_may_cancel(trials: Trials, asker: Actor, boss: Actor) -> None:
    job = waiting(trials, asker)
    with unit_of_work() as session:
        service.cancel(session, asker, job.id)
    assert (fresh(job.id).reason, question_of(job).state) == ("canceled", "withdrawn")
    assert refusal(boss, job).code == "approval_not_waiting"


def test_nobody_answers_for_ever(trials: Trials, asker: Actor, boss: Actor) -> None:
    job = waiting(trials, asker)
    assert sweep() == []
    with later(hours=25):
        assert refusal(boss, job).code == "approval_not_waiting"
        assert sweep() == [job.id]
    ended = fresh(job.id)
    assert (ended.status, ended.reason, ended.canceled_by) == ("CANCELED", "approval_expired", None)
    assert question_of(job).state == "expired"
    assert [entry.target_id for entry in audited("job.approval_expired")] == [job.id]


def test_a_runbook_that_changed_is_not_what_was_asked_for(trials: Trials, asker: Actor, boss: Actor) -> None:
    job = waiting(trials, asker)
    (trials.folder / "trial" / "README.md").write_text("# other\n")
    trials.sync()
    assert refusal(boss, job).code == "approval_void"
    assert sweep() == [job.id]
    assert "changed" in fresh(job.id).reason_detail


def test_inputs_that_somebody_wrote_into_the_row_are_not_what_was_asked_for(
    trials: Trials, asker: Actor, boss: Actor
) -> None:
    job = waiting(trials, asker)
    with unit_of_work() as session:
        session.exec(update(Job).where(col(Job.id) == job.id).values(environment="prod"))
    assert refusal(boss, job).code == "approval_void"


def test_what_runs_is_what_was_approved_to_the_last_look(trials: Trials, asker: Actor, boss: Actor) -> None:
    for change in ({"expect_plan": APPLY}, {"run_mode": "rollback"}, {"input_json": {"a": 1}}):
        job = waiting(trials, asker)
        approve(boss, job)
        with unit_of_work() as session:
            held = claims.claim(session, job.id, "w", "w")
            session.exec(update(Job).where(col(Job.id) == job.id).values(**change))
        assert held is not None
        with reading() as session, pytest.raises(PreparationError, match="not what is about to run"):
            preparation.read(session, held)


def test_a_job_that_was_let_past_its_approval_does_not_run(trials: Trials, asker: Actor) -> None:
    job = waiting(trials, asker)
    with unit_of_work() as session:
        session.exec(update(Job).where(col(Job.id) == job.id).values(phase="queued"))
    with unit_of_work() as session:
        held = claims.claim(session, job.id, "w", "w")
    assert held is not None
    with reading() as session, pytest.raises(PreparationError, match="no approval"):
        preparation.read(session, held)


def test_who_asked_must_still_be_allowed_to(trials: Trials, asker: Actor, boss: Actor) -> None:
    job = waiting(trials, asker)
    with unit_of_work() as session:
        session.exec(update(User).where(col(User.id) == asker.user_id).values(status="disabled"))
    assert refusal(boss, job).code == "approval_void"


def test_a_repeat_asks_again(trials: Trials, asker: Actor, boss: Actor) -> None:
    job = waiting(trials, asker)
    approve(boss, job)
    with unit_of_work() as session:
        service.cancel(session, asker, job.id)
    with unit_of_work() as session:
        again = service.retry(session, asker, job.id)
    assert (again.phase, question_of(again).state) == ("awaiting_approval", "waiting")


def test_a_plan_is_approved_where_the_runbook_can_show_one(trials: Trials, asker: Actor, boss: Actor) -> None:
    trials.write("trial", GOOD, **MODES, **OTHER)
    with pytest.raises(Invalid) as caught:
        launched(asker, "trial")
    assert (caught.value.code, caught.value.errors[0].pointer) == ("plan_required", "/expectPlan")
    preview = launched(asker, "trial", mode="preview")
    assert preview.phase == "queued"
    previewed(preview, APPLY)
    job = waiting(trials, asker, expect_plan=APPLY)
    assert question_of(job).plan_sha256 == APPLY
    assert refusal(boss, job, "1" * 64).code == "stale_plan"
    assert approve(boss, job, APPLY).expect_plan == APPLY


def test_who_approves_what_a_schedule_ordered_names_the_plan(trials: Trials, asker: Actor, boss: Actor) -> None:
    trials.write("trial", GOOD, **MODES, **OTHER)
    job = waiting(trials, asker, trigger="schedule", origin_id="sch_1")
    assert refusal(boss, job).code == "plan_required"
    assert refusal(boss, job, APPLY).code == "stale_plan"
    previewed(job, APPLY)
    done = approve(boss, job, APPLY)
    assert (done.expect_plan, question_of(job).plan_sha256, done.phase) == (APPLY, APPLY, "queued")


def test_a_lone_admin_approves_what_the_runbook_asks_for(trials: Trials) -> None:
    alone = add_user(Role.ADMIN, "alone@example.com")
    with unit_of_work() as session:
        session.exec(update(User).where(col(User.id) != alone.user_id).values(status="disabled"))
    job = waiting(trials, alone)
    assert question_of(job).wanted == "required"
    assert approve(alone, job).phase == "queued"


def test_each_sees_what_waits_for_him_or_her(trials: Trials, asker: Actor, boss: Actor, viewer: Actor) -> None:
    add_user(Role.ADMIN, "other@example.com")
    theirs, own = waiting(trials, asker), waiting(trials, boss)
    page = PageQuery(limit=50)

    def seen(actor: Actor, *, mine: bool) -> list[str]:
        with reading() as session:
            return [job.id for job in approvals.read_waiting(session, actor, page, mine=mine)[0].items]

    def count(actor: Actor) -> int:
        with reading() as session:
            return approvals.count_waiting_for(session, actor)

    assert seen(viewer, mine=False) == [theirs.id, own.id]
    assert {actor.name: seen(actor, mine=True) for actor in (boss, asker, viewer, COMMAND_LINE)} == {
        boss.name: [theirs.id],
        asker.name: [],
        viewer.name: [],
        COMMAND_LINE.name: [],
    }
    assert (count(boss), count(viewer)) == (1, 0)
    approve(boss, theirs)
    assert count(boss) == 0


def test_what_waits_for_people_is_not_in_the_line(trials: Trials, asker: Actor, boss: Actor) -> None:
    job = waiting(trials, asker)
    trials.write("free", GOOD)
    free = launched(asker, "free")
    with reading() as session:
        assert (queue_position(session, job), queue_position(session, free)) == (0, 1)
        assert pulse(session, boss).queued == 1
        found = get_detail(session, boss, job.id).approval
    assert found is not None
    assert found.requested_by == asker.user_id


def test_waiting_is_no_way_past_others(trials: Trials, asker: Actor, boss: Actor) -> None:
    job = waiting(trials, asker)
    trials.write("free", GOOD)
    first = launched(asker, "free")
    approve(boss, job)
    assert [claimed(), claimed()] == [first.id, job.id]
