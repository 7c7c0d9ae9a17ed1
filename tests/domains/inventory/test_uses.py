"""Who uses a connection: hosts, and whatever other domains name; it stays for as long as one of them does."""

from collections.abc import Collection, Iterator

import pytest
from sqlmodel import Session

from orch_app import wiring
from orch_app.domains.access.actor import Actor
from orch_app.domains.hooks import connection_uses as of_hooks
from orch_app.domains.inventory import connections, uses
from orch_app.domains.inventory.uses import ConnectionUse, count_uses, find_uses_by, list_uses
from orch_app.domains.jobs import connection_uses as of_jobs
from orch_app.domains.pipelines import connection_uses as of_pipelines
from orch_app.domains.schedules import connection_uses as of_schedules
from orch_app.domains.sources import connection_uses as of_sources
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict
from tests.domains.inventory.samples import add_connection, add_host

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def nobody_else() -> Iterator[None]:
    before = list(uses._finders)
    find_uses_by()
    yield
    find_uses_by(*before)


def named(*found: str):
    """A domain that names these connections in a schedule each."""

    def find(_: Session, wanted: Collection[str]) -> Iterator[ConnectionUse]:
        return (ConnectionUse(one, "schedule", "sch_1", "nightly", "stage") for one in found if one in wanted)

    return find


def test_hosts_and_others_are_counted_and_listed_together(admin: Actor) -> None:
    one, two = add_connection(admin, "one"), add_connection(admin, "two")
    add_host(admin, "web-1", connection_id=one.id)
    find_uses_by(named(one.id), named(one.id, two.id))
    with reading() as session:
        assert count_uses(session, admin, [one.id, two.id]) == {one.id: 3, two.id: 1}
        assert count_uses(session, admin, []) == {}
        assert [(use.kind, use.name) for use in list_uses(session, admin, one.id)] == [
            ("host", "web-1"),
            ("schedule", "nightly"),
            ("schedule", "nightly"),
        ]


def test_a_connection_that_another_domain_uses_stays(admin: Actor) -> None:
    row = add_connection(admin)
    find_uses_by(named(row.id))
    with unit_of_work() as session, pytest.raises(Conflict) as refused:
        connections.delete(session, admin, row.id)
    assert refused.value.code == "connection_in_use"
    assert [fault.detail for fault in refused.value.errors] == ["schedule nightly (stage, sch_1)"]


def test_the_wiring_makes_every_domain_known(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sweep_leftovers", "install_bell", "observe_ends", "watch_also"):
        monkeypatch.setattr(wiring, name, lambda *_: None)
    wiring.wire()
    domains = (of_jobs, of_schedules, of_pipelines, of_sources, of_hooks)
    assert uses._finders == [domain.find_uses for domain in domains]
