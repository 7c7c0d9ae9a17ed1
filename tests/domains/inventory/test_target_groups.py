"""What a job gets of the groups of its hosts."""

from typing import Any

import pytest

from orch_app.domains.access.actor import Actor, worker_actor
from orch_app.domains.inventory.provenance import Brought
from orch_app.domains.inventory.target_groups import GroupOfTargets, groups_for
from orch_app.domains.inventory.targets import targets_for
from orch_app.kit.db import unit_of_work
from tests.domains.inventory.samples import add_connection, add_group, add_host

pytestmark = pytest.mark.usefixtures("database")
WORKER = worker_actor("w1")


def test_a_job_has_the_groups_above_its_hosts_and_of_each_only_what_concerns_it(admin: Actor) -> None:
    reached: dict[str, Any] = {"connection_id": add_connection(admin).id, "pinned": True}
    ids = {name: add_host(admin, name, **reached).id for name in ("web-1", "web-2", "db-1")}
    add_group(admin, "web", hosts=[ids["web-1"], ids["web-2"]], variables={"port": 80})
    add_group(admin, "db", hosts=[ids["db-1"]], variables={"port": 5432})
    add_group(admin, "site", children=["web", "db"], brought=Brought("repository", is_trusted=True))
    add_group(admin, "all", variables={"ntp": "192.0.2.1"})
    with unit_of_work() as session:
        targets = targets_for(session, WORKER, [ids["web-1"]], "stage")
        found = groups_for(session, WORKER, targets, "stage")
        assert groups_for(session, WORKER, [], "stage") == []
    assert found == [
        GroupOfTargets("all", (), (), {"ntp": "192.0.2.1"}, is_trusted_text=False),
        GroupOfTargets("site", (), ("web",), {}, is_trusted_text=True),
        GroupOfTargets("web", ("web-1",), (), {"port": 80}, is_trusted_text=False),
    ]


def test_a_target_has_its_variables_and_its_python(admin: Actor) -> None:
    key = add_connection(admin)
    brought = Brought("repository", is_trusted=True)
    host = add_host(
        admin, "web-1", connection_id=key.id, pinned=True, variables={"a": 1}, python="/opt/py", brought=brought
    )
    with unit_of_work() as session:
        (target,) = targets_for(session, WORKER, [host.id], "stage")
    assert (target.variables, target.is_trusted_text, target.python) == ({"a": 1}, True, "/opt/py")
