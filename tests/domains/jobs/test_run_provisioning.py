"""A server through the whole product: price seen, approved by somebody else, set up, in the inventory, deleted."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.inventory import connections
from orch_app.domains.inventory.models import Host
from orch_app.domains.inventory.wire import NewConnection
from orch_app.domains.jobs import approvals, service
from orch_app.domains.jobs.models import Job
from orch_app.kit.db import reading, unit_of_work
from tests.domains.jobs.orders import launched, sync_runbooks
from tests.domains.jobs.secrecy import assert_nowhere
from tests.domains.jobs.trials import ran, text_of
from tests.systems import cloudflare as cf
from tests.systems import first_start
from tests.systems import hetzner as hz
from tests.systems.people import add_user
from tests.systems.product import bound_to
from tests.systems.sshhosts import SshHost
from tests.systems.vps import REFUSED, login, vps_hosts

pytestmark = pytest.mark.integration
NAME = "vps_provision"


@dataclass
class Shop:
    """A project of the provider, a zone, the machine that becomes whatever is ordered; who asks, and who decides."""

    machine: SshHost
    project: hz.Hetzner
    zone: cf.Zone
    zones: cf.Cloudflare
    asker: Actor
    boss: Actor

    @property
    def writes(self) -> int:
        return self.project.writes + self.zones.writes

    def approved(self, job: Job) -> Job:
        """The job, run because somebody else said yes to its plan."""
        assert job.phase == "awaiting_approval"
        with unit_of_work() as session:
            approvals.approve(session, self.boss, job.id, "we need it", job.expect_plan)
        return good(ran(job))

    def taken_back(self, job: Job, *, preview: bool = False, expect_plan: str = "") -> Job:
        with unit_of_work() as session:
            return service.roll_back(session, self.asker, job.id, preview=preview, expect_plan=expect_plan)


@pytest.fixture
def shop(migrated_sqlite: Path, admin: Actor, tmp_path: Path) -> Iterator[Shop]:
    """The product with its own runbooks, and all that an order meets outside."""
    (tmp_path / "orch.db").write_bytes(migrated_sqlite.read_bytes())
    with (
        bound_to(tmp_path, ORCH_EGRESS_ALLOW="10.98.0.0/16"),
        vps_hosts(1) as (machine,),
        hz.hetzner(lambda _, user_data: first_start.start(machine, user_data)) as project,
        cf.cloudflare() as zones,
    ):
        sync_runbooks(admin)
        people = add_user(Role.ADMIN, "asker@example.com"), add_user(Role.ADMIN, "boss@example.com")
        yield Shop(machine, project, zones.add_zone("example.com"), zones, *people)


def filled(shop: Shop) -> dict[str, str]:
    """A connection in each slot."""
    key = Path(shop.machine.private_key).read_text()
    payloads: dict[str, dict[str, str]] = {
        "hetzner": {"token": hz.TOKEN, "url": shop.project.url},
        "ssh": {"user": "ops", "privateKey": key},
        "cloudflare": {"apiToken": cf.TOKEN, "url": shop.zones.url},
    }
    found: dict[str, str] = {}
    for slot, payload in payloads.items():
        with unit_of_work() as session:
            new = NewConnection(type=slot, name=slot, environment="stage", payload=payload)
            found[slot] = connections.create(session, shop.asker, new).id
    return found


def good(job: Job) -> Job:
    assert (job.status, job.reason) == ("SUCCESS", ""), f"{job.reason_detail}\n{text_of(job)}"
    return job


def output_of(job: Job) -> dict[str, Any]:
    assert job.output_json is not None
    return job.output_json


def inventory() -> dict[str, Host]:
    with reading() as session:
        return {host.name: host for host in session.exec(select(Host))}


@pytest.mark.long
def test_a_server_is_ordered_set_up_registered_left_alone_and_deleted(shop: Shop) -> None:
    wish = {
        "provider": "hetzner", "name": "web-1", "server_type": "cx22", "location": "fsn1", "ssh_keys": ["ops"],
        "max_monthly_cost": 7, "bootstrap": {"docker": False}, "dns": {"zone_id": shop.zone.id, "name": "web-1"},
    }  # fmt: skip
    order: dict[str, Any] = {"inputs": wish, "connections": filled(shop)}
    seen = good(ran(launched(shop.asker, NAME, mode="preview", **order)))
    assert (shop.writes, output_of(seen)["price"][0]["monthly"], inventory()) == (0, "6.01", {})

    done = shop.approved(launched(shop.asker, NAME, expect_plan=seen.plan_sha256, **order))
    host = inventory()["web-1"]
    assert (host.address, host.user, host.connection_id) == (shop.machine.address, "ops", order["connections"]["ssh"])
    assert (login(shop.machine, "root", "true")[0], login(shop.machine, "ops", "true")[0]) == (REFUSED, 0)
    assert shop.zone.texts() == [f"A web-1.example.com {shop.machine.address}"]
    key = Path(shop.machine.private_key).read_text().splitlines()[2:-1]
    assert_nowhere(shop.asker, done, [hz.TOKEN, cf.TOKEN, "OPENSSH PRIVATE KEY", *filter(None, key)])

    writes = shop.writes
    again = good(ran(launched(shop.asker, NAME, mode="preview", **order)))
    assert (output_of(again)["items"], shop.writes) == ([], writes)

    shown = good(ran(shop.taken_back(done, preview=True)))
    assert [item["kind"] for item in output_of(shown)["items"]] == ["protection", "server", "firewall"]
    shop.approved(shop.taken_back(done, expect_plan=shown.plan_sha256))
    assert (shop.project.tables["servers"], shop.project.tables["firewalls"], inventory()) == ([], [], {})
