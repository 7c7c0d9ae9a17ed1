"""The hosts of one job as its page shows them: a page of rows, what one host did, and who differs from the rest."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs import fleet
from orch_app.domains.jobs.comparison import Comparison, Difference, Group, compare
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.states import is_terminal
from orch_app.state.address import page_number

PARAMETERS = ("host", "result", "page")
PAGE_SIZE = 50
SHOWN_GROUPS = 20
SHOWN_NAMES = 12
SHOWN_DIFFERENCES = 10
COUNTED = ("ok", "changed", "failed", "unreachable", "skipped")
Shown = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """Which hosts the address asks for: a part of the name, how they ended, the number of the page."""

    text: str = ""
    status: str = ""
    page: int = 1

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> "Asked":
        """From the parameters of the address; an unknown result asks for all."""
        status = parameters["result"] if parameters["result"] in COUNTED else ""
        return cls(parameters["host"].strip(), status, page_number(parameters["page"]))

    def matches(self, host: fleet.HostSummary) -> bool:
        """Whether this host is wanted."""
        return self.text.lower() in host.name.lower() and self.status in {"", _counted(host)}


def rows_of(
    session: Session, actor: Actor, job_id: str, hosts: Sequence[fleet.HostSummary], asked: Asked
) -> dict[str, Any]:
    """The wanted page of the hosts, how many are wanted, and how many there are."""
    found = [host for host in hosts if asked.matches(host)]
    page = found[(asked.page - 1) * PAGE_SIZE : asked.page * PAGE_SIZE]
    failed = [host.name for host in page if host.has_failed]
    told = fleet.complaints(fleet.list_results(session, actor, job_id, failed)) if failed else {}
    return {
        "hosts": [_row(host, told.get(host.name, "")) for host in page],
        "hosts_found": len(found),
        "hosts_total": len(hosts),
        "hosts_page": asked.page,
    }


def read_host(session: Session, actor: Actor, job_id: str, host: str) -> list[Shown]:
    """What every task did on one host."""
    return [_result(result) for result in fleet.list_results(session, actor, job_id, [host])] if host else []


def counts_of(hosts: Iterable[fleet.HostSummary]) -> dict[str, int]:
    """How many hosts are, at worst, ok, changed, failed, unreachable or skipped."""
    counts: dict[str, int] = dict.fromkeys(COUNTED, 0)
    for host in hosts:
        if (name := _counted(host)) in counts:
            counts[name] += 1
    return counts


def read_comparison(session: Session, actor: Actor, job: Job) -> Shown:
    """Who differs from the rest; empty before the end of the job, when hosts are at different tasks."""
    return comparison_of(compare(session, actor, job.id)) if is_terminal(job.status) else {}


def comparison_of(found: Comparison) -> Shown:
    """The same as plain values, with as many groups and names as can be read."""
    if found.same + found.different < 2:  # noqa: PLR2004 - one host has none to differ from
        return {}
    return {
        "same": found.same,
        "different": found.different,
        "groups": [_group(group) for group in found.groups[:SHOWN_GROUPS]],
        "moreGroups": max(0, len(found.groups) - SHOWN_GROUPS),
    }


def _counted(host: fleet.HostSummary) -> str:
    return "ok" if host.status == "ignored" else host.status


def _row(host: fleet.HostSummary, complaint: str) -> Shown:
    counts = host.counts
    return {
        "name": host.name,
        "status": host.status,
        "ok": counts["ok"] + counts["ignored"],
        "changed": counts["changed"],
        "failed": counts["failed"] + counts["unreachable"],
        "skipped": counts["skipped"],
        "message": complaint,
        "lengthS": host.length_ms / 1000,
    }


def _result(result: fleet.TaskResult) -> Shown:
    return {
        "task": result.task,
        "status": result.status,
        "message": result.message,
        "lengthS": None if result.length_ms is None else result.length_ms / 1000,
        "seq": result.seq,
    }


def _group(group: Group) -> Shown:
    return {
        "count": len(group.hosts),
        "names": list(group.hosts[:SHOWN_NAMES]),
        "more": max(0, len(group.hosts) - SHOWN_NAMES),
        "hasFailed": group.has_failed,
        "differences": [_difference(one) for one in group.differences[:SHOWN_DIFFERENCES]],
        "moreDifferences": max(0, len(group.differences) - SHOWN_DIFFERENCES),
    }


def _difference(one: Difference) -> Shown:
    return {
        "task": one.task,
        "seq": one.seq,
        "usualStatus": one.usual_status,
        "usualMessage": one.usual_message,
        "status": one.status,
        "message": one.message,
    }
