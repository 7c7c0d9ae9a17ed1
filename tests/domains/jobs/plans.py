"""Plans for tests, as a module writes them, and tasks of a play that leaves them."""

import hashlib
import json
from typing import Any

from sqlmodel import Session, col, update

from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.orders import subject_of
from orch_app.domains.jobs.plans import canonical
from orch_app.kit.db import unit_of_work
from tests.domains.jobs.rows import add_job

SNAPSHOT = '{"schema_version":1,"was":"before"}'
LEAVE = """
    - name: Leave {name}
      ansible.builtin.copy:
        content: {content}
        dest: "{{{{ orch.artifacts_dir }}}}/{name}"
        mode: "0644"
      check_mode: false
      when: {when}
"""
TELL = """
    - name: Write the output
      orch_output:
        changed: {changed}
        plan_sha256: "{{{{ '{rollback}' if orch.snapshot_path else '{apply}' }}}}"
        extra:
          words:
            - "{{{{ orch.mode }}}}"
            - "{{{{ orch.expect_plan }}}}"
            - "{{{{ orch.rollback_of }}}}"
            - "{{{{ lookup('ansible.builtin.file', orch.snapshot_path) | string if orch.snapshot_path else '' }}}}"
            - "{{{{ ansible_check_mode }}}} {{{{ ansible_diff_mode }}}}"
"""


def plan(**facts: Any) -> dict[str, Any]:
    """A plan that holds, for a job of the runbook `trial`."""
    item = {"id": "a", "action": "create", "kind": "record", "name": "a", "before": None, "after": {"x": 1}}
    return {
        "schema_version": 1,
        "runbook": "trial",
        "direction": "apply",
        "target": {"kind": "zone", "id": "z1", "name": "example.com"},
        "summary": {"create": 1, "update": 0, "delete": 0, "noop": 3},
        "items": [item | {"fields": ["x"]}],
        "warnings": [],
        "base": "0" * 64,
        **facts,
    }


def name_of(document: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(document)).hexdigest()


APPLY, ROLLBACK = name_of(plan()), name_of(plan(direction="rollback"))


def tasks(*, changed: bool = True, snapshot: bool = True) -> str:
    """A play that leaves a plan for its direction and, when it applies, a snapshot."""
    left = {
        "orch.snapshot_path == ''": ("plan.json", canonical(plan()).decode()),
        "orch.snapshot_path != ''": ("plan.json", canonical(plan(direction="rollback")).decode()),
    }
    if snapshot:
        left["orch.mode != 'preview'"] = ("snapshot.json", SNAPSHOT)
    leaves = [LEAVE.format(name=name, content=json.dumps(text), when=when) for when, (name, text) in left.items()]
    return "".join(leaves) + TELL.format(changed=str(changed).lower(), apply=APPLY, rollback=ROLLBACK)


MODES = {"mutates": True, "supports": {"check": True, "diff": True, "rollback": True}, "snapshot": "required"}


def previewed(job: Job, plan_sha256: str) -> Job:
    """A finished preview of what a job is about, as if a worker had run it."""
    facts = {name: getattr(job, name) for name in ("runbook_name", "environment", "order_sha256")}
    return add_job(job.number + 1000, status="SUCCESS", run_mode="preview", plan_sha256=plan_sha256, **facts)


def set_facts(session: Session, job_id: str, **facts: Any) -> None:
    session.exec(update(Job).where(col(Job.id) == job_id).values(**facts))


def rename(job: Job) -> str:
    """The name of what the job is about, computed anew."""
    with unit_of_work() as session:
        return subject_of(session.get_one(Job, job.id)).sha256
