"""How a job ended: the play's outcome, the runbook's own output and what people asked for, put into one verdict."""

import json
from dataclasses import dataclass, field
from typing import Any

from orch_app.domains.jobs.execution import ArtifactsRefused, PlayOutcome, PlayStatus, Workspace, read_output
from orch_app.domains.jobs.slots import Running
from orch_app.domains.jobs.states import Reason, Status
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
class Verdict:
    """The end of a job as it is stored."""

    status: Status
    reason: str = ""
    detail: str = ""
    counts: dict[str, int] = field(default_factory=dict)


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


def conclude(running: Running, outcome: PlayOutcome, output: Output) -> Verdict:
    """The verdict. What stopped the job weighs more than how its play then ended."""
    counts = _counts(outcome)
    if outcome.status is PlayStatus.CANCELED and running.why is Reason.INTERRUPTED:
        text = "The worker stopped before the play had ended. What had been done stays done."
        return Verdict(Status.ERROR, Reason.INTERRUPTED, text, counts)
    if outcome.status is PlayStatus.CANCELED:
        return Verdict(Status.CANCELED, Reason.CANCELED, "", counts)
    if outcome.status is PlayStatus.SUCCESSFUL:
        return _of_success(output, counts)
    return _of_failure(outcome, output, counts)


def _of_success(output: Output, counts: dict[str, int]) -> Verdict:
    if output.fault:
        return Verdict(Status.ERROR, Reason.OUTPUT_INVALID, output.fault[:DETAIL_CHARS], counts)
    told = _told(output)
    if told:
        return Verdict(Status.ERROR, told[0], told[1], counts)
    return Verdict(Status.SUCCESS, counts=counts)


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
