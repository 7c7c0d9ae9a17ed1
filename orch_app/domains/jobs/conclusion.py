"""How a job ended: the play's outcome, what it left and what people asked for, put into one verdict."""

import json
from dataclasses import dataclass, field
from typing import Any

from orch_app.domains.jobs.execution import (
    OUTPUT_NAME,
    ArtifactsRefused,
    PlayOutcome,
    PlayStatus,
    Workspace,
    read_output,
)
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.plans import PLAN, Plan, look_at_plan
from orch_app.domains.jobs.slots import Running
from orch_app.domains.jobs.snapshots import SNAPSHOT, Promise, Taken, look_at_snapshot
from orch_app.domains.jobs.states import Mode, Reason, Status
from orch_app.domains.runbooks.inputs import check_output
from orch_app.kit.redact import Masker

DETAIL_CHARS = 1_000


@dataclass(frozen=True)
class Output:
    """What the play wrote to output.json: masked bytes, the document, and why it does not hold, if so."""

    raw: bytes | None = None
    document: dict[str, Any] | None = None
    fault: str = ""


@dataclass(frozen=True)
class Results:
    """What a play left under the names of the contract."""

    output: Output
    plan: Plan
    snapshot: Taken

    @property
    def files(self) -> dict[str, bytes]:
        """Those that are kept under their own names."""
        found = {OUTPUT_NAME: self.output.raw, PLAN: self.plan.raw, SNAPSHOT: self.snapshot.raw}
        return {name: raw for name, raw in found.items() if raw is not None}


@dataclass(frozen=True)
class Verdict:
    """The end of a job as it is stored."""

    status: Status
    reason: str = ""
    detail: str = ""
    counts: dict[str, int] = field(default_factory=dict)


def look_at_results(
    workspace: Workspace, job: Job, schema: dict[str, Any], secrets: list[str], promise: Promise
) -> Results:
    """Read and check output, plan and snapshot; `promise` is what the runbook says of its snapshot."""
    output = look_at_output(workspace, schema, secrets)
    told = (output.document or {}).get("plan_sha256")
    plan = look_at_plan(workspace, job, secrets, told)
    snapshot = look_at_snapshot(workspace, job, secrets, promise)
    return Results(output, plan, snapshot)


def look_at_output(workspace: Workspace, schema: dict[str, Any], secrets: list[str]) -> Output:
    """Read, mask and check output.json; what does not hold is still kept as a file.

    Without a schema the runbook promises no output, and need not write one.
    """
    try:
        raw = read_output(workspace)
    except ArtifactsRefused as error:
        return Output(fault=str(error))
    if raw is None:
        return Output(fault="the runbook wrote no output.json" if schema else "")
    masked = Masker(secrets).mask(raw.decode(errors="replace"))
    try:
        document = json.loads(masked)
    except (ValueError, RecursionError) as error:
        return Output(masked.encode(), None, f"output.json is not JSON: {error}")
    faults = check_output(schema, document)
    if faults:
        return Output(masked.encode(), None, f"output.json {faults[0].pointer or '/'}: {faults[0].detail}")
    return Output(masked.encode(), document)


def conclude(
    running: Running, outcome: PlayOutcome, results: Results, job: Job, promise: Promise = Promise.NONE
) -> Verdict:
    """The verdict. What stopped the job weighs more than how its play then ended."""
    counts = _counts(outcome)
    if outcome.status is PlayStatus.CANCELED and running.why is Reason.INTERRUPTED:
        text = "The worker stopped before the play had ended. What had been done stays done."
        return Verdict(Status.ERROR, Reason.INTERRUPTED, text, counts)
    if outcome.status is PlayStatus.CANCELED:
        return Verdict(Status.CANCELED, Reason.CANCELED, "", counts)
    if outcome.status is not PlayStatus.SUCCESSFUL:
        return _of_failure(outcome, results.output, counts)
    broken = _broken_promise(results, job, promise)
    return Verdict(Status.ERROR, *broken, counts) if broken else Verdict(Status.SUCCESS, counts=counts)


def _broken_promise(results: Results, job: Job, promise: Promise) -> tuple[str, str] | None:
    """Reason and detail where a play that Ansible calls successful has not done what it says or was asked for."""
    output, plan, snapshot = results.output, results.plan, results.snapshot
    if output.fault:
        return Reason.OUTPUT_INVALID, output.fault[:DETAIL_CHARS]
    told = _told(output)
    if told:
        return told
    fault = plan.fault or snapshot.fault or _unkept(results, job, promise)
    if fault:
        return Reason.OUTPUT_INVALID, fault[:DETAIL_CHARS]
    if job.expect_plan not in {"", plan.sha256}:
        detail = f"The plan {job.expect_plan} was expected, and {plan.sha256} was applied. Look at what was done."
        return Reason.STALE_PLAN, detail
    return None


def _unkept(results: Results, job: Job, promise: Promise) -> str:
    """What should be there and is not."""
    document = results.output.document or {}
    has_changed = bool(document.get("changed")) and job.run_mode != Mode.PREVIEW
    is_promised = bool(document.get("snapshot_ref")) or (promise is not Promise.NONE and has_changed)
    if is_promised and job.run_mode != Mode.PREVIEW and results.snapshot.raw is None:
        return f"The play changed something, and left no {SNAPSHOT} of what was there before."
    if job.expect_plan and not results.plan.sha256:
        return f"A plan was expected, and the play left no {PLAN}."
    return ""


def _of_failure(outcome: PlayOutcome, output: Output, counts: dict[str, int]) -> Verdict:
    if outcome.limit:
        return Verdict(Status.ERROR, str(outcome.reason), outcome.limit, counts)
    told = _told(output)
    if told:
        return Verdict(Status.ERROR, told[0], told[1], counts)
    failure = outcome.failure
    where = " on ".join(part for part in (failure.task, failure.host) if part) if failure else ""
    text = ": ".join(part for part in (where, failure.message if failure else "") if part)
    return Verdict(Status.ERROR, str(outcome.reason or Reason.TASK_FAILED), text[:DETAIL_CHARS], counts)


def _told(output: Output) -> tuple[str, str] | None:
    """The failure that the runbook itself names in its output."""
    failure = (output.document or {}).get("failure")
    if not isinstance(failure, dict) or not failure.get("code"):
        return None
    return str(failure["code"])[:100], str(failure.get("message", ""))[:DETAIL_CHARS]


def _counts(outcome: PlayOutcome) -> dict[str, int]:
    names = {"ok": "ok", "changed": "changed", "failures": "failed", "unreachable": "unreachable", "skipped": "skipped"}
    return {name: sum(host.get(key, 0) for host in outcome.hosts.values()) for key, name in names.items()}
