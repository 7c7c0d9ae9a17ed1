"""Launching, cancelling and repeating jobs."""

import pytest
from sqlmodel import Session, col, select, update

from orch_app.domains.access.actor import ANONYMOUS, Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.accounts.models import User
from orch_app.domains.audit.models import AuditEntry
from orch_app.domains.jobs import claims, service, verdicts
from orch_app.domains.jobs.held import Claim
from orch_app.domains.jobs.models import Job, JobStep, StepHost
from orch_app.domains.jobs.states import Status
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict, Forbidden, Invalid, NotFound, OrchError, Unauthorized, Unavailable
from orch_app.kit.queue import install_bell
from tests.domains.jobs.orders import CLOSED, launch_in, launched
from tests.systems.people import add_user
from tests.systems.product import bound_to

pytestmark = pytest.mark.usefixtures("catalogue")


def fresh(job_id: str) -> Job:
    with reading() as session:
        return session.exec(select(Job).where(Job.id == job_id)).one()


def actions_on(job_id: str) -> list[str]:
    with reading() as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.target_id == job_id).order_by(col(AuditEntry.id)))
        return [entry.action for entry in entries]


def refused(actor: Actor, runbook: str = "host_report", **facts: object) -> OrchError:
    with pytest.raises(OrchError) as caught, unit_of_work() as session:
        launch_in(session, actor, runbook, **facts)
    return caught.value


def pointers(error: OrchError) -> list[str]:
    return [fault.pointer for fault in error.errors]


def test_a_launched_job_waits_is_audited_and_is_rung_after_the_commit(operator: Actor) -> None:
    rung: list[str] = []
    install_bell(
        lambda name, payload: rung.append(f"{name} {payload['job_id']} {fresh(payload['job_id']).status}"), bool
    )
    job = launched(operator, request_reason="a look")
    assert (job.status, job.phase, job.created_by_name) == ("PENDING", "queued", "olga")
    assert rung == [f"jobs.run {job.id} PENDING"]
    assert actions_on(job.id) == ["job.executed"]


def test_a_launch_that_fails_leaves_no_job_no_audit_entry_and_rings_nothing(operator: Actor) -> None:
    rung: list[str] = []
    install_bell(lambda name, _payload: rung.append(name), bool)
    with pytest.raises(RuntimeError), unit_of_work() as session:
        _launch_and_stumble(session, operator)
    with reading() as session:
        assert session.exec(select(Job)).all() == []
        assert session.exec(select(AuditEntry).where(AuditEntry.action == "job.executed")).all() == []
    assert rung == []


def _launch_and_stumble(session: Session, actor: Actor) -> None:
    launch_in(session, actor)
    raise RuntimeError


def test_jobs_are_numbered_from_one_without_gaps(operator: Actor) -> None:
    assert [launched(operator).number for _ in range(3)] == [1, 2, 3]


def test_nobody_and_viewers_launch_nothing(viewer: Actor) -> None:
    assert isinstance(refused(ANONYMOUS), Unauthorized)
    assert isinstance(refused(viewer), Forbidden)


def test_wrong_inputs_are_refused_with_a_pointer_each(operator: Actor) -> None:
    error = refused(operator, "connectivity_test", inputs={"targets": [{"host": "a", "kind": "tcp"}], "count": 99})
    assert isinstance(error, Invalid)
    assert sorted(pointers(error)) == ["/count", "/targets/0/port"]


def test_defaults_are_filled_into_the_inputs(operator: Actor) -> None:
    job = launched(operator, "connectivity_test", inputs=CLOSED)
    assert job.input_json["count"] >= 1


def test_an_unknown_runbook_is_not_found(operator: Actor) -> None:
    assert isinstance(refused(operator, "no_such"), NotFound)


def test_an_unknown_environment_is_refused(operator: Actor) -> None:
    assert pointers(refused(operator, environment="moon")) == ["/environment"]


def test_an_unknown_host_is_refused_at_its_place(operator: Actor) -> None:
    assert pointers(refused(operator, host_ids=["hst_00000000000000000000000000"])) == ["/hosts/0"]


def test_hosts_are_refused_where_the_runbook_works_on_none(operator: Actor) -> None:
    error = refused(operator, "connectivity_test", inputs=CLOSED, host_ids=["hst_1"])
    assert pointers(error) == ["/hosts"]


@pytest.mark.parametrize(("runbook", "inputs"), [("host_report", {}), ("connectivity_test", CLOSED)])
def test_an_empty_list_of_hosts_is_refused_and_never_means_this_machine(
    operator: Actor, runbook: str, inputs: dict[str, object]
) -> None:
    error = refused(operator, runbook, inputs=inputs, host_ids=[])
    assert isinstance(error, Invalid)
    assert [(fault.pointer, fault.code) for fault in error.errors] == [("/hosts", "minItems")]
    assert launched(operator, runbook, inputs=inputs).host_ids == []


def test_a_connection_for_a_slot_that_does_not_exist_is_refused(operator: Actor) -> None:
    assert pointers(refused(operator, connections={"dns": "con_1"})) == ["/connections/dns"]


@pytest.mark.parametrize("facts", [{"broken_reason": "no playbook"}, {"enabled": False}])
def test_a_broken_or_disabled_runbook_does_not_run(operator: Actor, facts: dict[str, object]) -> None:
    with unit_of_work() as session:
        session.exec(update(Runbook).where(col(Runbook.name) == "host_report").values(**facts))
    assert isinstance(refused(operator), Conflict)


def test_the_weakest_role_that_may_run_it_is_known(catalogue: str) -> None:
    with reading() as session:
        runbook = session.exec(select(Runbook).where(Runbook.name == "host_report")).one()
    assert [verdicts.role_for(runbook, environment) for environment in ("stage", "prod")] == [Role.OPERATOR] * 2


def test_what_needs_a_second_person_waits_for_one(operator: Actor) -> None:
    with unit_of_work() as session:
        session.exec(update(Runbook).where(col(Runbook.name) == "host_report").values(risk="high"))
    assert launched(operator, environment="prod").phase == "awaiting_approval"


def test_a_runbook_may_ask_for_a_stronger_role_than_its_risk_would(operator: Actor, admin: Actor) -> None:
    with unit_of_work() as session:
        runbook = session.exec(select(Runbook).where(Runbook.name == "host_report")).one()
        runbook.meta = {**runbook.meta, "roles": {"execute": "admin", "approve": "admin"}}
        session.add(runbook)
    error = refused(operator)
    assert isinstance(error, Forbidden)
    assert error.code == "forbidden"
    assert "asks for the role admin" in error.detail
    assert verdicts.role_for(runbook, "stage") is Role.ADMIN
    assert launched(admin).status == Status.PENDING


def test_a_lone_admin_may_go_ahead_only_where_the_setting_says_so(admin: Actor, catalogue: str, tmp_path) -> None:
    with unit_of_work() as session:
        session.exec(update(Runbook).where(col(Runbook.name) == "host_report").values(risk="high"))
    assert launched(admin, environment="prod").phase == "queued"
    if catalogue == "sqlite":
        with bound_to(tmp_path, ORCH_SOLO_ADMIN="false"):
            assert launched(admin, environment="prod").phase == "awaiting_approval"


def test_as_soon_as_there_is_a_second_active_admin_none_goes_ahead_alone(catalogue: str) -> None:
    one, two = (add_user(Role.ADMIN, f"{name}@example.com") for name in ("one", "two"))
    with unit_of_work() as session:
        session.exec(update(Runbook).where(col(Runbook.name) == "host_report").values(risk="high"))
    assert [launched(actor, environment="prod").phase for actor in (one, two)] == ["awaiting_approval"] * 2
    with unit_of_work() as session:
        session.exec(update(User).where(col(User.id) == two.user_id).values(status="disabled"))
    assert launched(one, environment="prod").phase == "queued"


def test_a_full_disk_refuses_new_jobs(operator: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orch_app.kit.disk.free_mb", lambda: 1)
    error = refused(operator)
    assert isinstance(error, Unavailable)
    assert error.code == "disk_full"


def cancel(actor: Actor, job_id: str) -> Job:
    with unit_of_work() as session:
        return service.cancel(session, actor, job_id)


def test_a_waiting_job_is_cancelled_at_once(operator: Actor) -> None:
    job = launched(operator)
    ended = cancel(operator, job.id)
    assert (ended.status, ended.reason, ended.canceled_by) == (Status.CANCELED, "canceled", "olga")
    assert actions_on(job.id) == ["job.executed", "job.canceled"]


def test_a_running_job_is_told_to_stop(operator: Actor) -> None:
    job = launched(operator)
    run(job)
    told = cancel(operator, job.id)
    assert (told.status, told.phase) == (Status.RUNNING, "canceling")
    assert told.cancel_requested_at is not None


def test_a_job_that_lingers_is_ended_by_force_and_who_asked_first_stays(operator: Actor, admin: Actor) -> None:
    job = launched(operator)
    run(job)
    first = cancel(operator, job.id).cancel_requested_at
    with unit_of_work() as session:
        told = service.cancel(session, admin, job.id, force=True)
    assert (told.phase, told.canceled_by, told.cancel_requested_at) == ("killing", "olga", first)
    assert cancel(operator, job.id).phase == "killing"
    assert actions_on(job.id) == ["job.executed", "job.canceled", "job.canceled", "job.canceled"]


def test_an_ended_job_cannot_be_cancelled(operator: Actor) -> None:
    job = launched(operator)
    cancel(operator, job.id)
    with pytest.raises(Conflict):
        cancel(operator, job.id)


def test_viewers_cancel_nothing(operator: Actor, viewer: Actor) -> None:
    job = launched(operator)
    with pytest.raises(Forbidden):
        cancel(viewer, job.id)


def run(job: Job) -> Claim:
    with unit_of_work() as session:
        held = claims.claim(session, job.id, "w", "w")
    assert held is not None
    return held


def end(job: Job, status: Status) -> None:
    held = run(job)
    with unit_of_work() as session:
        claims.finish(session, held, status)


def retry(actor: Actor, job_id: str, *, only_failed_hosts: bool = False) -> Job:
    with unit_of_work() as session:
        return service.retry(session, actor, job_id, only_failed_hosts=only_failed_hosts)


def test_a_retry_is_a_new_job_that_knows_the_old_one(operator: Actor) -> None:
    job = launched(operator, "connectivity_test", inputs=CLOSED, request_reason="again")
    end(job, Status.ERROR)
    again = retry(operator, job.id)
    assert (again.retry_of, again.input_json, again.request_reason) == (job.id, fresh(job.id).input_json, "again")
    assert fresh(job.id).status == Status.ERROR
    assert actions_on(again.id) == ["job.retried"]


def test_a_running_job_cannot_be_repeated(operator: Actor) -> None:
    with pytest.raises(Conflict):
        retry(operator, launched(operator).id)


def test_repeating_on_failed_hosts_needs_a_failed_host(operator: Actor) -> None:
    job = launched(operator)
    end(job, Status.SUCCESS)
    with pytest.raises(Conflict, match="No host"):
        retry(operator, job.id, only_failed_hosts=True)


def test_the_failed_hosts_are_those_on_which_a_step_failed(operator: Actor) -> None:
    job = launched(operator)
    with unit_of_work() as session:
        session.exec(
            update(Job).where(col(Job.id) == job.id).values(host_ids=["hst_a", "hst_b"], host_names=["a", "b"])
        )
        add_step(session, job.id, {"a": "ok", "b": "unreachable"})
    with reading() as session:
        assert service._failed_hosts(session, session.exec(select(Job)).one()) == ["hst_b"]


def add_step(session: Session, job_id: str, hosts: dict[str, str]) -> None:
    session.add(JobStep(id=f"stp_{job_id}", job_id=job_id, position=1, name="x", started_at=now()))
    session.flush()
    for name, status in hosts.items():
        session.add(StepHost(step_id=f"stp_{job_id}", job_id=job_id, host=name, status=status))
