"""Schedules use the connections that they name, paused or not."""

from orch_app.domains.access.actor import Actor
from orch_app.domains.schedules.connection_uses import find_uses
from orch_app.kit.db import reading
from tests.domains.schedules.samples import add, put


def test_a_schedule_uses_what_it_names(owner: Actor) -> None:
    one, two = add(owner), add(owner, name="weekly")
    add(owner, name="without")
    put(one, connection_ids={"dns": "con_a"})
    put(two, connection_ids={"dns": "con_b"}, is_paused=True)
    with reading() as session:
        found = sorted(find_uses(session, ["con_a", "con_b", "con_c"]), key=lambda use: use.name)
    assert [(use.connection_id, use.kind, use.id, use.name) for use in found] == [
        ("con_a", "schedule", one.id, "nightly"),
        ("con_b", "schedule", two.id, "weekly"),
    ]
