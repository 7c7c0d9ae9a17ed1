"""One restore: read the server, compare with the backup, plan; then, unless it is a preview, write and look again."""

from __future__ import annotations

from typing import Any, Sequence

from ansible.module_utils.orch import plan
from ansible.module_utils.orch.n8n import carrying_out, intent, source, undoing
from ansible.module_utils.orch.n8n.carrying_out import Progress
from ansible.module_utils.orch.n8n.faults import Fault, told
from ansible.module_utils.orch.n8n.intent import Meant, Order
from ansible.module_utils.orch.n8n.matching import Rules, Step
from ansible.module_utils.orch.n8n.report import Report, keep, named
from ansible.module_utils.orch.n8n.source import API, Server
from ansible.module_utils.orch.n8n.things import KINDS, WORKFLOW, Thing
from ansible.module_utils.orch.upstream import UpstreamError

SNAPSHOT = "snapshot.json"
GO_ON = "Run it again to do the rest: what is done already is left alone. Or roll this job back"


def run(server: Server, order: Order) -> Report:
    """Do what is asked for; what goes wrong is in the report."""
    report = Report()
    try:
        _run(server, order, report)
    except UpstreamError as error:
        report.fail(error.code, f"{told(error, writes=True)}. Nothing was changed")
    except Fault as fault:
        report.fail(fault.code, f"{fault}. Nothing was changed")
    except OSError as error:
        report.fail("snapshot_failed", f"a file could not be written, so nothing was changed: {error.strerror}")
    report.counts["calls"] = server.api.calls
    return report


def _run(server: Server, order: Order, report: Report) -> None:
    rules = Rules(by_api=server.method == API, with_active=order.with_active or order.undo is not None)
    seen = source.look(server, _kinds(order))
    meant = intent.of(order, server, seen, rules)
    target = {"kind": "n8n", "id": server.id, "name": server.name}
    report.bind(_plan(target, order, meant), order.artifacts_dir, order.expect_plan)
    report.items = [_told(step) for step in meant.changes]
    _require_possible(meant, order, report)
    if report.failure or order.is_preview or not meant.changes:
        return
    touched = [one for step in meant.changes for one in (step.before, step.after) if one]
    source.require_no_secret(server, touched)
    keep(order.artifacts_dir, {SNAPSHOT: plan.canonical(undoing.document(target, meant.changes, seen.things))})
    report.snapshot_ref = SNAPSHOT
    _change(server, order, meant.changes, rules, report)


def _kinds(order: Order) -> list[str]:
    """What has to be read: all kinds that are asked for, or that a snapshot has."""
    if order.undo is None:
        return list(order.kinds)
    steps = order.undo.get("steps") if isinstance(order.undo, dict) else None
    named = {one.get("kind") for step in steps or () for one in step.values() if isinstance(one, dict)}
    return [kind for kind in KINDS if kind in named or kind == WORKFLOW]


def _plan(target: dict[str, str], order: Order, meant: Meant) -> plan.Plan:
    direction = "apply" if order.undo is None else "rollback"
    head = {"runbook": undoing.RUNBOOK, "direction": direction, "target": target}
    state = [[step.item["id"], step.before.sha256 if step.before else ""] for step in meant.steps]
    facts = {"content_sha256": order.kept.content_sha256, "method": order.kept.facts.method} if order.kept else {}
    return plan.Plan(head, [step.item for step in meant.steps], state=state, warnings=meant.warnings, facts=facts)


def _told(step: Step) -> dict[str, Any]:
    if not step.objection:
        return step.item
    return {**step.item, "action": "error", "error": _error("conflict", step.objection)}


def _error(code: str, message: str) -> dict[str, Any]:
    return {"code": code, "message": message, "retryable": code not in ("conflict", "validation")}


def _require_possible(meant: Meant, order: Order, report: Report) -> None:
    objections = [step.objection for step in meant.steps if step.objection]
    if objections:
        report.fail("conflict", f"{'; '.join(objections[:5])}. Nothing was changed")
    if len(meant.changes) > order.max_changes:
        said = f"the plan has {len(meant.changes)} changes, and max_changes allows {order.max_changes}"
        report.fail("validation", f"{said}. Nothing was changed")


def _change(server: Server, order: Order, steps: Sequence[Step], rules: Rules, report: Report) -> None:
    progress = carrying_out.carry_out(server, steps, with_active=rules.with_active)
    report.written = bool(progress.done or progress.touched)
    for number in range(len(steps)):
        if number not in progress.done:
            _spoil(report, number, *progress.errors.get(number, ("not_applied", "this was not done")))
    if progress.errors or progress.ended_by:
        _stopped(steps, progress, report)
    try:
        live = source.look(server, _kinds(order)).things
    except (UpstreamError, Fault) as error:
        report.fail("verify_failed", f"the changes were accepted, but not looked at again: {error}. {GO_ON}")
        return
    _verify(steps, progress, live, rules, report)


def _spoil(report: Report, number: int, code: str, message: str) -> None:
    report.items[number] = {**report.items[number], "action": "error", "error": _error(code, message)}


def _stopped(steps: Sequence[Step], progress: Progress, report: Report) -> None:
    first = progress.ended_by or next(iter(progress.errors.values()))
    if not report.written:
        report.fail(first[0], f"{first[1]}. Nothing was changed")
        return
    failed = [step.item for number, step in enumerate(steps) if number not in progress.done]
    said = f"{len(progress.done)} of {len(steps)} changes were made, not {named(failed)} ({first[0]}): {first[1]}"
    report.fail("partial_apply", f"{said}. {GO_ON}")


def _verify(steps: Sequence[Step], progress: Progress, live: Sequence[Thing], rules: Rules, report: Report) -> None:
    """What is done shall be seen."""
    now = {(one.kind, one.id): one for one in live}
    missing = [number for number in sorted(progress.done) if not _is_there(steps[number], number, progress, now, rules)]
    for number in missing:
        _spoil(report, number, "verify_failed", "n8n does not show this change")
    if missing:
        names = named([steps[number].item for number in missing])
        report.fail("verify_failed", f"the changes were accepted, and n8n does not show {names}. {GO_ON}")


def _is_there(step: Step, number: int, progress: Progress, now: dict[tuple[str, str], Thing], rules: Rules) -> bool:
    if step.after is None:
        return (step.thing.kind, step.thing.id) not in now
    found = now.get((step.after.kind, progress.ids.get(number, step.after.id)))
    return found is not None and not rules.different(found, step.after)
