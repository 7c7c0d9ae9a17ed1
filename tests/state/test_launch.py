"""The run drawer: what it offers to whom, what it sends, and how refusals come back to their fields."""

import asyncio
import json
import shlex
from typing import Any

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.access.permissions import Role
from orch_app.domains.inventory.models import Connection, Host
from orch_app.domains.jobs.models import Job
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Problem
from orch_app.kit.ids import new_id
from orch_app.state import launch_view
from orch_app.state.launch import LaunchState
from tests.domains.jobs.orders import launched, sync_runbooks
from tests.state.conftest import SignIn
from tests.state.tabs import tab
from tests.state.test_guard import leads_to


@pytest.fixture(autouse=True)
def _catalogue(sqlite: None) -> None:
    sync_runbooks(COMMAND_LINE)


def add_host(name: str, environment: str = "stage", **facts: Any) -> str:
    """A host that a job can work on, through an own connection."""
    with unit_of_work() as session:
        connection = Connection(
            id=new_id("con"),
            type="ssh",
            name=f"to-{name}",
            environment=environment,
            encrypted_payload="sealed",
            created_at=now(),
            updated_at=now(),
        )
        session.add(connection)
        session.flush()
        shared: dict[str, Any] = {
            "connection_id": connection.id,
            "host_key": "ssh-ed25519 AAAA",
            "environment": environment,
        }
        host = Host(
            id=new_id("hst"), name=name, address="192.0.2.9", created_at=now(), updated_at=now(), **shared | facts
        )
        session.add(host)
        return host.id


def add_connection(kind: str) -> str:
    with unit_of_work() as session:
        row = Connection(
            id=new_id("con"),
            type=kind,
            name=f"the {kind}",
            environment="stage",
            encrypted_payload="sealed",
            created_at=now(),
            updated_at=now(),
        )
        session.add(row)
        return row.id


def opened(sign_in: SignIn, role: Role = Role.ADMIN, address: str = "/runbooks?run=host_report") -> Any:
    state = tab(LaunchState, cookie=sign_in(role), address=address)
    call(state, "open")
    return state


def call(state: Any, name: str, *args: Any) -> Any:
    return asyncio.run(type(state).event_handlers[name].fn(state, *args))


def jobs() -> list[Job]:
    with reading() as session:
        return list(session.exec(select(Job)))


def test_the_form_begins_with_the_defaults_of_the_schema(sign_in: SignIn):
    state = opened(sign_in)
    assert state.is_open
    assert state.start["disk_warn_pct"] == 85
    assert state.fields[0]["name"] == "sections"


def test_defaults_inside_of_groups_are_shown_and_a_list_begins_with_its_first_row(sign_in: SignIn):
    state = opened(sign_in, address="/runbooks?run=connectivity_test")
    assert state.start["thresholds"] == {
        "loss_warn_pct": 1,
        "loss_fail_pct": 50,
        "tls_warn_days": 21,
        "tls_fail_days": 2,
    }
    assert state.start["targets"] == [{}]


def test_a_copied_link_opens_the_same_order(sign_in: SignIn):
    host = add_host("db-1", "prod")
    state = opened(sign_in)
    call(state, "choose_environment", "prod")
    call(state, "choose_place", "hosts")
    call(state, "choose_host", host, True)
    call(state, "fill_in", {"sections": ["disks", "ção & co"]})
    path = state.link.removeprefix("http://127.0.0.1:8000")
    again = opened(sign_in, Role.OPERATOR, address=path)
    assert again.start == state.start | {"sections": ["disks", "ção & co"]}
    assert (again.environment, again.place, again.host_ids) == ("prod", "hosts", [host])


def test_a_link_fills_the_slots_that_it_names_and_leaves_empty_what_it_names_empty(sign_in: SignIn):
    _docker, portainer = add_connection("docker"), add_connection("portainer")
    asked = json.dumps({"docker": "", "portainer": portainer, "nowhere": "con_1"})
    state = opened(sign_in, Role.OPERATOR, address=f"/runbooks?run=container_restart&connections={asked}")
    assert state.chosen == {"portainer": portainer}
    assert f"connections=%7B%22portainer%22%3A%22{portainer}%22%7D" in state.link


def test_of_two_ways_to_an_engine_one_is_chosen(sign_in: SignIn):
    docker = add_connection("docker")
    assert opened(sign_in, address="/runbooks?run=container_restart").chosen == {"docker": docker}
    portainer = add_connection("portainer")
    state = opened(sign_in, Role.OPERATOR, address="/runbooks?run=container_restart")
    assert state.chosen == {}
    call(state, "choose_connection", "docker", docker)
    call(state, "choose_connection", "portainer", portainer)
    assert state.chosen == {"portainer": portainer}
    call(state, "choose_connection", "docker", "")
    assert state.chosen == {"portainer": portainer}


def test_a_link_keeps_the_defaults_of_what_it_does_not_name(sign_in: SignIn):
    asked = json.dumps({"stack_name": "shop"})
    state = opened(sign_in, address=f"/runbooks?run=stack_restart&inputs={asked}")
    assert state.start["stack_name"] == "shop"
    assert state.start["wait"] == {"timeout_s": 300, "stable_s": 20}


def test_the_only_connection_fills_the_first_of_several_slots_of_its_type(sign_in: SignIn):
    registry = add_connection("registry")
    state = opened(sign_in, address="/runbooks?run=swarm_deploy")
    waiting = {slot["slot"]: slot["after"] for slot in state.slots if slot["after"]}
    assert waiting == {"registry_2": "registry", "registry_3": "registry_2", "registry_4": "registry_3"}
    assert state.chosen == {"registry": registry}
    call(state, "choose_connection", "registry_2", registry)
    assert state.chosen == {"registry": registry, "registry_2": registry}


@pytest.mark.parametrize(
    "asked", ["inputs=[1]", "inputs={", "connections=[]", "environment=mars&inputs=" + "[" * 3000, "hosts=nobody"]
)
def test_nonsense_in_a_link_leaves_the_form_as_it_begins(sign_in: SignIn, asked: str):
    state = opened(sign_in, address=f"/runbooks?run=host_report&{asked}")
    assert (state.phase, state.environment, state.host_ids) == ("ready", "stage", [])
    assert state.start["disk_warn_pct"] == 85


def test_values_that_fit_into_no_address_give_no_link(sign_in: SignIn):
    state = opened(sign_in)
    call(state, "fill_in", {"sections": ["x" * 5000]})
    assert state.link == ""


def test_an_unknown_runbook_is_the_drawers_own_error(sign_in: SignIn):
    state = opened(sign_in, address="/runbooks?run=nothing")
    assert (state.phase, state.problem["code"]) == ("error", "runbook_not_found")


def test_without_a_name_in_the_address_the_drawer_is_closed(sign_in: SignIn):
    assert not opened(sign_in, address="/runbooks").is_open


def test_closing_keeps_the_filters(sign_in: SignIn):
    state = opened(sign_in, address="/runbooks?q=host&run=host_report")
    assert leads_to(call(state, "close")) == "/runbooks?q=host"


def test_a_job_is_made_and_its_page_opened(sign_in: SignIn):
    state = opened(sign_in)
    call(state, "fill_in", {"disk_warn_pct": 70})
    call(state, "give_reason", "weekly look")
    answer = call(state, "run")
    [job] = jobs()
    assert leads_to(answer) == f"/jobs/{job.id}"
    assert (job.input_json["disk_warn_pct"], job.request_reason, job.host_names) == (70, "weekly look", ["localhost"])


def test_a_second_press_makes_no_second_job(sign_in: SignIn):
    state = opened(sign_in)
    call(state, "run")
    assert call(state, "run") is None
    assert len(jobs()) == 1


def test_refused_inputs_come_back_by_pointer_in_both_languages(sign_in: SignIn):
    state = opened(sign_in)
    call(state, "fill_in", {"disk_warn_pct": 101})
    assert call(state, "run") is None
    assert state.errors == {"/disk_warn_pct": "Must be at most 100."}
    assert state.errors_pt == {"/disk_warn_pct": "Deve ser no máximo 100."}
    assert (state.fault_count, jobs()) == (1, [])


def test_hosts_without_a_choice_never_means_this_machine(sign_in: SignIn):
    state = opened(sign_in)
    call(state, "choose_place", "hosts")
    call(state, "run")
    assert [(fault["place"], fault["detailPt"]) for fault in state.faults] == [("hosts", "Escolha pelo menos um host.")]
    assert jobs() == []


def test_chosen_hosts_are_ordered_in_the_order_of_choice(sign_in: SignIn):
    first, second = add_host("web-1"), add_host("web-2")
    state = opened(sign_in)
    call(state, "choose_place", "hosts")
    call(state, "choose_host", second, True)
    call(state, "choose_host", first, True)
    call(state, "run")
    assert jobs()[0].host_ids == [second, first]


def test_a_limit_stands_for_ticks_or_narrows_them(sign_in: SignIn):
    ids = [add_host(name) for name in ("web-1", "web-2", "db-1")]
    state = opened(sign_in)
    call(state, "choose_place", "hosts")
    call(state, "give_limit", "web*,!web-2")
    assert (state.limited, '"limit": "web*,!web-2"' in state.curl) == (1, True)
    again = opened(sign_in, Role.OPERATOR, address=state.link.removeprefix("http://127.0.0.1:8000"))
    assert (again.limit, again.limited, again.place) == ("web*,!web-2", 1, "hosts")
    call(state, "run")
    assert jobs()[0].host_ids == [ids[0]]
    call(again, "choose_host", ids[2], True)
    assert again.limited == 0
    call(again, "run")
    assert [(fault["place"], bool(fault["detailPt"])) for fault in again.faults] == [("limit", True)]
    call(again, "give_limit", "web[")
    assert again.limited == -1
    assert len(jobs()) == 1


def test_another_environment_has_other_hosts(sign_in: SignIn):
    stage, prod = add_host("web-1"), add_host("web-1", "prod")
    state = opened(sign_in)
    call(state, "choose_host", stage, True)
    assert [host["id"] for host in state.hosts] == [stage]
    call(state, "choose_environment", "prod")
    assert [host["id"] for host in state.hosts] == [prod]
    assert state.host_ids == []


def test_a_host_of_the_address_brings_its_environment(sign_in: SignIn):
    host_id = add_host("db-1", "prod")
    state = opened(sign_in, address=f"/runbooks?run=host_report&host={host_id}")
    assert (state.environment, state.place, state.host_ids) == ("prod", "hosts", [host_id])


def test_an_earlier_job_fills_the_form_in(sign_in: SignIn):
    job = launched(COMMAND_LINE, inputs={"disk_warn_pct": 66}, request_reason="again")
    state = opened(sign_in, address=f"/runbooks?run=host_report&from={job.id}")
    assert (state.start["disk_warn_pct"], state.reason) == (66, "again")


def test_labels_filter_and_the_same_label_again_takes_the_filter_away(sign_in: SignIn):
    add_host("web-1", labels={"role": "web"})
    add_host("db-1", labels={"role": "db"})
    state = opened(sign_in)
    call(state, "find_hosts", "role=web")
    assert [host["name"] for host in state.hosts] == ["web-1"]
    call(state, "find_hosts", "role=web")
    assert [host["name"] for host in state.hosts] == ["db-1", "web-1"]
    assert state.labels == ["role=db", "role=web"]


def test_select_all_leaves_out_hosts_that_no_job_can_work_on(sign_in: SignIn):
    usable = add_host("web-1")
    add_host("web-2", host_key=None)
    state = opened(sign_in)
    call(state, "choose_shown")
    assert state.host_ids == [usable]
    assert {host["name"]: host["fault"] for host in state.hosts} == {"web-1": "", "web-2": "no_host_key"}


def test_a_viewer_reads_the_form_and_cannot_run(sign_in: SignIn):
    state = opened(sign_in, Role.VIEWER)
    assert state.blocks == {"stage": "role", "prod": "role"}
    assert state.needed == {"stage": "operator", "prod": "operator"}
    call(state, "run")
    assert jobs() == []


def test_what_needs_a_second_person_is_said_beforehand(sign_in: SignIn):
    with unit_of_work() as session:
        runbook = session.exec(select(Runbook).where(Runbook.name == "host_report")).one()
        runbook.risk = "high"
        session.add(runbook)
    state = opened(sign_in, Role.OPERATOR)
    assert state.approvals == {"stage": "other_person", "prod": "other_person"}
    assert state.blocks == {"stage": "", "prod": ""}


def test_what_the_inputs_make_graver_is_said_as_soon_as_they_are_given(sign_in: SignIn):
    with unit_of_work() as session:
        runbook = session.exec(select(Runbook).where(Runbook.name == "host_report")).one()
        runbook.meta = {**runbook.meta, "graver": [{"input": "disk_warn_pct", "above": 90, "risk": "high"}]}
        session.add(runbook)
    state = opened(sign_in, Role.OPERATOR)
    assert (state.runbook["risk"], state.approvals) == ("low", {"stage": "", "prod": ""})
    call(state, "fill_in", {"disk_warn_pct": 91})
    assert (state.runbook["risk"], state.approvals["stage"]) == ("high", "other_person")
    call(state, "fill_in", {"disk_warn_pct": 90})
    assert (state.runbook["risk"], state.approvals["stage"]) == ("low", "")


def test_the_call_for_a_shell_holds_the_same_order(sign_in: SignIn):
    state = opened(sign_in)
    call(state, "fill_in", {"sections": ["o'clock"]})
    words = shlex.split(state.curl.replace("\\\n", ""))
    assert json.loads(words[-1]) == {"environment": "stage", "inputs": {"sections": ["o'clock"]}}
    assert words[3].endswith("/v1/runbooks/host_report/execute")


def test_a_long_order_is_read_from_a_file_by_the_call(sign_in: SignIn):
    state = opened(sign_in)
    call(state, "fill_in", {"sections": ["x" * launch_view.LONGEST_CURL]})
    assert shlex.split(state.curl.replace("\\\n", ""))[-1] == f"@{launch_view.ORDER_FILE}"


def test_an_input_named_hosts_is_no_fault_of_the_order():
    fault = Problem("/hosts/0", "type", "Must be text.")
    assert launch_view.split_faults([fault], {"hosts"}) == ([fault], [])
    assert launch_view.split_faults([fault], {"other"}) == ([], [fault])


def offer(**more: Any) -> None:
    """Let the report change things and show them first, or whatever else is asked for."""
    with unit_of_work() as session:
        runbook = session.exec(select(Runbook).where(Runbook.name == "host_report")).one()
        runbook.meta = {**runbook.meta, "mutates": True, "supports": {"check": True}, **more}
        session.add(runbook)


def test_the_first_button_previews_where_the_runbook_can_and_the_second_runs_it(sign_in: SignIn):
    assert not opened(sign_in).runbook["hasPreview"]
    offer()
    state = opened(sign_in, Role.OPERATOR)
    assert state.runbook["hasPreview"]
    call(state, "send")
    call(state, "open")
    call(state, "run")
    assert [job.run_mode for job in jobs()] == ["preview", "apply"]


def test_a_preview_in_production_asks_for_no_name_and_nobodys_approval(sign_in: SignIn):
    offer(approval={"prod": "required_other_person"})
    with unit_of_work() as session:
        session.exec(select(Runbook).where(Runbook.name == "host_report")).one().risk = "high"
    state = opened(sign_in, address="/runbooks?run=host_report&environment=prod")
    call(state, "send")
    assert [(job.run_mode, job.phase) for job in jobs()] == [("preview", "queued")]


def test_without_a_preview_the_first_button_runs(sign_in: SignIn):
    call(opened(sign_in), "send")
    assert [job.run_mode for job in jobs()] == ["apply"]
