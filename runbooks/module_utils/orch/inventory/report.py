"""What an import answers: the plan that it is bound to, its items, and the document that the product takes over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Sequence

from ansible.module_utils.orch.inventory.comparing import Step
from ansible.module_utils.orch.inventory.faults import Fault
from ansible.module_utils.orch.inventory.things import GROUP, HOST
from ansible.module_utils.orch.plan import Plan, Stale, canonical

MOST_BYTES = 16 << 20
"""Of a plan; the product reads no larger one."""

_SIGNS = {"create": "+", "delete": "-", "update": "~", "error": "!"}


@dataclass
class Report:
    """`failure` is `{code, message}`, empty when all went well; `inventory` is what the product is to take over."""

    items: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    failure: dict[str, str] = field(default_factory=dict)
    inventory: dict[str, Any] = field(default_factory=dict)
    plan_sha256: str = ""
    snapshot_ref: str = ""
    diff: str = ""
    would_change: bool = False

    def fail(self, code: str, message: str) -> None:
        """Note why the job fails; the first reason stays."""
        self.failure = self.failure or {"code": code, "message": f"{message}. Nothing was changed"}

    def bind(self, plan: Plan, steps: Sequence[Step], folder: str, expected: str) -> None:
        """Write the plan and tell of it; raises Fault where it is too large, OSError where it cannot be written."""
        size = len(canonical(plan.document))
        if size > MOST_BYTES:
            raise Fault("validation", f"the plan is larger than {MOST_BYTES >> 20} MB: narrow the import down")
        plan.write(folder)
        self.plan_sha256 = plan.sha256
        self.counts = _counts(steps)
        self.warnings = [one["message"] for one in plan.document["warnings"]]
        self.items = [_item(step) for step in steps if step.action != "noop" or step.note]
        self.diff = "".join(line(step) for step in steps if step.action != "noop")
        self.would_change = any(step.action not in ("noop", "error") for step in steps)
        try:
            plan.expect(expected)
        except Stale as stale:
            self.failure = {"code": stale.code, "message": str(stale)}


def line(step: Step) -> str:
    """A step as a line of the diff."""
    what = step.objection or (", ".join(step.fields) if step.action == "update" else "")
    return f"{_SIGNS[step.action]} {step.kind} {step.name}{f' ({what})' if what else ''}\n"


def handed_over(name: str, steps: Sequence[Step], *, is_trusted: bool) -> dict[str, Any]:
    """The rows that change, as the product takes them over."""
    changing = [step for step in steps if step.action in ("create", "update", "delete")]
    rows = {kind: [_row(step) for step in changing if step.kind == kind] for kind in (HOST, GROUP)}
    return {"name": name, "trusted": is_trusted, "hosts": rows[HOST], "groups": rows[GROUP]}


def _row(step: Step) -> dict[str, Any]:
    view = step.before if step.after is None else step.after
    told = {name: value for name, value in (view or {}).items() if name != "trusted"}
    return {"name": step.name, "state": "absent" if step.after is None else "present", **told}


def _item(step: Step) -> dict[str, Any]:
    if not step.objection:
        return step.item
    return {**step.item, "error": {"code": "name_taken", "message": step.objection, "retryable": False}}


def _counts(steps: Sequence[Step]) -> dict[str, int]:
    actions = [step.action for step in steps]
    kinds = [step.kind for step in steps]
    names = {"conflicts": "error", "create": "create", "update": "update", "delete": "delete", "noop": "noop"}
    found = {name: actions.count(action) for name, action in names.items()}
    return {**found, "hosts": kinds.count(HOST), "groups": kinds.count(GROUP)}
