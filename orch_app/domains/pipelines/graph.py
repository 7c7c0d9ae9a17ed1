"""The graph of a pipeline's steps: its order, its faults, and which steps are due. Pure functions, no database."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class StepStatus(StrEnum):
    """Where a step is. The last four are ends."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    ERROR = "ERROR"
    CANCELED = "CANCELED"
    SKIPPED = "SKIPPED"


ENDED = frozenset({StepStatus.SUCCESS, StepStatus.ERROR, StepStatus.CANCELED, StepStatus.SKIPPED})
FAILED = frozenset({StepStatus.ERROR, StepStatus.CANCELED})


@dataclass(frozen=True)
class Edge:
    """From which step, and after which end of it: `success`, `failure` or `always`."""

    step: str
    on: str = "success"


@dataclass(frozen=True)
class Node:
    """One step with the edges that lead to it; `join` says whether any or all of them must hold."""

    id: str
    needs: tuple[Edge, ...] = ()
    join: str = "all"


class Due(StrEnum):
    """What is to happen with a step that has not begun."""

    RUN = "run"
    SKIP = "skip"
    WAIT = "wait"


def holds(edge: Edge, status: str) -> bool | None:
    """Whether the edge leads on; None while nobody knows. A step that was skipped leads nowhere."""
    if status not in ENDED:
        return None
    if status == StepStatus.SKIPPED:
        return False
    return edge.on == "always" or (edge.on == "success") == (status == StepStatus.SUCCESS)


def due(node: Node, statuses: Mapping[str, str]) -> Due:
    """Whether a step that has not begun is to run now, is to be skipped, or waits."""
    found = [holds(edge, statuses[edge.step]) for edge in node.needs]
    if not found:
        return Due.RUN
    enough = any(found) if node.join == "any" else all(found)
    if enough:
        return Due.RUN
    hopeless = all(one is False for one in found) if node.join == "any" else False in found
    return Due.SKIP if hopeless else Due.WAIT


def skipped(nodes: Sequence[Node], statuses: Mapping[str, str]) -> dict[str, str]:
    """The statuses after every step that can no longer run was skipped, and those behind it."""
    found = dict(statuses)
    for node in in_order(nodes):
        if found[node.id] == StepStatus.PENDING and due(node, found) is Due.SKIP:
            found[node.id] = StepStatus.SKIPPED
    return found


def ready(nodes: Sequence[Node], statuses: Mapping[str, str]) -> list[str]:
    """The steps that are to run now, in the order of the pipeline."""
    waiting = (node for node in nodes if statuses[node.id] == StepStatus.PENDING)
    return [node.id for node in waiting if due(node, statuses) is Due.RUN]


def outcome(nodes: Sequence[Node], statuses: Mapping[str, str]) -> StepStatus | None:
    """How the whole ended; None while a step waits or runs.

    A failure that a `failure` edge leads on from was expected; any other makes the whole fail. An `always` edge
    cleans up and forgives nothing.
    """
    if any(statuses[node.id] not in ENDED for node in nodes):
        return None
    expected = {edge.step for node in nodes for edge in node.needs if edge.on == "failure"}
    failed = [node.id for node in nodes if statuses[node.id] in FAILED and node.id not in expected]
    return StepStatus.ERROR if failed else StepStatus.SUCCESS


def to_repeat(nodes: Sequence[Node], statuses: Mapping[str, str]) -> set[str]:
    """The steps that a resumed run does again: those that failed or never ran for it, and all that come after them."""
    again = {node.id for node in nodes if statuses[node.id] in FAILED}
    return again | {node.id for node in nodes if again & ancestors(nodes, node.id)}


def ancestors(nodes: Sequence[Node], step: str) -> set[str]:
    """All steps from which edges lead to this one, directly or not."""
    before = {node.id: [edge.step for edge in node.needs] for node in nodes}
    found: set[str] = set()
    waiting = list(before.get(step, ()))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += before.get(name, ())
    return found


def in_order(nodes: Sequence[Node]) -> list[Node]:
    """The steps so that each stands behind those it needs; what is in a circle is left out."""
    return list(_sorted(nodes))


def circle(nodes: Sequence[Node]) -> list[str]:
    """The ids of the steps that are in a circle or behind one; empty when the graph has an order."""
    sortable = {node.id for node in _sorted(nodes)}
    return [node.id for node in nodes if node.id not in sortable]


def _sorted(nodes: Sequence[Node]) -> Iterator[Node]:
    known = {node.id for node in nodes}
    done: set[str] = set()
    left = list(nodes)
    while left:
        free = [node for node in left if all(edge.step in done or edge.step not in known for edge in node.needs)]
        if not free:
            return
        yield from free
        done |= {node.id for node in free}
        left = [node for node in left if node.id not in done]
