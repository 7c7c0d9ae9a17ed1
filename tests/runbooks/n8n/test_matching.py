"""Which thing is which, and that a restore that was carried out leaves nothing to do."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runbooks import modules
from tests.systems.n8n import node

pytestmark = pytest.mark.unit
things = modules.shared("n8n.things")
matching = modules.shared("n8n.matching")
undoing = modules.shared("n8n.undoing")
BY_API, BY_CLI = matching.Rules(by_api=True, with_active=True), matching.Rules(by_api=False, with_active=True)


def workflow(id_: str, name: str, *nodes: str, **more: Any) -> Any:
    row = {"id": id_, "name": name, "nodes": [node(one) for one in nodes], "connections": {}, **more}
    return things.workflow(row)


@st.composite
def servers(draw: st.DrawFn) -> list[Any]:
    """Workflows with ids of their own and names that may meet."""
    ids = draw(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=6))
    found = st.tuples(st.sampled_from(["Orders", "Report", "Idle"]), st.sampled_from(["x", "y", "z"]), st.booleans())
    chosen = [(id_, *draw(found)) for id_ in ids]
    return [workflow(id_, name, one, active=is_active) for id_, name, one, is_active in chosen]


def carried_out(live: list[Any], steps: list[Any]) -> list[Any]:
    """The server after the steps; what is made gets an id that nobody had."""
    now = {one.id: one for one in live}
    for number, step in enumerate(steps):
        if step.after is None:
            del now[step.before.id]
        elif step.before is None:
            now[f"new{number}"] = step.after._replace(id=f"new{number}")
        else:
            now[step.before.id] = step.after._replace(id=step.before.id)
    return list(now.values())


@given(kept=servers(), live=servers())
def test_after_a_restore_all_that_was_kept_is_there_and_nothing_is_gone(kept: list[Any], live: list[Any]) -> None:
    now = carried_out(live, matching.steps(kept, live, BY_API))
    contents = [one.content for one in now]
    assert all(one.content in contents for one in kept)
    assert {one.id for one in live} <= {one.id for one in now}


@given(kept=servers(), live=servers())
def test_a_rollback_leaves_the_server_as_it_was(kept: list[Any], live: list[Any]) -> None:
    steps = [step for step in matching.steps(kept, live, BY_API) if step.action != "noop"]
    snapshot = undoing.document({"kind": "n8n", "id": "con_1", "name": "n8n"}, steps, live)
    now = carried_out(live, steps)
    back, changed = undoing.steps(snapshot, "con_1", now, BY_API)
    after = carried_out(now, back)
    assert sorted(after) == sorted(live)
    assert changed == []
    assert undoing.steps(snapshot, "con_1", after, BY_API)[0] == []


def test_by_id_before_by_name() -> None:
    kept, other = workflow("a", "Orders"), workflow("b", "Orders", "x")
    (step,) = matching.steps([kept], [other, workflow("a", "Renamed")], BY_API)
    assert (step.before.name, step.action, step.fields) == ("Renamed", "update", ["name"])


def test_nodes_are_compared_by_name() -> None:
    before = workflow("a", "Orders", "Start", "Fetch", "Old")
    changed = {**node("Fetch"), "parameters": {"url": "x"}}
    after = things.workflow({"id": "a", "name": "Orders", "nodes": [node("Start"), changed, node("New")]})
    assert things.different_nodes(before, after) == "changed Fetch; new New; gone Old"


def test_pinned_data_counts_only_where_it_can_be_brought_back() -> None:
    plain, pinned = workflow("a", "Orders"), workflow("a", "Orders", pinData={"x": [1]})
    assert BY_API.different(plain, pinned) == []
    assert BY_CLI.different(plain, pinned) == ["pinData"]


def test_a_plan_shows_neither_parameters_nor_secrets() -> None:
    secret = things.credential({"id": "1", "name": "Shop", "type": "httpHeaderAuth", "data": "U2Fsd"})
    value = things.variable({"key": "token", "value": "open-sesame"})
    one = things.workflow({"id": "a", "name": "Orders", "nodes": [node("Fetch", password="open-sesame")]})
    shown = str([things.shown(thing) for thing in (secret, value, one)])
    assert "U2Fsd" not in shown
    assert "open-sesame" not in shown
