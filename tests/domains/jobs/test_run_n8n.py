"""Backup and restore of n8n through the whole product: each job is given what an earlier one kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.domains.inventory import connections
from orch_app.domains.inventory.wire import NewConnection
from orch_app.domains.jobs import service
from orch_app.domains.jobs.models import Job
from orch_app.kit.db import unit_of_work
from orch_app.kit.errors import Forbidden, Invalid
from tests.domains.jobs.orders import launched, sync_runbooks
from tests.domains.jobs.secrecy import assert_nowhere
from tests.domains.jobs.trials import ran, text_of
from tests.systems.n8n import ENCRYPTION_KEY, KEY, N8n, n8n, trigger
from tests.systems.product import bound_to

pytestmark = pytest.mark.integration


@pytest.fixture
def server(migrated_sqlite: Path, admin: Actor, tmp_path: Path) -> Iterator[N8n]:
    """n8n's double, and the product with its own runbooks."""
    (tmp_path / "orch.db").write_bytes(migrated_sqlite.read_bytes())
    with bound_to(tmp_path), n8n() as running:
        sync_runbooks(admin)
        running.add("Orders", trigger())
        yield running


@pytest.fixture
def slots(server: N8n, admin: Actor) -> dict[str, str]:
    """The connection that fills the slot."""
    payload = {"url": server.url, "apiKey": KEY, "encryptionKey": ENCRYPTION_KEY}
    with unit_of_work() as session:
        new = NewConnection(type="n8n", name="n8n", environment="stage", payload=payload)
        return {"n8n": connections.create(session, admin, new).id}


def done(actor: Actor, runbook: str, slots: dict[str, str], **facts: Any) -> Job:
    """A job that ended well."""
    job = ran(launched(actor, runbook, connections=slots, environment="stage", **facts))
    assert job.status == "SUCCESS", text_of(job)
    assert job.output_json is not None
    return job


def test_a_backup_knows_the_last_one_and_a_restore_the_newest(
    server: N8n, slots: dict[str, str], admin: Actor, operator: Actor
) -> None:
    first = done(operator, "n8n_backup", slots)
    assert (first.snapshot_ref, first.snapshot_target) == ("snapshot.json", f"n8n_backup_api:{slots['n8n']}")
    again = done(operator, "n8n_backup", slots)
    assert again.output_json is not None
    assert (again.output_json["changed"], again.output_json["backup"][0]["kept_in"]) == (False, first.id)
    assert_nowhere(admin, first, [KEY, ENCRYPTION_KEY])

    server.named("Orders")["nodes"] = [trigger("Other")]
    restored = done(admin, "n8n_restore", slots, inputs={})
    assert server.named("Orders")["nodes"][0]["name"] == "Start"
    with unit_of_work() as session:
        undoing = service.roll_back(session, admin, restored.id, preview=False)
    assert ran(undoing).status == "SUCCESS"
    assert server.named("Orders")["nodes"][0]["name"] == "Other"

    done(admin, "n8n_restore", slots, inputs={"backup": first.id})
    assert server.named("Orders")["nodes"][0]["name"] == "Start"


def test_an_empty_server_is_the_jobs_reason(server: N8n, slots: dict[str, str], operator: Actor) -> None:
    done(operator, "n8n_backup", slots)
    server.workflows.clear()
    job = ran(launched(operator, "n8n_backup", connections=slots, environment="stage"))
    assert (job.status, job.reason, job.snapshot_ref) == ("ERROR", "suspicious_empty", "")


def test_a_viewer_may_not_and_only_a_backup_can_be_restored(
    server: N8n, slots: dict[str, str], operator: Actor, viewer: Actor
) -> None:
    with pytest.raises(Forbidden):
        launched(viewer, "n8n_backup", connections=slots, environment="stage")
    report = launched(operator)
    with pytest.raises(Invalid, match="cannot be run"):
        launched(operator, "n8n_restore", connections=slots, environment="stage", inputs={"backup": report.id})
    assert server.calls == []
