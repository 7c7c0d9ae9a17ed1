"""What a run tells: one item a step, with what became of it, and a failure that says what was done and what to do."""

from __future__ import annotations

import json
from typing import Any

from ansible.module_utils.orch.stack import routers, view
from ansible.module_utils.orch.stack.converge import Outcome
from ansible.module_utils.orch.stack.live import Live
from ansible.module_utils.orch.stack.wanted import Wanted

PLANNED, DONE, UNCHANGED, FAILED, UNDONE, NOT_DONE = "planned", "done", "unchanged", "failed", "rolled_back", "not_done"
_PASSING = frozenset(
    {"timeout", "unreachable", "rate_limited", "upstream_5xx", "convergence_timeout", "no_suitable_node"}
)


class Report:
    """Collects while the run goes on; `result` is what the module answers."""

    def __init__(self, steps: list[dict[str, Any]], live: Live, goal: Wanted, plan_sha256: str = "") -> None:
        self.failure: dict[str, str] = {}
        self.warnings = [_sentence(one) for one in goal.warnings]
        self.snapshot_ref = ""
        self.changed = False
        self._plan_sha256 = plan_sha256
        self._goal = goal
        self._items = {step["id"]: _item(step, live, goal) for step in steps}

    def mark(self, steps: list[dict[str, Any]], status: str) -> None:
        """Say what became of some steps."""
        for step in steps:
            self._items[step["id"]]["status"] = status

    def note(self, outcomes: dict[str, Outcome]) -> None:
        """Add how services came to stand, or did not."""
        for name, outcome in outcomes.items():
            item = self._items[f"service {name}"]
            if outcome.has_failed:
                item["log"] = outcome.log
                self.blame(f"service {name}", outcome.verdict.code, outcome.verdict.message)
            elif outcome.stands:
                item["converged_s"] = round(outcome.seconds, 1)
                self.warnings += [f"service {name}: {outcome.verdict.message}"] if outcome.verdict.message else []

    def blame(self, id_: str, code: str, message: str) -> None:
        """Say which step failed and why."""
        error = {"code": code, "message": message, "retryable": code in _PASSING}
        self._items[id_].update(status=FAILED, action="error", error=error)

    def fail(self, code: str, message: str) -> None:
        """Say why the job fails."""
        self.failure = {"code": code, "message": message}

    def result(self) -> dict[str, Any]:
        """What the module answers."""
        items = list(self._items.values())
        deleted = [item["name"] for item in items if item["kind"] == "service" and item["action"] == "delete"]
        counted = ("create", "update", "delete", "noop", "error")
        return {
            "changed": self.changed,
            "items": items,
            "counts": {action: sum(item["action"] == action for item in items) for action in counted},
            "warnings_found": self.warnings,
            "failure": self.failure,
            "plan_sha256": self._plan_sha256,
            "snapshot_ref": self.snapshot_ref,
            "found": {"pruned": deleted, "urls": routers.addresses(self._goal.services.values())},
        }


def empty(code: str, message: str) -> dict[str, Any]:
    """The answer of a run that came to no plan."""
    failure = {"code": code, "message": message}
    counts = dict.fromkeys(("create", "update", "delete", "noop", "error"), 0)
    told = {"items": [], "counts": counts, "warnings_found": [], "found": {"pruned": [], "urls": []}}
    return {"changed": False, "failure": failure, "plan_sha256": "", "snapshot_ref": "", **told}


def _item(step: dict[str, Any], live: Live, goal: Wanted) -> dict[str, Any]:
    status = UNCHANGED if step["action"] == "noop" else PLANNED
    item = {name: step[name] for name in ("id", "action", "kind", "name", "fields")}
    item.update(status=status, before=step["before"] or {}, after=step["after"] or {})
    item.update({"note": step["note"]} if "note" in step else {})
    if step["action"] == "noop":
        item.update(before={}, after={})
    if step["kind"] == "service":
        item.update(_of_service(step["name"], live, goal))
    return item


def _of_service(name: str, live: Live, goal: Wanted) -> dict[str, Any]:
    before, after = live.services.get(name), goal.services.get(name)
    found: dict[str, Any] = {
        "image_before": view.image(before["Spec"]) if before else "",
        "image_after": view.image(after) if after else "",
    }
    count = view.replicas(after) if after else None
    return {**found, **({"replicas": count} if count is not None else {})}


def _sentence(warning: dict[str, str]) -> str:
    return f"{warning['item']}: {warning['message']}" if warning.get("item") else warning["message"]


def diff(items: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The changes as Ansible shows them with --diff: before and after of every step, a field a line."""
    changed = [item for item in items if item["before"] or item["after"]]
    sides = ("before", "after")
    return [
        {**{f"{side}_header": item["id"] for side in sides}, **{side: _lines(item[side]) for side in sides}}
        for item in changed
    ]


def _lines(fields: dict[str, Any]) -> str:
    return "".join(
        f"{name}: {json.dumps(value, sort_keys=True, ensure_ascii=False)}\n" for name, value in sorted(fields.items())
    )
