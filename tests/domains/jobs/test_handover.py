"""Hosts that a play hands over: in the inventory once the job has ended, and no other host is touched."""

from typing import Any

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import Actor
from orch_app.domains.audit.models import AuditEntry
from orch_app.domains.inventory.models import Host
from orch_app.domains.jobs.models import Job
from orch_app.kit.db import reading
from tests.domains.inventory.samples import HOST_KEY, OTHER_KEY, add_connection, add_host
from tests.domains.jobs.orders import launched
from tests.domains.jobs.trials import Trials, ran, text_of

pytestmark = pytest.mark.integration
SLOT = [{"slot": "ssh", "type": "ssh", "required": False}]
NEW: dict[str, Any] = {
    "name": "web-9", "address": "192.0.2.9", "port": 22, "user": "ops", "host_key": HOST_KEY, "connection": "ssh"
}  # fmt: skip
WRITE = """
    - name: Write the output
      orch_output:
        extra: {rows}
"""


def tells(*rows: dict[str, Any], fails: bool = False) -> str:
    """Tasks that hand these hosts over."""
    lines = WRITE.format(rows=str({"hosts": list(rows)}))
    return lines + ("    - name: Fail\n      ansible.builtin.fail: {msg: all the same}\n" if fails else "")


def hand_over(trials: Trials, admin: Actor, tasks: str, mode: str = "apply", **metadata: Any) -> Job:
    """A job with a connection for new hosts, run to its end."""
    key = add_connection(admin)
    declared = {"registers": ["hosts"], "connections": SLOT, "supports": {"check": True}, **metadata}
    trials.write("trial", tasks, **declared)
    return ran(launched(admin, "trial", connections={"ssh": key.id}, mode=mode))


def known() -> dict[str, Host]:
    with reading() as session:
        return {host.name: host for host in session.exec(select(Host))}


def acts() -> list[tuple[str, str]]:
    """What the audit log says of hosts, with the request it belonged to."""
    with reading() as session:
        rows = session.exec(select(AuditEntry).where(AuditEntry.target_type == "host"))
        return [(row.action, row.request_id) for row in rows]


def test_a_new_host_is_there_with_its_pinned_key_when_the_job_has_ended(sqlite_trials: Trials, admin: Actor) -> None:
    job = hand_over(sqlite_trials, admin, tells(NEW))
    assert job.status == "SUCCESS", text_of(job)
    host = known()["web-9"]
    assert (host.address, host.user, host.host_key, host.environment) == ("192.0.2.9", "ops", HOST_KEY, "stage")
    assert host.connection_id == job.connection_ids["ssh"]
    assert acts() == [("host.created", job.id), ("host.key_pinned", job.id)]


def test_the_same_host_again_changes_nothing_but_its_user(sqlite_trials: Trials, admin: Actor) -> None:
    add_host(admin, "web-9", address="192.0.2.9", user="root", pinned=True)
    assert hand_over(sqlite_trials, admin, tells(NEW)).status == "SUCCESS"
    assert known()["web-9"].user == "ops"
    count = len(acts())
    assert ran(launched(admin, "trial")).status == "SUCCESS"
    assert len(acts()) == count


def test_a_job_that_failed_hands_over_what_it_says_all_the_same(sqlite_trials: Trials, admin: Actor) -> None:
    job = hand_over(sqlite_trials, admin, tells(NEW, fails=True))
    assert (job.status, job.reason, list(known())) == ("ERROR", "task_failed", ["web-9"])


@pytest.mark.parametrize("row", [NEW | {"host_key": OTHER_KEY}, NEW | {"address": "192.0.2.10"}])
def test_another_host_of_the_name_is_never_touched_and_the_job_says_so(
    sqlite_trials: Trials, admin: Actor, row: dict[str, Any]
) -> None:
    add_host(admin, "web-9", address="192.0.2.9", user="root", pinned=True)
    job = hand_over(sqlite_trials, admin, tells(NEW | {"name": "web-8"}, row))
    assert (job.status, job.reason) == ("ERROR", "host_not_registered")
    assert "another host named web-9" in job.reason_detail
    assert {name: host.user for name, host in known().items()} == {"web-9": "root"}


@pytest.mark.parametrize(
    "row", [{"name": "web-9"}, NEW | {"address": "no address"}, NEW | {"host_key": "x"}, NEW | {"connection": "dns"}]
)
def test_a_host_that_cannot_be_read_is_refused(sqlite_trials: Trials, admin: Actor, row: dict[str, Any]) -> None:
    job = hand_over(sqlite_trials, admin, tells(row))
    assert (job.reason, known()) == ("host_not_registered", {})


def test_a_host_that_was_deleted_leaves_the_inventory_and_another_of_its_name_stays(
    sqlite_trials: Trials, admin: Actor
) -> None:
    add_host(admin, "web-9", address="192.0.2.9", pinned=True)
    add_host(admin, "web-8", address="192.0.2.8", pinned=True)
    gone = {"state": "absent", "port": 22, "host_key": HOST_KEY}
    rows = [{"name": "web-9", "address": "192.0.2.9", **gone}, {"name": "web-8", "address": "192.0.2.7", **gone}]
    assert hand_over(sqlite_trials, admin, tells(*rows)).status == "SUCCESS"
    assert list(known()) == ["web-8"]


def test_a_runbook_that_declares_nothing_hands_nothing_over(sqlite_trials: Trials, admin: Actor) -> None:
    assert hand_over(sqlite_trials, admin, tells(NEW), registers=[]).status == "SUCCESS"
    assert known() == {}


def test_a_preview_hands_nothing_over(sqlite_trials: Trials, admin: Actor) -> None:
    assert hand_over(sqlite_trials, admin, tells(NEW), mode="preview").status == "SUCCESS"
    assert known() == {}
