"""What a run answers, and the plan it is bound to."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, Mapping, Sequence

from ansible.module_utils.orch.plan import Plan, Stale, write_whole

Step = Mapping[str, Any]


@dataclass
class Report:
    """`failure` is `{code, message}`, empty when all went well; `written` whether anything was changed or kept."""

    items: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    failure: dict[str, str] = field(default_factory=dict)
    plan_sha256: str = ""
    snapshot_ref: str = ""
    diff: str = ""
    would_change: bool = False
    written: bool = False
    extra: dict[str, Any] = field(default_factory=dict)

    def fail(self, code: str, message: str) -> None:
        """Note why the job fails; the first reason stays."""
        self.failure = self.failure or {"code": code, "message": message}

    def bind(self, plan: Plan, folder: str, expected: str) -> None:
        """Write the plan, tell of it, and note when it is not the one that was seen; raises OSError."""
        plan.write(folder)
        self.plan_sha256 = plan.sha256
        self.counts.update(plan.document["summary"])
        self.would_change = bool(plan.changes)
        self.diff = "".join(line(step) for step in plan.changes)
        self.warnings += [one["message"] for one in plan.document["warnings"]]
        try:
            plan.expect(expected)
        except Stale as stale:
            self.fail(stale.code, str(stale))


def line(step: Step) -> str:
    """A step as a line of the diff."""
    sign = {"create": "+", "delete": "-"}.get(step["action"], "~")
    what = step.get("note") or ", ".join(step["fields"])
    return f"{sign} {step['kind']} {step['name']}{f' ({what})' if what and sign == '~' else ''}\n"


def keep(folder: str, files: Mapping[str, bytes]) -> None:
    """Write files whole or not at all; raises OSError."""
    for name, content in files.items():
        write_whole(os.path.join(folder, name), content)  # noqa: PTH118


def named(steps: Sequence[Step]) -> str:
    """The things of steps, for a sentence."""
    shown = [f"{step['kind']} {step['name']}" for step in steps[:5]]
    return "; ".join(shown) + (f"; and {len(steps) - 5} more" if len(steps) > 5 else "")  # noqa: PLR2004
