"""What a run answers: the items with what became of each, and a failure that says what to do next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Sequence

from ansible.module_utils.orch.dns import intent
from ansible.module_utils.orch.dns.carrying_out import Progress
from ansible.module_utils.orch.dns.changes import Change, Objection, Outcome
from ansible.module_utils.orch.dns.cloudflare import code_of, told
from ansible.module_utils.orch.upstream import UpstreamError

MOST_NAMED = 5
GO_ON = "Run it again to do the rest: what is done already is left alone. Or roll this job back"


@dataclass
class Report:
    """`failure` is `{code, message}`, empty when all went well; `written` whether anything was changed."""

    items: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    failure: dict[str, str] = field(default_factory=dict)
    plan_sha256: str = ""
    snapshot_ref: str = ""
    diff: str = ""
    would_change: bool = False
    written: bool = False

    def fail(self, code: str, message: str) -> None:
        """Note why the job fails; the first reason stays."""
        self.failure = self.failure or {"code": code, "message": message}

    def tell(self, outcome: Outcome) -> None:
        """What is meant to be done."""
        self.items = [*intent.objections(outcome.objections), *(intent.item(step) for step in outcome.steps)]
        self.warnings = [warning["message"] for warning in outcome.warnings]
        self.diff = intent.diff_text(outcome.steps)
        self.would_change = bool(outcome.steps)
        if outcome.objections:
            self.fail(_worst(outcome.objections), _listed([one.message for one in outcome.objections]))

    def stopped(self, steps: Sequence[Change], progress: Progress, error: UpstreamError) -> None:
        """The changes came to an end before the last one."""
        self.written = bool(progress.done or progress.unsure)
        code, said = code_of(error), told(error)
        done, unsure = {id(step) for step in progress.done}, {id(step) for step in progress.unsure}
        for number, step in enumerate(steps):
            if id(step) in unsure:
                self._spoil(number, "unknown", f"it is not known whether this was done: {said}")
            elif id(step) not in done:
                self._spoil(number, "not_applied", f"this was not done: {said}")
        if not self.written:
            self.fail(code, f"{said}. Nothing was changed")
            return
        open_ones = f", of {len(unsure)} it is not known" if unsure else ""
        self.fail(
            "partial_apply",
            f"{len(done)} of {len(steps)} changes were made{open_ones}, then it failed ({code}): {said}. {GO_ON}",
        )

    def verified(self, steps: Sequence[Change], found: Sequence[bool]) -> None:
        """The zone was read again; `found` says for each step whether it is there."""
        missing = [number for number, is_there in enumerate(found) if not is_there]
        for number in missing:
            self._spoil(number, "verify_failed", "the zone does not show this change")
        if missing:
            names = [f"{steps[number].record.type} {steps[number].record.name}" for number in missing]
            message = f"all {len(steps)} changes were accepted, and the zone does not show {_listed(names)}. {GO_ON}"
            self.fail("verify_failed", message)

    def _spoil(self, number: int, code: str, message: str) -> None:
        error = {"code": code, "message": message, "retryable": True}
        self.items[number] = {**self.items[number], "action": "error", "error": error}


def _worst(objections: Sequence[Objection]) -> str:
    codes = {one.code for one in objections}
    return "validation" if "validation" in codes else "conflict"


def _listed(texts: Sequence[str]) -> str:
    more = f"; and {len(texts) - MOST_NAMED} more" if len(texts) > MOST_NAMED else ""
    return "; ".join(texts[:MOST_NAMED]) + more
