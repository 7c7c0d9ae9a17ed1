"""Why a job failed as its runbook told it, and what can be done about that."""

from typing import Any

from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.states import Reason, SharedReason

OF_THE_TARGET = {
    Reason.UNREACHABLE.value: "upstream_unreachable",
    Reason.TIMEOUT.value: "upstream_timeout",
}
"""A play that names these means the other system; otherwise they are about the hosts and the time limit of the job."""
OF_STACKS = frozenset(
    {
        "config_missing",
        "convergence_timeout",
        "image_not_found",
        "network_missing",
        "no_suitable_node",
        "port_in_use",
        "secret_missing",
    }
)
NEXT_STEPS = frozenset({*SharedReason, *OF_STACKS, *OF_THE_TARGET.values()}) - {SharedReason.LOCK_TIMEOUT}


def told_of(job: Job) -> dict[str, Any]:
    """`toldReason`: the reason if the runbook handed it over, else empty; `nextStep`: where there are words for it."""
    failure = (job.output_json or {}).get("failure") or {}
    told = job.reason if job.reason and failure.get("code") == job.reason else ""
    told = OF_THE_TARGET.get(told, told)
    return {"toldReason": told, "nextStep": told if told in NEXT_STEPS else ""}
