"""Which steps are due, skipped or to be repeated, and how the whole ends; over many graphs made at random."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orch_app.domains.pipelines.graph import (
    ENDED,
    Due,
    Edge,
    Node,
    StepStatus,
    ancestors,
    circle,
    due,
    in_order,
    outcome,
    ready,
    skipped,
    to_repeat,
)

S, E, C, K = StepStatus.SUCCESS, StepStatus.ERROR, StepStatus.CANCELED, StepStatus.SKIPPED
W, R = StepStatus.PENDING, StepStatus.RUNNING


@pytest.mark.parametrize(
    ("on", "status", "expected"),
    [
        ("success", S, Due.RUN),
        ("success", E, Due.SKIP),
        ("success", C, Due.SKIP),
        ("failure", S, Due.SKIP),
        ("failure", E, Due.RUN),
        ("failure", C, Due.RUN),
        ("always", S, Due.RUN),
        ("always", E, Due.RUN),
        ("always", C, Due.RUN),
        *((on, K, Due.SKIP) for on in ("success", "failure", "always")),
        *((on, status, Due.WAIT) for on in ("success", "failure", "always") for status in (W, R)),
    ],
)
def test_an_edge_leads_on_as_it_says(on: str, status: str, expected: Due) -> None:
    assert due(Node("b", (Edge("a", on),)), {"a": status}) is expected


@pytest.mark.parametrize(
    ("join", "a", "b", "expected"),
    [
        ("all", S, S, Due.RUN),
        ("all", S, R, Due.WAIT),
        ("all", S, E, Due.SKIP),
        ("all", R, E, Due.SKIP),
        ("any", S, R, Due.RUN),
        ("any", E, R, Due.WAIT),
        ("any", E, S, Due.RUN),
        ("any", E, K, Due.SKIP),
    ],
)
def test_where_edges_meet_any_or_all_must_hold(join: str, a: str, b: str, expected: Due) -> None:
    assert due(Node("c", (Edge("a"), Edge("b")), join), {"a": a, "b": b}) is expected


def test_what_comes_after_a_skipped_step_is_skipped_too() -> None:
    chain = [Node("c", (Edge("b", "always"),)), Node("b", (Edge("a"),)), Node("a")]
    assert skipped(chain, {"a": E, "b": W, "c": W}) == {"a": E, "b": K, "c": K}


@pytest.mark.parametrize(
    ("on", "status", "expected"),
    [("failure", E, S), ("failure", C, S), ("always", E, E), ("success", E, E), ("success", S, S)],
)
def test_a_failure_is_forgiven_by_a_failure_edge_only(on: str, status: str, expected: str) -> None:
    nodes = [Node("a"), Node("b", (Edge("a", on),))]
    assert outcome(nodes, {"a": status, "b": S}) == expected
    assert outcome(nodes, {"a": status, "b": R}) is None


def test_a_circle_is_named_with_what_is_behind_it() -> None:
    nodes = [Node("start"), Node("a", (Edge("b"),)), Node("b", (Edge("a"), Edge("start"))), Node("after", (Edge("b"),))]
    assert circle(nodes) == ["a", "b", "after"]
    assert circle([Node("me", (Edge("me"),))]) == ["me"]
    assert circle([Node("a", (Edge("nobody"),))]) == []


def test_a_resumed_run_repeats_what_failed_and_all_that_follows() -> None:
    nodes = [
        Node("a"),
        Node("b"),
        Node("c", (Edge("b"),)),
        Node("rescue", (Edge("b", "failure"),)),
        Node("end", (Edge("a"),)),
        Node("idle", (Edge("a", "failure"),)),
    ]
    statuses = {"a": S, "b": E, "c": K, "rescue": S, "end": S, "idle": K}
    assert to_repeat(nodes, statuses) == {"b", "c", "rescue"}
    assert to_repeat(nodes, statuses | {"b": S}) == set()


@st.composite
def graphs(draw: st.DrawFn) -> list[Node]:
    """Steps whose edges lead forward only, in a shuffled order."""
    count = draw(st.integers(1, 7))
    nodes: list[Node] = []
    for at in range(count):
        before = draw(st.sets(st.integers(0, at - 1), max_size=3)) if at else set[int]()
        edges = tuple(
            Edge(f"s{one}", draw(st.sampled_from(["success", "failure", "always"]))) for one in sorted(before)
        )
        nodes.append(Node(f"s{at}", edges, draw(st.sampled_from(["any", "all"]))))
    return draw(st.permutations(nodes))


@given(graphs())
def test_every_graph_without_a_circle_has_an_order(nodes: list[Node]) -> None:
    order = [node.id for node in in_order(nodes)]
    assert sorted(order) == sorted(node.id for node in nodes)
    assert circle(nodes) == []
    for node in nodes:
        assert set(order[: order.index(node.id)]) >= ancestors(nodes, node.id)


@given(graphs(), st.data())
def test_a_run_always_comes_to_its_end_and_each_step_begins_at_most_once(
    nodes: list[Node], data: st.DataObject
) -> None:
    statuses: dict[str, str] = {node.id: W for node in nodes}
    begun: list[str] = []
    while outcome(nodes, statuses := skipped(nodes, statuses)) is None:
        now = ready(nodes, statuses)
        begun += now
        statuses |= dict.fromkeys(now, R)
        running = sorted(name for name, status in statuses.items() if status == R)
        assert running, "nothing runs and nothing has ended: the run would wait for ever"
        ends = data.draw(st.sampled_from(running))
        statuses[ends] = data.draw(st.sampled_from([S, E, C]))
    assert len(begun) == len(set(begun))
    assert all(status in ENDED for status in statuses.values())
    assert {name for name, status in statuses.items() if status != K} == set(begun)


def test_the_order_in_which_steps_end_does_not_matter_where_all_must_hold() -> None:
    nodes = [Node("a"), Node("b"), Node("c", (Edge("a"), Edge("b", "failure")))]
    for a, b in product((S, E), repeat=2):
        first = skipped(nodes, {"a": a, "b": R, "c": W})
        second = skipped(nodes, {"a": R, "b": b, "c": W})
        assert skipped(nodes, {**first, "b": b}) == skipped(nodes, {**second, "a": a})
