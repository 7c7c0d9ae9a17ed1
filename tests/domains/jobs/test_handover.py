"""Hosts that a play hands over: in the inventory once the job has ended, and no other host is touched."""

from typing import Any

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import Actor, worker_actor
from orch_app.domains.audit.models import AuditEntry
from orch_app.domains.inventory.models import Host, HostGroup
from orch_app.domains.jobs import handover
from orch_app.domains.jobs.models import Job
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.db import reading, unit_of_work
from tests.domains.inventory.samples import HOST_KEY, OTHER_KEY, add_connection, add_group, add_host
from tests.domains.jobs.orders import launched
from tests.domains.jobs.rows import add_job
from tests.domains.jobs.trials import Trials, ran, text_of

SLOT = [{"slot": "ssh", "type": "ssh", "required": False}]
NEW: dict[str, Any] = {
    "name": "web-9", "address": "192.0.2.9", "port": 22, "user": "ops", "host_key": HOST_KEY, "connection": "ssh"
}  # fmt: skip
WRITE = """
    - name: Write the output
      orch_output:
        extra: {rows}
    - name: Fail
      ansible.builtin.fail: {{msg: all the same}}
"""


@pytest.fixture
def job(database: str, admin: Actor) -> Job:
    """A job with a connection for new hosts."""
    return add_job(1, connection_ids={"ssh": add_connection(admin).id})


def taken_over(job: Job, *rows: dict[str, Any], registers: tuple[str, ...] = ("hosts",)) -> str:
    """Why the inventory was left as it is at the end of this job; empty where it was not."""
    return handed_over(job, {"hosts": list(rows)}, registers)


def handed_over(job: Job, document: dict[str, Any], registers: tuple[str, ...] = ("hosts",)) -> str:
    meta = {"registers": list(registers)}
    runbook = Runbook(id="rb_1", name="trial", path="trial", meta=meta)  # pyright: ignore[reportCallIssue]
    with unit_of_work() as session:
        return handover.take_over(session, worker_actor("w"), job, runbook, document, is_good=False)


def known() -> dict[str, Host]:
    with reading() as session:
        return {host.name: host for host in session.exec(select(Host))}


def acts() -> list[tuple[str, str]]:
    """What the audit log says of hosts, with the request it belonged to."""
    with reading() as session:
        rows = session.exec(select(AuditEntry).where(AuditEntry.target_type == "host"))
        return [(row.action, row.request_id) for row in rows]


def test_a_new_host_has_its_pinned_key_and_is_changed_by_the_job(job: Job) -> None:
    assert taken_over(job, NEW) == ""
    host = known()["web-9"]
    assert (host.address, host.user, host.host_key, host.environment) == ("192.0.2.9", "ops", HOST_KEY, "stage")
    assert host.connection_id == job.connection_ids["ssh"]
    assert acts() == [("host.created", job.id), ("host.key_pinned", job.id)]


def test_the_same_host_again_changes_nothing_but_its_user(job: Job, admin: Actor) -> None:
    add_host(admin, "web-9", address="192.0.2.9", user="root", pinned=True)
    assert (taken_over(job, NEW), known()["web-9"].user) == ("", "ops")
    count = len(acts())
    assert (taken_over(job, NEW), len(acts())) == ("", count)


@pytest.mark.parametrize("row", [NEW | {"host_key": OTHER_KEY}, NEW | {"address": "192.0.2.10"}])
def test_another_host_of_the_name_is_never_touched_nor_is_any_other(job: Job, admin: Actor, row: Any) -> None:
    add_host(admin, "web-9", address="192.0.2.9", user="root", pinned=True)
    assert "another host named web-9" in taken_over(job, NEW | {"name": "web-8"}, row)
    assert {name: host.user for name, host in known().items()} == {"web-9": "root"}


@pytest.mark.parametrize(
    "row", [{"name": "web-9"}, NEW | {"address": "no address"}, NEW | {"host_key": "x"}, NEW | {"connection": "dns"}]
)
def test_a_host_that_cannot_be_read_is_refused(job: Job, row: Any) -> None:
    assert taken_over(job, row).startswith("The inventory was left as it is")
    assert known() == {}


def test_a_host_that_was_deleted_leaves_and_another_of_its_name_stays(job: Job, admin: Actor) -> None:
    add_host(admin, "web-9", address="192.0.2.9", pinned=True)
    add_host(admin, "web-8", address="192.0.2.8", pinned=True)
    gone = {"state": "absent", "port": 22, "host_key": HOST_KEY}
    rows = [{"name": "web-9", "address": "192.0.2.9", **gone}, {"name": "web-8", "address": "192.0.2.7", **gone}]
    assert (taken_over(job, *rows), list(known())) == ("", ["web-8"])


def test_a_preview_and_a_runbook_that_declares_nothing_hand_nothing_over(job: Job) -> None:
    assert (taken_over(job, NEW, registers=()), known()) == ("", {})
    job.run_mode = "preview"
    assert (taken_over(job, NEW), known()) == ("", {})


@pytest.mark.integration
def test_the_end_of_a_job_hands_over_what_its_output_says_and_names_what_could_not_be(
    sqlite_trials: Trials, admin: Actor
) -> None:
    """Also that of a job which failed: what the output says is so."""
    key = add_connection(admin)
    sqlite_trials.write("trial", WRITE.format(rows={"hosts": [NEW]}), registers=["hosts"], connections=SLOT)
    job = ran(launched(admin, "trial", connections={"ssh": key.id}))
    assert (job.status, job.reason, list(known())) == ("ERROR", "task_failed", ["web-9"]), text_of(job)

    other = WRITE.format(rows={"hosts": [NEW | {"host_key": OTHER_KEY}]}).partition("    - name: Fail")[0]
    sqlite_trials.write("other", other, registers=["hosts"], connections=SLOT)
    job = ran(launched(admin, "other", connections={"ssh": key.id}))
    assert (job.status, job.reason) == ("ERROR", "host_not_registered"), text_of(job)
    assert "another host named web-9" in job.reason_detail


IMPORT: dict[str, Any] = {
    "name": "prod-netbox",
    "trusted": True,
    "hosts": [{"name": "web-9", "state": "present", "address": "192.0.2.9", "variables": {"a": 1}}],
    "groups": [{"name": "web", "state": "present", "hosts": ["web-9"]}],
}


def imported(
    job: Job, document: dict[str, Any], *, gives: tuple[str, ...] = ("inventory", "source"), is_good: bool = True
) -> str:
    """Why this import was not taken over; empty where it was."""
    meta = {"registers": ["inventory"], "gives": list(gives)}
    runbook = Runbook(id="rb_1", name="trial", path="trial", meta=meta)  # pyright: ignore[reportCallIssue]
    with unit_of_work() as session:
        said = {"hosts": [NEW], "inventory": document}
        return handover.take_over(session, worker_actor("w"), job, runbook, said, is_good=is_good)


def test_an_import_is_taken_over_at_a_good_end_only(job: Job) -> None:
    assert (imported(job, IMPORT, is_good=False), known()) == ("", {})
    assert imported(job, IMPORT) == ""
    host = known()["web-9"]
    assert (host.origin, host.connection_id, host.host_key) == ("prod-netbox", job.connection_ids["ssh"], None)
    assert acts() == [("host.created", job.id)]


@pytest.mark.parametrize(
    ("claim", "inputs", "gives", "is_trusted"),
    [
        (True, {"from": "source"}, ("inventory", "source"), True),
        (False, {"from": "source"}, ("inventory", "source"), False),
        (True, {"from": "netbox"}, ("inventory", "source"), False),
        (True, {}, ("inventory", "source"), False),
        (True, {"from": "source"}, ("inventory",), False),
    ],
)
def test_text_is_trusted_when_the_job_had_it_from_a_trusted_edition(
    job: Job, claim: bool, inputs: dict[str, str], gives: tuple[str, ...], is_trusted: bool
) -> None:
    job.input_json = inputs
    assert imported(job, IMPORT | {"trusted": claim}, gives=gives) == ""
    assert known()["web-9"].is_trusted_text is is_trusted


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ({"groups": [{"name": "targets", "state": "present"}]}, "/groups/0/present/name of the output"),
        (
            {"groups": [{"name": "web", "state": "present", "hosts": ["web-8"]}]},
            "web: The group is not acceptable. /hosts",
        ),
        ({"name": ""}, "/name of the output"),
    ],
)
def test_an_import_that_cannot_be_read_is_refused_whole_with_its_place(job: Job, rows: Any, told: str) -> None:
    fault = imported(job, IMPORT | rows)
    assert fault.startswith("The inventory was left as it is")
    assert (told in fault, known()) == (True, {}), fault


@pytest.mark.integration
def test_a_job_that_imports_reads_the_inventory_and_has_its_output_taken_over(
    sqlite_trials: Trials, admin: Actor
) -> None:
    add_group(admin, "site", hosts=[add_host(admin, "db-1", variables={"port": 5432}).id])
    read = """
    - name: Read
      ansible.builtin.set_fact: {told: "{{ lookup('ansible.builtin.file', orch.inventory_path) | from_json }}"}
    - name: Say
      ansible.builtin.debug:
        msg: "{{ told.hosts[0].name }} {{ told.hosts[0].variables.port }} {{ told.groups[0].members }}"
"""
    sqlite_trials.write(
        "trial",
        read + WRITE.format(rows={"inventory": IMPORT}).partition("    - name: Fail")[0],
        registers=["inventory"],
        gives=["inventory"],
    )
    job = ran(launched(admin, "trial"))
    assert (job.status, sorted(known())) == ("SUCCESS", ["db-1", "web-9"]), text_of(job)
    assert "db-1 5432 ['db-1']" in text_of(job)
    with reading() as session:
        assert session.exec(select(HostGroup).where(HostGroup.name == "web")).one().origin == "prod-netbox"


@pytest.mark.parametrize("rows", [5, "web-9", {"name": "web-9"}, [5], ["web-9"], [None], [[]], [{}]])
def test_what_is_no_list_of_hosts_is_refused_and_the_job_still_ends(job: Job, rows: Any) -> None:
    assert handed_over(job, {"hosts": rows}).startswith("The inventory was left as it is:")


@pytest.mark.parametrize("name", [5, None, {"a": 1}, ["web-9"], "a\x00b"])
def test_a_name_that_is_no_text_is_refused_and_the_job_still_ends(job: Job, name: Any) -> None:
    assert handed_over(job, {"hosts": [NEW | {"name": name}]}).startswith("The inventory was left as it is:")


@pytest.mark.parametrize(
    "change", [{"port": "x"}, {"connection": 5}, {"connection": []}, {"host_key": 5}, {"user": {}}]
)
def test_a_field_of_another_type_is_refused_and_the_job_still_ends(job: Job, change: Any) -> None:
    assert handed_over(job, {"hosts": [NEW | change]}).startswith("The inventory was left as it is:")
