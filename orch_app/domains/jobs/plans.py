"""plan.json: what a play meant to do, under the one name that a person approves and an apply is held to."""

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from orch_app.domains.jobs.execution import ArtifactsRefused, Workspace, read_result
from orch_app.domains.jobs.models import Job
from orch_app.domains.runbooks.inputs import check_output
from orch_app.kit.redact import Masker

PLAN = "plan.json"
MAX_PLAN_BYTES = 16 << 20
_SCHEMA = Path(__file__).parents[3] / "runbooks" / "plan.schema.json"


@dataclass(frozen=True)
class Plan:
    """A plan that holds: its bytes, their SHA-256 and `kind:id` of its target; empty without one, or with a fault."""

    raw: bytes | None = None
    sha256: str = ""
    target: str = ""
    fault: str = ""


def look_at_plan(workspace: Workspace, job: Job, secrets: list[str], told: Any) -> Plan:
    """Read plan.json and check all that is promised of it; `told` is the hash that the play's output names.

    A plan is shown to whoever may read the job and cannot be masked without becoming another one: with a secret in it,
    it does not hold.
    """
    try:
        raw = read_result(workspace, PLAN, MAX_PLAN_BYTES)
    except ArtifactsRefused as error:
        return Plan(fault=str(error))
    if raw is None:
        return Plan(fault=f"the output names a plan, but the play left no {PLAN}" if told else "")
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        return Plan(fault=f"{PLAN} is not JSON: {error}")
    fault = _fault_in(document, raw, job, secrets)
    sha256 = hashlib.sha256(raw).hexdigest()
    if not fault and told != sha256:
        fault = f"the output's plan_sha256 is {told or 'missing'}, that of {PLAN} is {sha256}"
    if fault:
        return Plan(fault=fault)
    return Plan(raw, sha256, "{kind}:{id}".format(**document["target"]))


def canonical(document: Any) -> bytes:
    """The one spelling of a document: UTF-8, sorted keys, no blanks."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode(errors="replace")


def _fault_in(document: Any, raw: bytes, job: Job, secrets: list[str]) -> str:
    problems = check_output(_schema(), document)
    if problems:
        return f"{PLAN} {problems[0].pointer or '/'}: {problems[0].detail}"
    if canonical(document) != raw:
        return f"{PLAN} is not canonical JSON (UTF-8, sorted keys, no blanks)"
    wanted = (job.runbook_name, "rollback" if job.rollback_of else "apply")
    if (document["runbook"], document["direction"]) != wanted:
        return f"{PLAN} is of {document['runbook']} ({document['direction']}), the job of {wanted[0]} ({wanted[1]})"
    text = raw.decode()
    return f"{PLAN} holds a secret of the job" if Masker(secrets).mask(text) != text else ""


@lru_cache(maxsize=1)
def _schema() -> dict[str, Any]:
    return json.loads(_SCHEMA.read_text(encoding="utf-8"))
