"""One order about many jobs: each has a result of its own, and with `all_or_nothing` they share one."""

from collections.abc import Sequence

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import Actor
from orch_app.domains.audit.models import AuditEntry
from orch_app.domains.jobs import bulk
from orch_app.domains.jobs.models import Job
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict, Forbidden
from orch_app.kit.queue import install_bell
from tests.domains.jobs.orders import CLOSED, launched

pytestmark = pytest.mark.usefixtures("catalogue")


def done(actor: Actor, action: bulk.BulkAction, job_ids: Sequence[str], *, whole: bool = False) -> list[bulk.Outcome]:
    with unit_of_work() as session:
        return bulk.carry_out(session, actor, bulk.BulkOrder(action, job_ids, all_or_nothing=whole))


def statuses() -> dict[str, str]:
    with reading() as session:
        return {job.id: job.status for job in session.exec(select(Job))}


def audited(action: str) -> list[AuditEntry]:
    with reading() as session:
        return list(session.exec(select(AuditEntry).where(AuditEntry.action == action)).all())


def codes(outcomes: Sequence[bulk.Outcome]) -> list[str]:
    return [outcome.refusal.code if outcome.refusal else "" for outcome in outcomes]


def test_what_cannot_be_canceled_does_not_keep_the_others(operator: Actor) -> None:
    first, second, over = (launched(operator) for _ in range(3))
    done(operator, "cancel", [over.id])
    found = done(operator, "cancel", [first.id, "job_nothing", over.id, second.id, first.id])
    assert [outcome.job_id for outcome in found] == [first.id, "job_nothing", over.id, second.id]
    assert codes(found) == ["", "job_not_found", "job_is_over", ""]
    assert set(statuses().values()) == {"CANCELED"}
    assert len(audited("job.canceled")) == 3


def test_repeated_jobs_know_what_they_repeat_and_are_rung_for(operator: Actor) -> None:
    rung: list[str] = []
    over, running = launched(operator), launched(operator)
    done(operator, "cancel", [over.id])
    install_bell(lambda _name, payload: rung.append(payload["job_id"]), lambda: True)
    repeated, refused = done(operator, "retry", [over.id, running.id])
    assert repeated.job is not None
    assert (repeated.job.retry_of, repeated.job.status) == (over.id, "PENDING")
    assert refused.refusal is not None
    assert refused.refusal.code == "job_is_running"
    assert rung == [repeated.job.id]


def test_all_or_nothing_says_which_ones_were_in_the_way_and_does_nothing(operator: Actor) -> None:
    waiting, over = launched(operator), launched(operator)
    done(operator, "cancel", [over.id])
    with pytest.raises(Conflict) as caught:
        done(operator, "cancel", [waiting.id, over.id], whole=True)
    assert [(fault.pointer, fault.code) for fault in caught.value.errors] == [("/jobIds/1", "job_is_over")]
    assert statuses()[waiting.id] == "PENDING"
    assert len(audited("job.canceled")) == 1
    assert codes(done(operator, "cancel", [waiting.id], whole=True)) == [""]


def test_each_job_is_judged_by_its_own_runbook_and_a_denial_is_audited(operator: Actor) -> None:
    free, ruled = launched(operator, "connectivity_test", inputs=CLOSED), launched(operator, environment="prod")
    done(operator, "cancel", [free.id, ruled.id])
    with unit_of_work() as session:
        runbook = session.exec(select(Runbook).where(Runbook.name == "host_report")).one()
        runbook.meta = {**runbook.meta, "roles": {"execute": "admin", "approve": "admin"}}
        session.add(runbook)
    found = done(operator, "retry", [free.id, ruled.id])
    assert codes(found) == ["", "forbidden"]
    (denial,) = audited("access.denied")
    assert (denial.result, denial.environment, denial.actor_name) == ("denied", "prod", "olga")


def test_a_viewer_may_do_nothing_to_none_of_them(operator: Actor, viewer: Actor) -> None:
    job = launched(operator)
    for action in ("cancel", "retry", "delete"):
        with pytest.raises(Forbidden):
            done(viewer, action, [job.id])
    assert statuses()[job.id] == "PENDING"


def test_only_admins_delete_and_only_what_has_ended(admin: Actor, operator: Actor) -> None:
    over, waiting = launched(operator), launched(operator)
    done(operator, "cancel", [over.id])
    with pytest.raises(Forbidden):
        done(operator, "delete", [over.id])
    deleted, refused = done(admin, "delete", [over.id, waiting.id])
    assert deleted.job is not None
    assert (deleted.job.number, codes([deleted, refused])) == (over.number, ["", "job_is_running"])
    assert statuses() == {waiting.id: "PENDING"}
    assert [entry.target_id for entry in audited("job.deleted")] == [over.id]


def test_all_or_nothing_deletes_nothing_when_one_is_refused(admin: Actor) -> None:
    rung: list[str] = []
    over, waiting = launched(admin), launched(admin)
    done(admin, "cancel", [over.id])
    install_bell(lambda name, _payload: rung.append(name), lambda: True)
    with pytest.raises(Conflict):
        done(admin, "delete", [over.id, waiting.id], whole=True)
    assert (set(statuses()), rung) == ({over.id, waiting.id}, [])
