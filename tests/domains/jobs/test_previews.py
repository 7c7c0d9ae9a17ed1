"""What follows from a preview: its plan is applied as it was shown, put back as it was shown, or shown anew."""

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import previews
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.orders import subject_of
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict, Forbidden, Invalid
from tests.domains.jobs.orders import launched
from tests.domains.jobs.plans import APPLY, MODES, ROLLBACK, set_facts
from tests.domains.jobs.rows import add_artifact
from tests.domains.jobs.trials import GOOD, Trials, fresh


@pytest.fixture(autouse=True)
def _runbook(trials: Trials) -> None:
    trials.write("trial", GOOD, **MODES)


def ended(job: Job, **facts: str) -> Job:
    """The job as a worker leaves it when all went well."""
    with unit_of_work() as session:
        set_facts(session, job.id, status="SUCCESS", phase="done", **facts)
    return fresh(job.id)


def shown(actor: Actor, **order: object) -> Job:
    """A finished preview that has shown a plan."""
    return ended(launched(actor, "trial", mode="preview", **order), plan_sha256=APPLY)


def applied(actor: Actor, job: Job) -> Job:
    with unit_of_work() as session:
        return previews.apply_plan(session, actor, job.id)


def again(actor: Actor, job: Job) -> Job:
    with unit_of_work() as session:
        return previews.preview_again(session, actor, job.id)


def found(actor: Actor, job: Job) -> str:
    with reading() as session:
        preview = previews.preview_of(session, actor, job)
        return preview.id if preview else ""


def test_exactly_what_was_shown_is_applied(trials: Trials) -> None:
    preview = shown(trials.actor, request_reason="new address")
    job = applied(trials.actor, preview)
    assert (job.run_mode, job.expect_plan, job.request_reason) == ("apply", APPLY, "new address")
    assert subject_of(job) == subject_of(preview)


def test_what_was_shown_of_a_rollback_is_rolled_back(trials: Trials) -> None:
    job = ended(launched(trials.actor, "trial"), snapshot_ref="snapshot.json")
    add_artifact(job, "snapshot.json", b"{}")
    order = {"mode": "preview", "rollback_of": job.id, "request_reason": "too early"}
    preview = ended(launched(trials.actor, "trial", **order), plan_sha256=ROLLBACK)
    undo = applied(trials.actor, preview)
    assert (undo.run_mode, undo.rollback_of, undo.expect_plan) == ("rollback", job.id, ROLLBACK)
    assert (undo.trigger, undo.request_reason) == ("rollback", "too early")
    assert (again(trials.actor, preview).run_mode, again(trials.actor, undo).rollback_of) == ("preview", job.id)


def test_only_a_plan_that_was_shown_can_be_applied(trials: Trials) -> None:
    unfinished = launched(trials.actor, "trial", mode="preview")
    for job in (
        unfinished,
        ended(launched(trials.actor, "trial", mode="preview")),
        ended(launched(trials.actor, "trial")),
    ):
        with pytest.raises(Invalid) as caught:
            applied(trials.actor, job)
        assert caught.value.code == "plan_required"


def test_a_plan_of_a_runbook_that_changed_is_stale_and_can_be_shown_anew(trials: Trials) -> None:
    preview = shown(trials.actor)
    (trials.folder / "trial" / "README.md").write_text("# other\n", "utf-8")
    trials.sync()
    with pytest.raises(Conflict) as caught:
        applied(trials.actor, preview)
    assert caught.value.code == "stale_plan"
    anew = again(trials.actor, preview)
    assert (anew.run_mode, anew.expect_plan) == ("preview", "")


def test_who_may_run_nothing_follows_up_nothing(trials: Trials, viewer: Actor) -> None:
    preview = shown(trials.actor)
    for follow in (applied, again):
        with pytest.raises(Forbidden):
            follow(viewer, preview)


def test_a_job_finds_the_preview_that_showed_what_it_expects(trials: Trials, viewer: Actor) -> None:
    first = shown(trials.actor)
    job = applied(trials.actor, first)
    other = ended(launched(trials.actor, "trial", mode="preview"), plan_sha256="f" * 64)
    ended(launched(trials.actor, "trial", mode="preview", environment="prod"), plan_sha256="e" * 64)
    assert found(viewer, job) == first.id
    assert found(viewer, launched(trials.actor, "trial")) == other.id
    assert found(viewer, launched(trials.actor, "trial", environment="prod")) != other.id
