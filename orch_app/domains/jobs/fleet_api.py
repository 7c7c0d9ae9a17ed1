"""The hosts of a job over REST: each with its worst result, and which of them differ from the rest."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from orch_app.domains.accounts.edge import SignedIn
from orch_app.domains.jobs import fleet
from orch_app.domains.jobs.comparison import compare
from orch_app.kit.rest import Answer, CamelModel, Reading

router = APIRouter(prefix="/v1", tags=["jobs"])


class HostsQuery(CamelModel):
    """Which hosts: with this text in their name, that ended like this."""

    q: Annotated[str, Field(max_length=255)] = ""
    status: Literal["ok", "changed", "failed", "unreachable", "skipped", "ignored", "pending", ""] = ""
    limit: int = Field(200, ge=1, le=1_000)
    page: int = Field(1, ge=1, le=100_000)


class JobHost(Answer):
    """One host: its worst result, and how many of its tasks ended how."""

    host: str
    status: str
    counts: dict[str, int]
    duration_ms: int


class JobHosts(Answer):
    """A page of hosts, failed ones first, and how many there are in all."""

    items: list[JobHost]
    total: int


class DifferenceAnswer(Answer):
    """One task: how it went for most hosts, and how here; `usualMessage` is empty where hosts have none in common."""

    task: str
    first_seq: int
    usual_status: str
    usual_message: str
    status: str
    message: str


class GroupAnswer(Answer):
    """Hosts that differ from the rest in the same way."""

    hosts: list[str]
    differences: list[DifferenceAnswer]


class ComparisonAnswer(Answer):
    """How many hosts are the same, and the groups of those that differ."""

    same: int
    different: int
    groups: list[GroupAnswer]


@router.get("/jobs/{job_id}/hosts")
def list_job_hosts(job_id: str, query: Annotated[HostsQuery, Query()], actor: SignedIn, session: Reading) -> JobHosts:
    """The hosts of a job, failed ones first."""
    hosts = fleet.list_hosts(session, actor, job_id)
    wanted = [host for host in hosts if query.q.lower() in host.name.lower() and query.status in {"", host.status}]
    begin = (query.page - 1) * query.limit
    return JobHosts(items=[_to_host(host) for host in wanted[begin : begin + query.limit]], total=len(wanted))


@router.get("/jobs/{job_id}/comparison")
def compare_job_hosts(job_id: str, actor: SignedIn, session: Reading) -> ComparisonAnswer:
    """Which hosts of a job differ from the rest, and in which tasks."""
    found = compare(session, actor, job_id)
    groups = [
        GroupAnswer(
            hosts=list(group.hosts),
            differences=[
                DifferenceAnswer(
                    task=one.task,
                    first_seq=one.seq,
                    usual_status=one.usual_status,
                    usual_message=one.usual_message,
                    status=one.status,
                    message=one.message,
                )
                for one in group.differences
            ],
        )
        for group in found.groups
    ]
    return ComparisonAnswer(same=found.same, different=found.different, groups=groups)


def _to_host(host: fleet.HostSummary) -> JobHost:
    return JobHost(host=host.name, status=host.status, counts=dict(host.counts), duration_ms=host.length_ms)
