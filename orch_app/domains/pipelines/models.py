"""Tables of pipelines: definitions, runs, and the attempts at each step of a run."""

# pyright: reportAssignmentType=false
# SQLModel types `__tablename__` as a declared_attr; a plain name is what its documentation tells one to write.

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from orch_app.kit.db import JsonText, UtcDateTime


class Pipeline(SQLModel, table=True):
    """A definition. `last_run` counts its runs, so that people can say "run 12 of deploy"."""

    __tablename__ = "pipelines"

    id: str = Field(primary_key=True)
    name: str = Field(unique=True, index=True)
    title: str = ""
    description: str = ""
    document: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText, sa_column_kwargs={"name": "document_json"})
    version: int = 1
    last_run: int = 0
    created_by: str | None = None
    created_by_name: str = ""
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    tenant_id: str | None = None


class PipelineRun(SQLModel, table=True):
    """One run: the definition as it was, the inputs, and in whose name its jobs are launched.

    `owner_id` is who started or last resumed it (None: the command line); `created_by` who started it. `looks` grows
    with every advance: who changes it holds the row until the end of the transaction, so advances come one at a time.
    """

    __tablename__ = "pipeline_runs"

    id: str = Field(primary_key=True)
    pipeline_id: str | None = Field(default=None, foreign_key="pipelines.id", index=True, ondelete="SET NULL")
    pipeline_name: str = Field(index=True)
    pipeline_version: int = 1
    number: int = 1
    status: str = Field(default="RUNNING", index=True)
    environment: str = "stage"
    document: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText, sa_column_kwargs={"name": "document_json"})
    inputs: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText, sa_column_kwargs={"name": "inputs_json"})
    request_reason: str = ""
    attempt: int = 1
    looks: int = 0
    owner_id: str | None = None
    created_by: str | None = None
    created_by_name: str = ""
    created_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    cancel_requested_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    canceled_by: str | None = None
    tenant_id: str | None = None


class PipelineRunStep(SQLModel, table=True):
    """One attempt at one step; the one with the highest `attempt` counts. One attempt launches at most one job."""

    __tablename__ = "pipeline_run_steps"
    __table_args__ = (UniqueConstraint("run_id", "step", "attempt"), UniqueConstraint("job_id"))

    id: str = Field(primary_key=True)
    run_id: str = Field(foreign_key="pipeline_runs.id", index=True, ondelete="CASCADE")
    step: str
    attempt: int = 1
    status: str = "PENDING"
    reason: str = ""
    reason_detail: str = ""
    job_id: str | None = Field(default=None, foreign_key="jobs.id", ondelete="SET NULL")
    job_number: int | None = None
    output: dict[str, Any] | None = Field(default=None, sa_type=JsonText, sa_column_kwargs={"name": "output_json"})
    output_fault: str = Field(default="", description="Why the output was not kept, for example `output_too_large`.")
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
