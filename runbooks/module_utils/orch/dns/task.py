"""One run on one zone: read, compare, plan; then, unless it is a preview, keep what was, change it and look again."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Mapping, Sequence

from ansible.module_utils.orch.dns import carrying_out, diff, intent, snapshot, wished, zone_writer
from ansible.module_utils.orch.dns.changes import Change, Outcome
from ansible.module_utils.orch.dns.cloudflare import Cloudflare, code_of, told
from ansible.module_utils.orch.dns.faults import Invalid
from ansible.module_utils.orch.dns.records import Record, Wish
from ansible.module_utils.orch.dns.report import GO_ON, Report
from ansible.module_utils.orch.dns.scope import Scope, scope
from ansible.module_utils.orch.plan import Plan, Stale, canonical, write_whole
from ansible.module_utils.orch.upstream import UpstreamError


@dataclass(frozen=True)
class Order:
    """What is asked for. `inputs` as the runbook's schema has them; `undo` is a run's snapshot, `restore` a backup."""

    runbook: str
    zone_id: str
    inputs: Mapping[str, Any]
    artifacts_dir: str
    expect_plan: str = ""
    is_preview: bool = False
    undo: Any = None
    restore: Any = None

    @property
    def direction(self) -> str:
        """rollback when an earlier run is taken back."""
        return "apply" if self.undo is None else "rollback"

    @property
    def is_exact(self) -> bool:
        """Whether records go that are not listed. A rollback knows what it takes back."""
        return self.undo is None and self.inputs.get("mode") == "exact"


def run(api: Cloudflare, order: Order) -> Report:
    """Do what is asked for; what goes wrong is in the report."""
    report = Report()
    try:
        _run(api, order, report)
    except UpstreamError as error:
        report.fail(code_of(error), f"{told(error)}. Nothing was changed")
    except OSError as error:
        report.fail("snapshot_failed", f"a file could not be written, so nothing was changed: {error.strerror}")
    report.counts["calls"] = api.calls
    return report


def _run(api: Cloudflare, order: Order, report: Report) -> None:
    zone = api.zone_name()
    live = api.records()
    target = {"kind": "zone", "id": order.zone_id, "name": zone}
    outcome, state = _compared(order, zone, live)
    plan = intent.plan({"runbook": order.runbook, "direction": order.direction, "target": target}, outcome, state)
    plan.write(order.artifacts_dir)
    report.plan_sha256 = plan.sha256
    summary = plan.document["summary"]
    report.counts = {"records": len(live), **summary, "errors": len(outcome.objections)}
    _require_expected(plan, order, report)
    report.tell(outcome)
    _require_few(outcome, order, report)
    if report.failure or order.is_preview or not outcome.steps:
        return
    _keep(order, target, live, outcome.steps)
    report.snapshot_ref = snapshot.FILE
    _change(api, order, outcome.steps, report)


def _compared(order: Order, zone: str, live: Sequence[Record]) -> tuple[Outcome, list[Any]]:
    """What has to change, and the part of the zone that decided it."""
    outcome = Outcome()
    wishes: list[Wish] = []
    limits: Scope | None = None
    try:
        limits = scope(order.inputs.get("scope"), zone)
        wishes = _wishes(order, zone, live, limits, outcome)
    except Invalid as fault:
        outcome.object_to_all(fault)
    goes_with_it = limits if order.is_exact else None
    if not outcome.objections:
        diff.compare(live, wishes, zone, goes_with_it, outcome)
    return outcome, intent.state(live, wishes, goes_with_it)


def _wishes(order: Order, zone: str, live: Sequence[Record], limits: Scope, outcome: Outcome) -> list[Wish]:
    if order.undo is None and order.restore is None:
        return wished.read(order.inputs, zone, limits if order.is_exact else None, outcome)
    if order.undo is not None:
        wishes, remarks = snapshot.undone(snapshot.require_zone(order.undo, order.zone_id), live)
    else:
        wishes, remarks = snapshot.restored(snapshot.require_zone(order.restore, order.zone_id), zone, limits)
    for remark in remarks:
        outcome.warn("changed_since" if order.undo is not None else "left_out", remark)
    return wishes


def _require_expected(plan: Plan, order: Order, report: Report) -> None:
    try:
        plan.expect(order.expect_plan)
    except Stale as stale:
        report.fail(stale.code, str(stale))


def _require_few(outcome: Outcome, order: Order, report: Report) -> None:
    most = order.inputs["max_changes"]
    if len(outcome.steps) > most:
        report.fail("validation", f"the plan has {len(outcome.steps)} changes, and max_changes allows {most}")


def _keep(order: Order, target: Mapping[str, Any], live: Sequence[Record], steps: Sequence[Change]) -> None:
    """Write down the zone as it is, and what is about to be done to it."""
    files = {
        snapshot.FILE: canonical(snapshot.document(order.runbook, target, live, steps)),
        snapshot.ZONE_FILE: zone_writer.zone_file(target["name"], live).encode(),
    }
    for name, content in files.items():
        write_whole(os.path.join(order.artifacts_dir, name), content)  # noqa: PTH118


def _change(api: Cloudflare, order: Order, steps: Sequence[Change], report: Report) -> None:
    progress = carrying_out.carry_out(api, steps, order.inputs["batch_size"])
    report.counts["batches"] = progress.batches
    if progress.error:
        report.stopped(steps, progress, progress.error)
        return
    report.written = True
    try:
        found = carrying_out.are_done(steps, api.records())
    except UpstreamError as error:
        report.fail("verify_failed", f"all changes were accepted, but not looked at again: {told(error)}. {GO_ON}")
        return
    report.verified(steps, found)
