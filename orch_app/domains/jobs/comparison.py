"""Which hosts of a job differ from the rest, and in what.

A task has a usual outcome when more than half of its hosts share it. Where they share what it said as well, a host that
says something else differs; where everyone says something of its own (a date, an address), only how it ended counts.
A host's own name in a message is no difference.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs.fleet import FAILED, TaskResult, list_hosts, list_results

_SELF = "{host}"
Outcome = tuple[str, str]
Usual = tuple[str, str | None]  # None: everyone says something of its own


@dataclass(frozen=True)
class Difference:
    """One task in which hosts went another way than most; empty words where most have none in common."""

    task: str
    position: int
    seq: int
    usual_status: str
    usual_message: str
    status: str
    message: str


@dataclass(frozen=True)
class Group:
    """Hosts that differ from the rest in the same way."""

    hosts: Sequence[str]
    differences: Sequence[Difference]

    @property
    def has_failed(self) -> bool:
        """Whether a task failed on these hosts."""
        return any(one.status in FAILED for one in self.differences)


@dataclass(frozen=True)
class Comparison:
    """How many hosts are the same, and the groups of those that are not: failed ones first, then the largest."""

    same: int
    groups: Sequence[Group]

    @property
    def different(self) -> int:
        """How many hosts differ."""
        return sum(len(group.hosts) for group in self.groups)


def compare(session: Session, actor: Actor, job_id: str) -> Comparison:
    """Compare the hosts of a job with each other; a machine that only helped is none of them.

    Raises:
        NotFound: there is no such job.
    """
    counted = {host.name for host in list_hosts(session, actor, job_id)}
    results = list_results(session, actor, job_id)
    return compare_results(result for result in results if result.host in counted)


def compare_results(results: Iterable[TaskResult]) -> Comparison:
    """The same for results that are already at hand, in the order of the tasks."""
    by_task: dict[int, list[TaskResult]] = defaultdict(list)
    hosts: dict[str, list[Difference]] = {}
    for result in results:
        by_task[result.position].append(result)
        hosts.setdefault(result.host, [])
    for found in by_task.values():
        for host, difference in _odd_ones(found):
            hosts[host].append(difference)
    groups: dict[tuple[Difference, ...], list[str]] = defaultdict(list)
    for host, differences in hosts.items():
        groups[tuple(differences)].append(host)
    same = len(groups.pop((), []))
    found_groups = [Group(sorted(names), differences) for differences, names in groups.items()]
    return Comparison(same, sorted(found_groups, key=lambda group: (not group.has_failed, -len(group.hosts))))


def _odd_ones(results: Sequence[TaskResult]) -> Iterable[tuple[str, Difference]]:
    """The hosts on which a task went another way than on most."""
    if len(results) == 1:
        return
    outcomes = {result.host: (result.status, _impersonal(result)) for result in results}
    usual = _usual(outcomes.values())
    for result in results:
        status, message = outcomes[result.host]
        if status != usual[0] or usual[1] not in {None, message}:
            usually = (usual[0], usual[1] or "")
            yield result.host, Difference(result.task, result.position, result.seq, *usually, status, message)


def _usual(outcomes: Iterable[Outcome]) -> Usual:
    """The outcome of more than half of the hosts; without one that of most, in one word and with nothing said."""
    counts = Counter(outcomes)
    outcome, count = counts.most_common(1)[0]
    if 2 * count > counts.total():
        return outcome
    statuses: Counter[str] = Counter()
    for (status, _), number in counts.items():
        statuses[status] += number
    return statuses.most_common(1)[0][0], None


def _impersonal(result: TaskResult) -> str:
    return result.message.replace(result.host, _SELF) if result.host else result.message
