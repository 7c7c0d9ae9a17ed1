"""A DNS job through the whole product: only who may starts it, and its play reaches the API of its connection."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.domains.inventory import connections
from orch_app.domains.inventory.wire import NewConnection
from orch_app.domains.jobs.models import Job
from orch_app.kit.db import unit_of_work
from orch_app.kit.errors import Forbidden, Invalid
from tests.domains.jobs.orders import launched, sync_runbooks
from tests.domains.jobs.secrecy import assert_nowhere
from tests.domains.jobs.trials import ran, text_of
from tests.systems.cloudflare import TOKEN, Cloudflare, Zone, cloudflare
from tests.systems.product import bound_to

pytestmark = pytest.mark.integration


@pytest.fixture
def server(migrated_sqlite: Path, admin: Actor, tmp_path: Path) -> Iterator[Cloudflare]:
    """Cloudflare's double, and the product with its own runbooks."""
    (tmp_path / "orch.db").write_bytes(migrated_sqlite.read_bytes())
    with bound_to(tmp_path), cloudflare() as running:
        sync_runbooks(admin)
        yield running


def dns_job(actor: Actor, owner: Actor, server: Cloudflare, zone: Zone, **facts: Any) -> Job:
    """A waiting job that makes one record."""
    with unit_of_work() as session:
        new = NewConnection(
            type="cloudflare", name="dns", environment="stage", payload={"apiToken": TOKEN, "url": server.url}
        )
        connection = connections.create(session, owner, new).id
    inputs = {"zone_id": zone.id, "records": [{"type": "TXT", "name": "new", "content": "{{ 1 + 1 }}"}]}
    slots = {"cloudflare": connection}
    return launched(actor, "cloudflare_dns_bulk", inputs=inputs, connections=slots, environment="stage", **facts)


def test_an_operators_job_changes_the_zone_and_tells_no_secret(
    server: Cloudflare, admin: Actor, operator: Actor
) -> None:
    zone = server.add_zone("example.com", {"type": "A", "name": "www.example.com", "content": "192.0.2.1"})
    job = ran(dns_job(operator, admin, server, zone))
    assert job.status == "SUCCESS", text_of(job)
    assert zone.texts() == ["A www.example.com 192.0.2.1", 'TXT new.example.com "{{ 1 + 1 }}"']
    assert job.output_json is not None
    assert (job.output_json["changed"], job.output_json["snapshot_ref"]) == (True, "snapshot.json")
    assert_nowhere(admin, job, [TOKEN])


def test_a_wrong_token_is_the_jobs_reason(server: Cloudflare, admin: Actor, operator: Actor) -> None:
    zone = server.add_zone()
    server.tokens.clear()
    job = ran(dns_job(operator, admin, server, zone))
    assert (job.status, job.reason) == ("ERROR", "auth_failed"), text_of(job)
    assert "Nothing was changed" in job.reason_detail
    assert json.dumps(job.output_json).count('"items": []') == 1


def test_a_viewer_may_not_and_a_connection_is_needed(
    server: Cloudflare, admin: Actor, operator: Actor, viewer: Actor
) -> None:
    zone = server.add_zone()
    with pytest.raises(Forbidden):
        dns_job(viewer, admin, server, zone)
    with pytest.raises(Invalid):
        launched(operator, "cloudflare_dns_bulk", inputs={"zone_id": zone.id, "records": []})
    assert server.calls == []
