"""A hardening through the whole product: afterwards the inventory reaches the host as the administrator."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import Actor
from orch_app.domains.inventory import hosts
from orch_app.domains.inventory.models import Host
from orch_app.domains.inventory.wire import NewHost
from orch_app.kit.db import reading, unit_of_work
from tests.domains.inventory.samples import add_connection, public
from tests.domains.jobs.orders import launched, sync_runbooks
from tests.domains.jobs.secrecy import assert_nowhere
from tests.domains.jobs.trials import files_of, ran, text_of
from tests.systems.product import bound_to
from tests.systems.sshhosts import SshHost
from tests.systems.vps import vps_hosts

pytestmark = pytest.mark.integration


@pytest.fixture
def machine(migrated_sqlite: Path, admin: Actor, tmp_path: Path) -> Iterator[SshHost]:
    """A server, and the product with its own runbooks."""
    (tmp_path / "orch.db").write_bytes(migrated_sqlite.read_bytes())
    with bound_to(tmp_path), vps_hosts(1) as (started,):
        sync_runbooks(admin)
        yield started


def user_of(name: str) -> str:
    with reading() as session:
        return session.exec(select(Host).where(Host.name == name)).one().user


@pytest.mark.long
def test_the_next_job_logs_in_as_the_administrator_and_finds_nothing_to_do(admin: Actor, machine: SshHost) -> None:
    key = Path(machine.private_key).read_text()
    connection, pinned = add_connection(admin, user="root", privateKey=key), public(machine.host_key)
    new = NewHost(name="web-1", address=machine.address, connection_id=connection.id, environment="stage")
    with unit_of_work() as session:
        host = hosts.create(session, admin, new)
        hosts.pin_key(session, admin, host.id, pinned.fingerprint, [pinned])

    first = ran(launched(admin, "server_hardening", host_ids=[host.id]))
    assert (first.status, first.reason) == ("SUCCESS", ""), text_of(first)
    assert user_of("web-1") == "ops"
    assert {"plan.json", "snapshot.json", "output.json"} <= set(files_of(first))
    assert_nowhere(admin, first, [line for line in key.splitlines()[2:-1] if line])

    again = ran(launched(admin, "server_hardening", host_ids=[host.id]))
    assert (again.status, again.reason) == ("SUCCESS", ""), text_of(again)
    assert again.output_json is not None
    assert (again.output_json["changed"], again.output_json["items"]) == (False, [])
