"""Inventories of engines through the whole product: each is compared with the last one of the same connection."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.domains.inventory import connections
from orch_app.domains.inventory.wire import NewConnection
from orch_app.domains.jobs.models import Job
from orch_app.kit.db import unit_of_work
from tests.domains.jobs.orders import launched, sync_runbooks
from tests.domains.jobs.trials import ran, text_of
from tests.runbooks.containers.site import Site, open_site
from tests.systems.product import bound_to

pytestmark = pytest.mark.integration


@pytest.fixture
def site(migrated_sqlite: Path, admin: Actor, tmp_path: Path) -> Iterator[Site]:
    """An engine behind a Portainer, and the product with its own runbooks."""
    (tmp_path / "orch.db").write_bytes(migrated_sqlite.read_bytes())
    with bound_to(tmp_path), open_site(tmp_path) as made:
        sync_runbooks(admin)
        yield made


def connected(site: Site, admin: Actor, name: str) -> str:
    payload = {"url": site.server.url, "apiKey": site.server.key}
    with unit_of_work() as session:
        new = NewConnection(type="portainer", name=name, environment="stage", payload=payload)
        return connections.create(session, admin, new).id


def taken(actor: Actor, connection: str) -> tuple[Job, list[tuple[str, str]]]:
    """A job that ended well, and what it says has changed."""
    job = ran(launched(actor, "portainer_inventory", connections={"portainer": connection}))
    assert job.status == "SUCCESS", text_of(job)
    assert job.output_json is not None
    return job, [(one["name"], one["change"]) for one in job.output_json["changes"]]


def test_each_inventory_says_what_changed_since_the_last_of_its_connection(
    site: Site, admin: Actor, operator: Actor
) -> None:
    ours, theirs = connected(site, admin, "ours"), connected(site, admin, "theirs")
    job, changes = taken(operator, ours)
    assert (changes, job.snapshot_ref) == ([], "snapshot.json")
    assert job.snapshot_target == f"portainer_inventory:{ours}"
    site.engine.containers.pop()
    assert taken(operator, theirs)[1] == []
    assert taken(operator, ours)[1] == [("db", "removed")]
    assert taken(operator, ours)[1] == []
