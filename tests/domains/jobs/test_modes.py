"""Previews, applies and rollbacks as they are ordered: what is refused, what is found, and what waits for whom."""

from typing import Any

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import claims, service
from orch_app.domains.jobs.models import Job, JobNeed
from orch_app.domains.jobs.orders import Order
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict, Invalid, OrchError
from tests.domains.jobs.orders import launched
from tests.domains.jobs.plans import APPLY, MODES, previewed, rename, set_facts
from tests.domains.jobs.rows import add_job, keep_file
from tests.domains.jobs.trials import GOOD, Trials, acts_on


@pytest.fixture
def runbook(trials: Trials) -> Trials:
    """One runbook, `trial`, that offers every mode."""
    trials.write("trial", GOOD, **MODES)
    return trials


def refused(actor: Actor, runbook: str = "trial", **facts: Any) -> OrchError:
    with pytest.raises(OrchError) as caught, unit_of_work() as session:
        service.launch(session, actor, Order(runbook, **facts))
    return caught.value


def faults(error: OrchError) -> list[tuple[str, str]]:
    assert isinstance(error, Invalid)
    return [(fault.pointer, fault.code) for fault in error.errors]


def ended_with_snapshot(number: int, **facts: Any) -> Job:
    given: dict[str, Any] = {"runbook_name": "trial", "status": "SUCCESS", "snapshot_ref": "snapshot.json", **facts}
    job = add_job(number, **given)
    keep_file(job, "snapshot.json", b"{}")
    return job


def rolled_back(actor: Actor, job: Job, *, preview: bool = False) -> Job:
    with unit_of_work() as session:
        return service.roll_back(session, actor, job.id, preview=preview)


def test_a_mode_that_the_runbook_does_not_offer_is_refused_at_its_place(trials: Trials) -> None:
    trials.write("trial", GOOD)
    assert faults(refused(trials.actor, mode="preview")) == [("/mode", "not_supported")]
    assert faults(refused(trials.actor, expect_plan=APPLY)) == [("/expectPlan", "not_supported")]
    assert faults(refused(trials.actor, mode="rollback", rollback_of="job_1")) == [("/mode", "not_supported")]


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        ({"mode": "destroy"}, ("/mode", "enum")),
        ({"mode": "rollback"}, ("/mode", "rollback")),
        ({"mode": "preview", "expect_plan": APPLY}, ("/expectPlan", "not_allowed")),
        ({"expect_plan": "abc"}, ("/expectPlan", "pattern")),
    ],
)
def test_what_means_nothing_is_refused(runbook: Trials, facts: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(refused(runbook.actor, **facts)) == [fault]


def test_only_a_plan_that_a_finished_preview_of_the_very_same_has_shown_can_be_expected(runbook: Trials) -> None:
    first = launched(runbook.actor, "trial")
    assert refused(runbook.actor, expect_plan=APPLY).code == "stale_plan"
    preview = previewed(first, APPLY)
    assert refused(runbook.actor, expect_plan="1" * 64).code == "stale_plan"
    assert refused(runbook.actor, expect_plan=APPLY, environment="prod").code == "stale_plan"
    job = launched(runbook.actor, "trial", expect_plan=APPLY)
    assert (job.run_mode, job.expect_plan, job.order_sha256) == ("apply", APPLY, preview.order_sha256)


@pytest.mark.parametrize("facts", [{"status": "ERROR"}, {"run_mode": "apply"}])
def test_what_failed_or_was_no_preview_has_shown_nothing(runbook: Trials, facts: dict[str, str]) -> None:
    preview = previewed(launched(runbook.actor, "trial"), APPLY)
    with unit_of_work() as session:
        set_facts(session, preview.id, **facts)
    assert isinstance(refused(runbook.actor, expect_plan=APPLY), Conflict)


def test_a_runbook_that_changed_after_the_preview_makes_its_plan_stale(runbook: Trials) -> None:
    previewed(launched(runbook.actor, "trial"), APPLY)
    (runbook.folder / "trial" / "README.md").write_text("# other\n")
    runbook.sync()
    assert refused(runbook.actor, expect_plan=APPLY).code == "stale_plan"


def test_a_job_is_about_the_same_as_its_order_and_as_its_preview(runbook: Trials) -> None:
    apply, preview = launched(runbook.actor, "trial"), launched(runbook.actor, "trial", mode="preview")
    assert {apply.order_sha256, preview.order_sha256, rename(apply)} == {apply.order_sha256}


def needs_of(job: Job) -> list[tuple[str, str]]:
    with reading() as session:
        rows = session.exec(select(JobNeed).where(JobNeed.job_id == job.id)).all()
    return sorted((row.kind, row.name) for row in rows)


def test_a_preview_takes_no_lock_but_counts_for_limit_and_rate(trials: Trials) -> None:
    rules = {"locks": ["zone:1"], "concurrency": {"limit": 1}, "rate": {"limit": 9, "per_s": 60}}
    trials.write("trial", GOOD, **MODES, **rules)
    preview, apply = launched(trials.actor, "trial", mode="preview"), launched(trials.actor, "trial")
    assert (preview.lock_names, apply.lock_names) == ([], ["zone:1"])
    assert needs_of(preview) == [("limit", "trial"), ("rate", "trial")]
    assert needs_of(apply) == [("limit", "trial"), ("lock", "zone:1"), ("rate", "trial")]


def test_a_preview_joins_no_job_that_would_change_something(trials: Trials) -> None:
    trials.write("trial", GOOD, **MODES, dedup="one")
    apply, preview = launched(trials.actor, "trial"), launched(trials.actor, "trial", mode="preview")
    assert apply.id != preview.id
    assert launched(trials.actor, "trial").id == apply.id
    assert launched(trials.actor, "trial", mode="preview").id == preview.id


def test_who_expects_a_plan_joins_no_job_that_would_do_without_it(trials: Trials) -> None:
    trials.write("trial", GOOD, **MODES, dedup="one")
    previewed(launched(trials.actor, "trial"), APPLY)
    assert refused(trials.actor, expect_plan=APPLY).code == "duplicate_job"


def test_a_job_that_left_a_snapshot_is_rolled_back_by_another(runbook: Trials) -> None:
    done = ended_with_snapshot(7)
    shown, undone = rolled_back(runbook.actor, done, preview=True), rolled_back(runbook.actor, done)
    assert (shown.run_mode, shown.rollback_of) == ("preview", done.id)
    assert (undone.run_mode, undone.rollback_of, undone.trigger) == ("rollback", done.id, "rollback")
    assert shown.order_sha256 == undone.order_sha256 != launched(runbook.actor, "trial").order_sha256
    assert acts_on(undone) == ["job.executed"]


@pytest.mark.parametrize(
    ("facts", "code"), [({"status": "RUNNING"}, "job_is_running"), ({"snapshot_ref": ""}, "no_snapshot")]
)
def test_what_runs_or_changed_nothing_cannot_be_rolled_back(runbook: Trials, facts: dict[str, str], code: str) -> None:
    with pytest.raises(Conflict) as caught:
        rolled_back(runbook.actor, ended_with_snapshot(7, **facts))
    assert caught.value.code == code


def test_a_retry_is_a_run_in_the_same_mode(runbook: Trials) -> None:
    undone = rolled_back(runbook.actor, ended_with_snapshot(7))
    with unit_of_work() as session:
        set_facts(session, undone.id, status="ERROR")
    with unit_of_work() as session:
        again = service.retry(session, runbook.actor, undone.id)
    assert (again.run_mode, again.rollback_of, again.retry_of) == ("rollback", undone.rollback_of, undone.id)


def test_what_has_a_snapshot_is_not_tried_again_by_itself(trials: Trials) -> None:
    trials.write("trial", GOOD, **MODES, retries={"max": 2, "codes": ["rate_limited"]})
    ends = {}
    for ref in ("", "snapshot.json"):
        job = launched(trials.actor, "trial")
        with unit_of_work() as session:
            held = claims.claim(session, job.id, "w", "w")
            assert held is not None
            claims.finish(session, held, service.Status.ERROR, reason="rate_limited", snapshot_ref=ref)
        with reading() as session:
            ends[ref] = session.get_one(Job, job.id).status
    assert ends == {"": "PENDING", "snapshot.json": "ERROR"}
