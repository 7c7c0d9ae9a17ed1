"""Hosts that went another way than the rest are found, and what is each host's own is no difference."""

from hypothesis import given
from hypothesis import strategies as st

from orch_app.domains.jobs.comparison import Comparison, compare_results
from orch_app.domains.jobs.fleet import TaskResult


def result(host: str, status: str = "ok", message: str = "", task: str = "Look", position: int = 1) -> TaskResult:
    return TaskResult(host, task, position, status, message, 5, position)


def nodes(count: int, message: str = "", task: str = "Look") -> list[TaskResult]:
    return [result(f"node-{n}", "ok", message.format(host=f"node-{n}", n=n), task) for n in range(count)]


def groups(found: Comparison) -> list[list[str]]:
    return [list(group.hosts) for group in found.groups]


def test_hosts_that_went_the_same_way_are_the_same():
    found = compare_results(nodes(997, "kernel 6.1"))
    assert (found.same, found.different) == (997, 0)


def test_three_of_a_thousand_that_say_something_else_differ_with_what_they_say():
    odd = [result(name, message="kernel 5.10") for name in ("web-1", "web-2", "web-3")]
    found = compare_results([*nodes(997, "kernel 6.1"), *odd])
    assert (found.same, groups(found)) == (997, [["web-1", "web-2", "web-3"]])
    difference = found.groups[0].differences[0]
    assert (difference.usual_message, difference.message) == ("kernel 6.1", "kernel 5.10")


def test_what_every_host_says_differently_is_no_difference_but_how_it_ended_is():
    found = compare_results([*nodes(50, "up {n} days"), result("web-1", "failed", "no answer")])
    assert (found.same, groups(found)) == (50, [["web-1"]])
    difference = found.groups[0].differences[0]
    assert (difference.usual_status, difference.usual_message, difference.status) == ("ok", "", "failed")


def test_a_hosts_own_name_in_what_it_says_is_no_difference():
    assert compare_results(nodes(20, "deployed to {host}")).different == 0


def test_a_host_that_speaks_where_the_others_are_silent_differs():
    assert groups(compare_results([*nodes(9), result("web-1", message="restarted")])) == [["web-1"]]


def test_failed_hosts_come_first_and_then_the_largest_group():
    changed = [result(f"cache-{n}", "changed") for n in range(5)]
    found = compare_results([*nodes(30), *changed, result("web-1", "failed", "disk full")])
    assert [len(hosts) for hosts in groups(found)] == [1, 5]


def test_hosts_are_one_group_only_when_they_differ_in_every_task_alike():
    first = [*nodes(10), result("web-1", "changed"), result("web-2", "changed")]
    second = [*nodes(10, task="Act"), result("web-1", "failed", task="Act"), result("web-2", task="Act")]
    moved = [TaskResult(one.host, one.task, 2, one.status, one.message, 5, 2) for one in second]
    found = compare_results([*first, *moved])
    assert groups(found) == [["web-1"], ["web-2"]]
    assert [len(group.differences) for group in found.groups] == [2, 1]


def test_a_task_of_one_host_has_none_to_differ_from():
    assert compare_results([*nodes(5), result("node-1", "failed", task="Clean up", position=2)]).different == 0


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 4), st.sampled_from(["ok", "failed"]), st.text(max_size=3)))
)
def test_every_host_is_counted_once(rows: list[tuple[int, int, str, str]]):
    unique = {(f"node-{host}", position): (status, text) for host, position, status, text in rows}
    results = [result(host, how, text, position=at) for (host, at), (how, text) in sorted(unique.items())]
    found = compare_results(results)
    named = [host for group in found.groups for host in group.hosts]
    assert len(named) == len(set(named)) == found.different
    assert found.same + found.different == len({host for host, _ in unique})
