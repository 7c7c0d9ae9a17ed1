"""Small runbooks written for one test, and jobs of them that really run."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from orch_app.domains.access.actor import Actor
from orch_app.domains.audit.models import AuditEntry
from orch_app.domains.jobs.models import Job, JobArtifact, JobLog, JobStep, StepHost
from orch_app.domains.jobs.run import run_job
from orch_app.kit.db import reading
from orch_app.kit.settings import ROOT
from tests.domains.jobs.orders import launched, sync_runbooks

PLAY = """
- name: Trial
  hosts: {hosts}
  gather_facts: false
  tasks:
"""
WRITE = """
    - name: Write the output
      orch_output:
        extra: "{{ %s }}"
"""
GOOD = WRITE % "{'words': ['done']}"
OUTPUT_SCHEMA = {
    "type": "object",
    "required": ["schema_version"],
    "properties": {"schema_version": {"const": 1}, "words": {"type": "array", "items": {"type": "string"}}},
}


@dataclass(frozen=True)
class Trials:
    """A runbooks folder of the test's own."""

    folder: Path
    actor: Actor

    def write(self, name: str, tasks: str, **metadata: Any) -> Path:
        """A runbook with these tasks, known to the product; `inputs` are the properties of its schema."""
        schema = {"type": "object", "additionalProperties": False, "properties": metadata.pop("inputs", {})}
        target = metadata.get("target", "localhost")
        words = {"name": name, "version": "1.0.0", "title": name, "title_pt": name, "category": "tests", "risk": "low"}
        facts = {"mutates": False, "target": target, "timeout_s": 120}
        files = {
            "runbook.yaml": json.dumps({**words, **facts, **metadata}),
            "playbook.yml": PLAY.format(hosts="localhost" if target == "localhost" else "targets") + tasks,
            "schema.json": json.dumps(schema),
            "output.schema.json": json.dumps(OUTPUT_SCHEMA),
            "README.md": f"# {name}\n",
        }
        folder = self.folder / name
        (folder / "tests").mkdir(parents=True)
        shutil.copytree(ROOT / "runbooks" / "action_plugins", self.folder / "action_plugins", dirs_exist_ok=True)
        for file, text in files.items():
            (folder / file).write_text(text, "utf-8")
        self.sync()
        return folder

    def sync(self) -> None:
        """Let the product read the folder again."""
        sync_runbooks(self.actor)

    def launch(self, tasks: str, **metadata: Any) -> Job:
        """A waiting job of a runbook with these tasks."""
        self.write("trial", tasks, **metadata)
        return launched(self.actor, "trial")

    def ran(self, tasks: str, **metadata: Any) -> Job:
        """The same, run to its end in this thread."""
        return ran(self.launch(tasks, **metadata))


def ran(job: Job) -> Job:
    """The job after a worker has run it to its end."""
    run_job(job.id)
    return fresh(job.id)


def fresh(job_id: str) -> Job:
    with reading() as session:
        return session.exec(select(Job).where(Job.id == job_id)).one()


def lines_of(job: Job) -> list[JobLog]:
    with reading() as session:
        return list(session.exec(select(JobLog).where(JobLog.job_id == job.id).order_by(col(JobLog.seq))))


def text_of(job: Job) -> str:
    return "\n".join(line.message for line in lines_of(job))


def steps_of(job: Job) -> list[JobStep]:
    with reading() as session:
        return list(session.exec(select(JobStep).where(JobStep.job_id == job.id).order_by(col(JobStep.position))))


def results_of(job: Job) -> list[StepHost]:
    with reading() as session:
        return list(session.exec(select(StepHost).where(StepHost.job_id == job.id)))


def files_of(job: Job) -> dict[str, JobArtifact]:
    with reading() as session:
        return {row.name: row for row in session.exec(select(JobArtifact).where(JobArtifact.job_id == job.id))}


def acts_on(job: Job) -> list[str]:
    """What the audit log says happened to it, oldest first."""
    with reading() as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.target_id == job.id).order_by(col(AuditEntry.ts)))
        return [entry.action for entry in entries]
