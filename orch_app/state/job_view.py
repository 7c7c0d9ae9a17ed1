"""One job as its page shows it: plain facts, steps for the timeline, what failed, what it waits for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.launch_matrix import is_grave
from orch_app.domains.access.permissions import Permission
from orch_app.domains.accounts.limits import check_execute_limit
from orch_app.domains.audit.queries import list_for_target
from orch_app.domains.jobs import failures, fleet, history, queries, service
from orch_app.domains.jobs.log.reader import level_counts
from orch_app.domains.jobs.models import Job, JobArtifact, JobStep
from orch_app.domains.jobs.outlook import look_ahead
from orch_app.domains.jobs.states import Phase, Status, is_terminal
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.runbooks.queries import list_runbooks
from orch_app.domains.runbooks.risks import risk_of
from orch_app.kit.clock import now
from orch_app.state.job_ahead_view import ahead_of
from orch_app.state.job_approval_view import read_approval, read_shown_plan
from orch_app.state.job_connections_view import read_connections
from orch_app.state.job_hosts_view import Asked, counts_of, read_comparison, rows_of
from orch_app.state.job_modes_view import modes_of
from orch_app.state.job_output import tables_of
from orch_app.state.job_told_view import told_of
from orch_app.state.jobs_view import length_s, titles_of

PATIENCE = timedelta(seconds=15)
OPEN_OR_BAD = frozenset({Status.RUNNING.value, Status.ERROR.value, Status.CANCELED.value})
PLAN = "plan.json"
TEXTS = (
    *(".json", ".ndjson", ".txt", ".log", ".csv", ".md", ".yml", ".yaml"),
    *(".xml", ".html", ".conf", ".ini", ".sha256"),
)
Shown = dict[str, Any]
ALL_HOSTS = Asked()


def read_job(session: Session, actor: Actor, job_id: str, asked: Asked = ALL_HOSTS) -> Shown:
    """Everything of the page that moves while the job runs.

    Raises:
        NotFound: there is no such job.
    """
    job = queries.get_job(session, actor, job_id)
    runbook = next((book for book in list_runbooks(session, actor) if book.name == job.runbook_name), None)
    expected = history.last_good_steps(session, actor, job)
    steps = steps_of(session, job, queries.list_steps(session, actor, job_id), expected)
    hosts = fleet.list_hosts(session, actor, job_id)
    typical_s = queries.typical_duration_s(session, job.runbook_name)
    return {
        "job": {
            **_facts(job, runbook, typical_s),
            **modes_of(session, job, runbook),
            "connections": read_connections(session, actor, job),
            "failedHosts": _failed_of_the_order(job, hosts),
        },
        "steps": steps,
        "progress": progress_of(steps, job.status, sum(step.kind != "play" for step in expected)),
        **rows_of(session, actor, job_id, hosts, asked),
        "host_counts": counts_of(hosts),
        **ahead_of(job, look_ahead(session, actor, job)),
        "approval": read_approval(session, actor, job, runbook),
        "inputs": inputs_of(job, runbook),
        "output": tables_of(job.output_json, runbook.output_schema if runbook else {}),
        "warnings": [str(text) for text in (job.output_json or {}).get("warnings", [])],
        "failure": failure_of(failures.first_failure(session, actor, job_id), job.output_json or {}),
        "levels": level_counts(session, job) if is_terminal(job.status) else {},
    }


def repeat(session: Session, actor: Actor, job_id: str, *, only_failed_hosts: bool) -> str:
    """Run the same again as a new job and give its id."""
    check_execute_limit(actor)
    return service.retry(session, actor, job_id, only_failed_hosts=only_failed_hosts).id


def read_aside(session: Session, actor: Actor, job_id: str) -> Shown:
    """What changes rarely: artifacts, the chain of repeats, how hosts compare, and for those who may, the audit."""
    job = queries.get_job(session, actor, job_id)
    may_audit = actor.may(Permission.AUDIT_READ)
    entries = list_for_target(session, actor, "job", job_id) if may_audit else []
    files = [_file(row) for row in queries.list_artifacts(session, actor, job_id)]
    plan = read_shown_plan(session, actor, job)
    return {
        "artifacts": sorted(files, key=lambda file: file["name"] != "output.json"),
        "plan_href": next((file["href"] for file in files if file["name"] == PLAN), plan["planHref"]),
        "shown_plan": plan,
        "chain": [_link(other, job_id) for other in history.list_repeats(session, actor, job)],
        "comparison": read_comparison(session, actor, job),
        "audit": [
            {"at": entry.ts.isoformat(), "action": entry.action, "actor": entry.actor_name, "result": entry.result}
            for entry in entries
        ],
    }


def _file(row: JobArtifact) -> Shown:
    return {
        "name": row.name,
        "size": row.size,
        "sha256": row.sha256,
        "href": f"/v1/jobs/{row.job_id}/artifacts/{quote(row.name)}",
        "isText": row.size > 0 and row.name.lower().endswith(TEXTS),
    }


def steps_of(session: Session, job: Job, begun: Sequence[JobStep], expected: Sequence[JobStep] = ()) -> list[Shown]:
    """Plays and tasks as the timeline takes them; while the job runs, those to be expected follow as pending."""
    plays = {step.key: step.name for step in begun if step.kind == "play"}
    outcomes = fleet.outcomes_by_step(session, job.id)
    shown = [_step(step, outcomes.get(step.id, []), plays) for step in begun]
    if job.status != Status.RUNNING:
        return shown
    later = {step.key: step.name for step in expected if step.kind == "play"}
    usual = [_pending(step, later) for step in expected]
    seconds = {_place(step): step["estimateS"] for step in usual}
    known = [step | {"estimateS": seconds.get(_place(step), 0)} for step in shown]
    return [*known, *_not_in(Counter(map(_place, shown)), usual)]


def _failed_of_the_order(job: Job, hosts: Sequence[fleet.HostSummary]) -> int:
    """On how many of the hosts that were asked for a repeat makes sense."""
    return sum(host.has_failed and host.name in job.host_names for host in hosts)


def progress_of(steps: Sequence[Shown], status: str, expected: int) -> Shown:
    """How many tasks are done, of how many; without a success the total is at least what the last good run had.

    Of a job that goes on and never ended well before nobody knows the total: it is that of the tasks begun so far.
    """
    tasks = [step for step in steps if step["kind"] != "play"]
    done = sum(step["status"] == "SUCCESS" for step in tasks)
    total = len(tasks) if status == Status.SUCCESS else max(len(tasks), expected)
    tone = {"ERROR": "bad", "SUCCESS": "ok"}.get(status, "t")
    is_known = is_terminal(status) or expected > 0
    return {"done": done, "total": total, "listed": len(tasks), "tone": tone, "isKnown": is_known}


def failure_of(found: failures.Failure | None, output: Mapping[str, Any]) -> Shown:
    """The failure box; empty for a job that did not fail. What the runbook itself says of it comes before its tasks."""
    if found is None:
        return {}
    told = output.get("failure") or {}
    return {
        "task": found.task,
        "host": found.host,
        "status": found.status,
        "message": told.get("message") or found.message,
        "others": found.others,
        "elsewhere": found.elsewhere,
        "seq": found.seq,
        "lines": [line.to_wire() for line in found.lines],
    }


def inputs_of(job: Job, runbook: Runbook | None) -> list[Shown]:
    """The inputs with the titles that the runbook's form gives them."""
    properties = (runbook.input_schema if runbook else {}).get("properties", {})
    return [_input(name, value, properties.get(name, {})) for name, value in job.input_json.items()]


def _facts(job: Job, runbook: Runbook | None, typical_s: float | None) -> Shown:
    titles = titles_of([runbook]) if runbook else {}
    english, portuguese = titles.get(job.runbook_name, (job.runbook_name, job.runbook_name))
    return {
        "id": job.id,
        "number": f"#{job.number}",
        "runbook": job.runbook_name,
        "title": english,
        "titlePt": portuguese,
        "version": job.runbook_version,
        "revision": job.runbook_revision[:8],
        "status": job.status,
        "phase": job.phase,
        "reason": job.reason,
        "reasonDetail": job.reason_detail,
        **told_of(job),
        "environment": job.environment,
        "isGrave": bool(runbook) and is_grave(risk_of(runbook, job.input_json), job.environment),
        "createdBy": job.created_by_name,
        "typicalS": typical_s,
        **_times(job, typical_s),
        "worker": job.worker,
        "isolation": job.isolation,
        "engine": job.engine,
        "trigger": job.trigger,
        "originId": job.origin_id or "",
        "attempt": job.attempt,
        "priority": job.priority,
        "requestReason": job.request_reason,
        "tags": ", ".join(job.tags_json.get("only", [])),
        "skipTags": ", ".join(job.tags_json.get("skip", [])),
        "canceledBy": job.canceled_by or "",
        "timeoutS": job.timeout_s,
        "lastSeq": job.last_seq,
        "isOver": is_terminal(job.status),
        "isCanceling": job.cancel_requested_at is not None and not is_terminal(job.status),
        "mayForce": _lingers(job),
    }


def _lingers(job: Job) -> bool:
    """Whether a cancelled job has had its time and somebody may end it by force."""
    asked = job.cancel_requested_at
    if asked is None or is_terminal(job.status) or job.phase == Phase.KILLING:
        return False
    return now() - asked > PATIENCE


def _times(job: Job, typical_s: float | None) -> Shown:
    """When the job began and ended, how long it waited, and when it usually would end."""
    runs = job.status == Status.RUNNING
    due = job.started_at + timedelta(seconds=typical_s) if runs and job.started_at and typical_s else None
    return {
        "createdAt": job.created_at.isoformat(),
        "startedAt": _iso(job.started_at),
        "finishedAt": _iso(job.finished_at),
        "lengthS": length_s(job),
        "waitedS": (job.started_at - job.queued_at).total_seconds() if job.started_at else None,
        "dueAt": _iso(due),
    }


def _step(step: JobStep, outcomes: Sequence[fleet.StepOutcome], plays: dict[str, str]) -> Shown:
    return {
        "name": step.name,
        "kind": step.kind,
        "play": plays.get(step.play, step.play),
        "status": step.status if step.status in OPEN_OR_BAD else Status.SUCCESS.value,
        "startedAt": _iso(step.started_at),
        "finishedAt": _iso(step.finished_at),
        "firstSeq": step.first_seq,
        "hosts": [{"host": one.host, "status": one.status, "changed": one.changed} for one in outcomes],
    }


def _place(step: Shown) -> tuple[str, str, str]:
    """What makes a step of one run the same as one of another run."""
    return step["kind"], step["play"], step["name"]


def _not_in(begun: Counter[tuple[str, str, str]], expected: Sequence[Shown]) -> list[Shown]:
    """The expected steps that have not begun; of several with one name in one play, as many as have not."""
    left = Counter(begun)
    pending: list[Shown] = []
    for step in expected:
        if left[_place(step)]:
            left[_place(step)] -= 1
        else:
            pending.append(step)
    return pending


def _pending(step: JobStep, plays: dict[str, str]) -> Shown:
    usual = (step.finished_at - step.started_at).total_seconds() if step.finished_at else 0
    return {
        "name": step.name,
        "kind": step.kind,
        "play": plays.get(step.play, step.play),
        "status": "PENDING",
        "startedAt": "",
        "finishedAt": "",
        "firstSeq": 0,
        "hosts": [],
        "estimateS": usual,
    }


def _input(name: str, value: Any, schema: Shown) -> Shown:
    title = schema.get("title") or name
    return {"name": name, "title": title, "titlePt": schema.get("x-title-pt") or title, "text": _plain(value)}


def _plain(value: Any) -> str:
    """A value on one line: lists of words by commas, objects as `key=value`."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, dict):
        return " ".join(f"{key}={_plain(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        nested = any(isinstance(item, dict | list) for item in value)
        return ("\n" if nested else ", ").join(_plain(item) for item in value)
    return str(value)


def _link(job: Job, here: str) -> Shown:
    return {
        "id": job.id,
        "number": f"#{job.number}",
        "href": f"/jobs/{job.id}",
        "status": job.status,
        "at": job.created_at.isoformat(),
        "isHere": job.id == here,
    }


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
