"""Imports from Hetzner Cloud and NetBox through the whole product: in the sandbox, without a word of the token."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import Actor
from orch_app.domains.inventory import connections
from orch_app.domains.inventory.models import Host, HostGroup
from orch_app.domains.inventory.wire import NewConnection
from orch_app.domains.jobs.models import Job
from orch_app.kit.db import reading, unit_of_work
from tests.domains.jobs.orders import launched, sync_runbooks
from tests.domains.jobs.secrecy import assert_nowhere
from tests.domains.jobs.trials import ran, text_of
from tests.systems import hetzner as hz
from tests.systems import netbox as nb
from tests.systems.product import bound_to

pytestmark = pytest.mark.integration


@pytest.fixture
def product(migrated_sqlite: Path, admin: Actor, tmp_path: Path) -> Iterator[Actor]:
    """The product with its own runbooks."""
    (tmp_path / "orch.db").write_bytes(migrated_sqlite.read_bytes())
    with bound_to(tmp_path):
        sync_runbooks(admin)
        yield admin


def slot(actor: Actor, kind: str, **payload: Any) -> dict[str, str]:
    with unit_of_work() as session:
        new = NewConnection(type=kind, name=kind, environment="stage", payload=payload)
        return {kind: connections.create(session, actor, new).id}


def imported(actor: Actor, slots: dict[str, str], **inputs: Any) -> Job:
    return ran(launched(actor, "inventory_import", connections=slots, environment="stage", inputs=inputs))


def hosts() -> dict[str, tuple[str, str, str | None]]:
    with reading() as session:
        return {one.name: (one.address, one.origin, one.host_key) for one in session.exec(select(Host))}


def test_the_servers_of_a_project_become_hosts(product: Actor) -> None:
    with hz.hetzner() as server:
        server.add_server("web-1", "192.0.2.10", env="prod")
        slots = slot(product, "hetzner", token=hz.TOKEN, url=server.url)
        job = imported(product, slots, **{"from": "hcloud", "name": "hz"})
        assert job.status == "SUCCESS", text_of(job)
        again = imported(product, slots, **{"from": "hcloud", "name": "hz"})
    assert hosts() == {"web-1": ("192.0.2.10", "hz", None)}
    with reading() as session:
        assert set(session.exec(select(HostGroup.name))) == {"hcloud", "location_fsn1", "type_cx22"}
    assert again.output_json is not None
    assert (again.status, again.output_json["changed"]) == ("SUCCESS", False)
    assert_nowhere(product, job, [hz.TOKEN])


def test_the_devices_of_netbox_become_hosts_and_a_wrong_token_is_named(product: Actor) -> None:
    with nb.netbox() as server:
        server.device("web1", address="10.0.0.2/24")
        slots = slot(product, "netbox", token=nb.SECOND, url=server.url)
        job = imported(product, slots, **{"from": "netbox", "name": "nb"})
        assert job.status == "SUCCESS", text_of(job)
        server.tokens.clear()
        refused = imported(product, slots, **{"from": "netbox", "name": "nb"})
    assert hosts() == {"web1": ("10.0.0.2", "nb", None)}
    assert (refused.status, refused.reason) == ("ERROR", "auth_failed")
    for one in (job, refused):
        assert_nowhere(product, one, [nb.SECOND])
