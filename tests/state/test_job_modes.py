"""From a preview to what follows, on the page of its job: applied, shown anew, or put back."""

import asyncio
from typing import Any

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import COMMAND_LINE, Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.jobs.models import Job
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.queue import install_bell
from orch_app.state.job import JobState
from tests.domains.jobs.orders import launched, sync_runbooks
from tests.domains.jobs.plans import APPLY, MODES, set_facts
from tests.domains.jobs.rows import add_artifact
from tests.state.open_tab import OpenTab, signed_in, urls_of
from tests.systems.people import add_user


@pytest.fixture
def asker(sqlite: None) -> Actor:
    """An operator, where the report can be previewed and rolled back."""
    install_bell(lambda _name, _payload: None, lambda: True)
    sync_runbooks(COMMAND_LINE)
    change(meta=MODES)
    return add_user(Role.OPERATOR, "asker@example.com")


def change(*, meta: dict[str, Any], **facts: Any) -> None:
    """Another runbook than before."""
    with unit_of_work() as session:
        runbook = session.exec(select(Runbook).where(Runbook.name == "host_report")).one()
        runbook.sqlmodel_update({"meta": {**runbook.meta, **meta}, **facts})
        session.add(runbook)


def ended(job: Job, **facts: str) -> Job:
    with unit_of_work() as session:
        set_facts(session, job.id, **({"status": "SUCCESS", "phase": "done"} | facts))
    return job


def preview(actor: Actor, **order: Any) -> Job:
    return ended(launched(actor, mode="preview", **order), plan_sha256=APPLY)


def applied(actor: Actor, **order: Any) -> Job:
    """A job that has changed something, and could be undone."""
    job = ended(launched(actor, **order), snapshot_ref="snapshot.json")
    add_artifact(job, "snapshot.json", b"{}")
    return job


def looking(job: Job, role: Role = Role.OPERATOR) -> tuple[OpenTab, dict[str, Any]]:
    tab = signed_in(role, f"/jobs/{job.id}")
    asyncio.run(tab.send(JobState.load))
    return tab, tab.state(JobState).job


def press(tab: OpenTab, handler: Any) -> Job | None:
    """The job whose page is opened by that; None when none is."""
    found = urls_of(asyncio.run(tab.send(handler)) or [])
    with reading() as session:
        return session.get_one(Job, found[0].removeprefix("/jobs/")) if found else None


def test_one_press_applies_what_was_shown(asker: Actor) -> None:
    shown = preview(asker, inputs={"disk_warn_pct": 70})
    tab, facts = looking(shown)
    assert (facts["hasPlan"], facts["isStale"], facts["mode"]) == (True, False, "preview")
    assert tab.state(JobState).shown_plan["sha256"] == APPLY
    job = press(tab, JobState.apply_plan)
    assert job
    assert (job.run_mode, job.expect_plan, job.order_sha256) == ("apply", APPLY, shown.order_sha256)


def test_high_risk_in_production_asks_for_its_name_before_it_is_applied(asker: Actor) -> None:
    change(meta={}, risk="high")
    add_user(Role.ADMIN, "other@example.com")
    tab, _ = looking(preview(asker, environment="prod"), Role.ADMIN)
    state = tab.state(JobState)
    assert (press(tab, JobState.apply_plan), state.asks_to_follow) == (None, "apply")
    asyncio.run(tab.send(JobState.close_follow))
    assert press(tab, JobState.follow_named) is None
    press(tab, JobState.apply_plan)
    job = press(tab, JobState.follow_named)
    assert job
    assert (job.expect_plan, job.phase, state.asks_to_follow) == (APPLY, "awaiting_approval", "")


def test_a_plan_that_failed_as_stale_offers_another_look(asker: Actor) -> None:
    failed = ended(launched(asker), status="ERROR", reason="stale_plan")
    tab, facts = looking(failed)
    assert (facts["isStale"], facts["hasPlan"], facts["canPreview"]) == (True, False, True)
    anew = press(tab, JobState.preview_again)
    assert anew
    assert (anew.run_mode, anew.order_sha256) == ("preview", failed.order_sha256)


def test_the_preview_of_a_runbook_that_has_changed_is_stale_on_its_page(asker: Actor) -> None:
    shown = preview(asker)
    change(meta={}, revision="f" * 40)
    tab, facts = looking(shown)
    assert (facts["hasPlan"], facts["isStale"]) == (False, True)
    assert press(tab, JobState.apply_plan) is None


def test_a_rollback_is_shown_first_and_done_once_its_name_was_typed(asker: Actor) -> None:
    tab, facts = looking(applied(asker))
    assert facts["canRollBack"]
    shown = press(tab, JobState.roll_back)
    assert shown
    assert (shown.run_mode, bool(shown.rollback_of)) == ("preview", True)
    ended(shown, plan_sha256=APPLY)
    tab.go(f"/jobs/{shown.id}")
    asyncio.run(tab.send(JobState.load))
    assert press(tab, JobState.apply_plan) is None
    undo = press(tab, JobState.follow_named)
    assert undo
    assert (undo.run_mode, undo.rollback_of, undo.expect_plan) == ("rollback", shown.rollback_of, APPLY)


def test_what_cannot_be_shown_is_put_back_once_its_name_was_typed(asker: Actor) -> None:
    change(meta={"supports": {"rollback": True}})
    tab, _ = looking(applied(asker))
    assert press(tab, JobState.roll_back) is None
    assert tab.state(JobState).asks_to_follow == "roll_back"
    undo = press(tab, JobState.follow_named)
    assert undo
    assert undo.run_mode == "rollback"


def test_without_a_snapshot_or_before_its_end_nothing_is_offered_to_be_put_back(asker: Actor) -> None:
    for job in (ended(launched(asker)), launched(asker), preview(asker)):
        assert not looking_again(job)["canRollBack"]


def looking_again(job: Job) -> dict[str, Any]:
    """What somebody new sees of the job."""
    person = signed_in(Role.VIEWER, f"/jobs/{job.id}", email=f"{job.id[-8:].lower()}@example.com")
    asyncio.run(person.send(JobState.load))
    return person.state(JobState).job


@pytest.mark.parametrize("role", [None, Role.VIEWER], ids=["anonymous", "viewer"])
def test_who_may_run_nothing_follows_up_nothing(asker: Actor, role: Role | None) -> None:
    job = applied(asker)
    tab = signed_in(role, f"/jobs/{job.id}") if role else OpenTab("", f"/jobs/{job.id}")
    asyncio.run(tab.send(JobState.load))
    for handler in (JobState.apply_plan, JobState.preview_again, JobState.roll_back, JobState.follow_named):
        found = urls_of(asyncio.run(tab.send(handler)) or [])
        assert not any("/jobs/" in url and "login" not in url for url in found)
    with reading() as session:
        assert len(session.exec(select(Job)).all()) == 1


@pytest.mark.parametrize(
    ("mode", "changed", "counts", "is_unneeded"),
    [
        ("preview", False, {"create": 0, "update": 0, "delete": 0, "noop": 3}, True),
        ("preview", False, {"create": 0, "update": 1, "delete": 0}, False),
        ("apply", False, {"create": 0, "update": 0, "delete": 0}, True),
        ("apply", True, {"create": 0, "update": 0, "delete": 0}, False),
        ("preview", False, {"hosts": 1}, False),
    ],
)
def test_a_job_that_found_everything_as_asked_says_so(
    asker: Actor, mode: str, *, changed: bool, counts: dict[str, int], is_unneeded: bool
) -> None:
    job = launched(asker, mode=mode)
    with unit_of_work() as session:
        row = session.get_one(Job, job.id)
        row.status, row.phase, row.output_json = "SUCCESS", "done", {"changed": changed, "counts": counts}
        session.add(row)
    assert looking(job)[1]["isUnneeded"] is is_unneeded
