"""The inventory of its environment that a runbook asks for by `gives: [inventory]`, as a file that its play reads."""

import json
from pathlib import Path
from typing import Any

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.inventory.description import describe
from orch_app.domains.jobs.models import Job
from orch_app.domains.runbooks.models import Runbook

INVENTORY = "inventory"


def find(session: Session, actor: Actor, job: Job, runbook: Runbook) -> dict[str, Any] | None:
    """What this job is to be given; None where its runbook does not ask for it."""
    return describe(session, actor, job.environment) if INVENTORY in runbook.meta.get("gives", []) else None


def hand_over(document: dict[str, Any], path: Path) -> None:
    """Write it to where the play reads it."""
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    path.chmod(0o644)  # the play may run as another user; the workspace itself is private
