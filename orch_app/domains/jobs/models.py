"""Tables of jobs: the job, its search row, attempts, steps, log, artifacts, needs and locks; workers, idempotency."""

# pyright: reportAssignmentType=false
# SQLModel types `__tablename__` as a declared_attr; a plain name is what its documentation tells one to write.

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from orch_app.kit.db import JsonText, UtcDateTime

_HAS_PLAN = text("plan_sha256 <> ''")
_HAS_SNAPSHOT = text("snapshot_ref <> ''")
_IS_ACTIVE = text("dedup_key IS NOT NULL AND status IN ('PENDING', 'RUNNING')")


class Job(SQLModel, table=True):
    """One run of one runbook: the truth about it. `status`, `phase` and `reason` are those of `jobs.states`.

    `lease_until` and `heartbeat` are milliseconds of the database's clock; `fence` grows with every claim, and every
    UPDATE by a worker names owner and fence, so that a worker which lost its claim writes nothing. The queue is in the
    order of `rank`, `turn`, `id`; nothing is claimed before `not_before` (the same clock).
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_status_phase", "status", "phase"),
        Index("ix_jobs_runbook_created", "runbook_name", "id"),
        Index("ix_jobs_status_created", "status", "id"),
        Index("ix_jobs_untallied", "id", sqlite_where=text("tallied = 0"), postgresql_where=text("NOT tallied")),
        Index("ix_jobs_queue", "status", "rank", "turn", "id"),
        Index("ix_jobs_plan", "plan_sha256", sqlite_where=_HAS_PLAN, postgresql_where=_HAS_PLAN),
        Index("ix_jobs_snapshots", "snapshot_target", "id", sqlite_where=_HAS_SNAPSHOT, postgresql_where=_HAS_SNAPSHOT),
        Index("ux_jobs_dedup", "dedup_key", unique=True, sqlite_where=_IS_ACTIVE, postgresql_where=_IS_ACTIVE),
    )

    id: str = Field(primary_key=True)
    number: int = Field(unique=True, index=True, description="The short number people say: #4812.")
    runbook_name: str = Field(index=True)
    runbook_version: str = ""
    runbook_revision: str = ""
    status: str = "PENDING"
    phase: str = "queued"
    reason: str = ""
    reason_detail: str = ""
    environment: str = Field(default="stage", index=True)
    run_mode: str = Field(default="apply", description="One of `states.Mode`.")
    order_sha256: str = Field(default="", description="What the job is about, whatever its mode: see `orders`.")
    expect_plan: str = Field(default="", description="The SHA-256 of the only plan that may be applied.")
    plan_sha256: str = Field(default="", description="That of the plan that the play made.")
    rollback_of: str | None = Field(default=None, index=True, description="The job whose snapshot is put back.")
    snapshot_ref: str = Field(default="", description="The file with the state before the change.")
    snapshot_target: str = Field(default="", description="What it is the state of: the newest of each are kept.")
    input_json: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText)
    output_json: dict[str, Any] | None = Field(default=None, sa_type=JsonText)
    tags_json: dict[str, list[str]] = Field(
        default_factory=dict, sa_type=JsonText, description="Which tasks run: see `play_tags`."
    )
    host_ids: list[str] = Field(default_factory=list, sa_type=JsonText)
    host_names: list[str] = Field(default_factory=list, sa_type=JsonText)
    connection_ids: dict[str, str] = Field(default_factory=dict, sa_type=JsonText)
    request_reason: str = ""
    trigger: str = "manual"
    retry_of: str | None = Field(default=None, index=True)
    origin_id: str | None = Field(default=None, index=True, description="What the trigger was, e.g. a pipeline run.")
    rank: int = Field(default=0, description="The priority with its sign turned: the smallest goes first.")
    turn: int = Field(default=0, sa_type=BigInteger, description="The fair place among jobs of one rank: see `turns`.")
    not_before: int | None = Field(default=None, sa_type=BigInteger)
    dedup_key: str | None = None
    lock_names: list[str] = Field(default_factory=list, sa_type=JsonText)
    retry_json: dict[str, Any] = Field(
        default_factory=dict, sa_type=JsonText, description="The runbook's `retries` as they were at the launch."
    )
    attempt: int = 0
    owner: str | None = None
    fence: int = 0
    lease_until: int | None = Field(default=None, sa_type=BigInteger)
    started: bool = Field(default=False, description="The play may have had effects.")
    cancel_requested_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    canceled_by: str | None = None
    timeout_s: int = 3600
    on_worker_loss: str = Field(default="interrupt", description="`interrupt`, or `retry` for what may run twice.")
    isolation: str = ""
    engine: str = ""
    worker: str = ""
    counts_json: dict[str, int] = Field(default_factory=dict, sa_type=JsonText)
    last_seq: int = 0
    created_by: str | None = Field(default=None, index=True)
    created_by_name: str = ""
    created_at: datetime = Field(sa_type=UtcDateTime, index=True)
    queued_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    purge_after: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    log_archived: bool = Field(default=False, description="The rows are gone; logs.ndjson answers instead.")
    tallied: bool = Field(default=False, description="Counted in `job_tallies`.")
    tenant_id: str | None = None
    service_id: str | None = None

    @property
    def priority(self) -> int:
        """What people say: the greater goes first."""
        return -self.rank


class JobSearch(SQLModel, table=True):
    """What a job is found by, in small letters; `hosts` has each name on a line of its own, between line breaks."""

    __tablename__ = "job_search"
    __table_args__ = ({"sqlite_with_rowid": False},)

    job_id: str = Field(foreign_key="jobs.id", primary_key=True, ondelete="CASCADE")
    number: int
    runbook_name: str
    hosts: str
    words: str


class JobAttempt(SQLModel, table=True):
    """One claim of a job and how it went. `outcome` is one of `attempts.Outcome`, empty while it goes on."""

    __tablename__ = "job_attempts"

    job_id: str = Field(foreign_key="jobs.id", primary_key=True, ondelete="CASCADE")
    attempt: int = Field(primary_key=True)
    worker: str = ""
    outcome: str = ""
    status: str = "RUNNING"
    reason: str = ""
    reason_detail: str = ""
    claimed_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Approval(SQLModel, table=True):
    """What a job must have before anybody may claim it, and who gave or refused it: once, and for this job alone.

    `state` is one of `approval_rules.State`, `wanted` `required` or `required_other_person`. `bound_to` names the order
    that was asked for, `plan_sha256` the plan that was approved with it.
    """

    __tablename__ = "approvals"
    __table_args__ = (Index("ix_approvals_state", "state", "expires_at"),)

    job_id: str = Field(foreign_key="jobs.id", primary_key=True, ondelete="CASCADE")
    state: str = "waiting"
    wanted: str
    approver_role: str = Field(description="The weakest role that may decide.")
    bound_to: str
    plan_sha256: str = ""
    requested_by: str | None = None
    requested_by_name: str = ""
    decided_by: str | None = None
    decided_by_name: str = ""
    reason: str = ""
    requested_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class JobNeed(SQLModel, table=True):
    """What a job must have to start, as rendered at its launch; gone when the job is over.

    `kind` is `lock` (one holder), `limit` (`capacity` holders) or `rate` (`capacity` starts in `window_ms`).
    """

    __tablename__ = "job_needs"
    __table_args__ = (Index("ix_job_needs_name", "kind", "name"),)

    job_id: str = Field(foreign_key="jobs.id", primary_key=True, ondelete="CASCADE")
    kind: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    capacity: int = 1
    window_ms: int = Field(default=0, sa_type=BigInteger)
    on_full: str = Field(default="queue", index=True)


class JobLock(SQLModel, table=True):
    """A resource in the hands of a running job. It lives as long as the claim that took it: same owner, same fence."""

    __tablename__ = "job_locks"

    kind: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    slot: int = Field(default=0, primary_key=True, description="Below the capacity; the key forbids one holder more.")
    job_id: str = Field(foreign_key="jobs.id", index=True, ondelete="CASCADE")
    owner: str
    fence: int
    taken_at: int = Field(sa_type=BigInteger)


class JobStart(SQLModel, table=True):
    """A start that counts for a rate (database clock, ms)."""

    __tablename__ = "job_starts"

    name: str = Field(primary_key=True)
    job_id: str = Field(primary_key=True)
    fence: int = Field(primary_key=True)
    at_ms: int = Field(sa_type=BigInteger, index=True)


class JobTurn(SQLModel, table=True):
    """The last turn that a requester got in a rank; the empty requester is the queue itself: the last turn served."""

    __tablename__ = "job_turns"

    requester: str = Field(primary_key=True)
    rank: int = Field(primary_key=True)
    turn: int = Field(default=0, sa_type=BigInteger)


class JobStep(SQLModel, table=True):
    """A play or a task of a job, in the order it began."""

    __tablename__ = "job_steps"
    __table_args__ = (UniqueConstraint("job_id", "position"),)

    id: str = Field(primary_key=True)
    job_id: str = Field(foreign_key="jobs.id", index=True, ondelete="CASCADE")
    position: int
    attempt: int = 1
    kind: str = "task"
    key: str = Field(default="", description="Ansible's uuid of the play or task.")
    name: str = ""
    play: str = ""
    status: str = "RUNNING"
    first_seq: int = 0
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class StepHost(SQLModel, table=True):
    """What one step did on one host."""

    __tablename__ = "job_step_hosts"

    step_id: str = Field(foreign_key="job_steps.id", primary_key=True, ondelete="CASCADE")
    host: str = Field(primary_key=True)
    job_id: str = Field(foreign_key="jobs.id", index=True, ondelete="CASCADE")
    status: str
    changed: bool = False
    message: str = ""
    duration_ms: int | None = None


class JobLog(SQLModel, table=True):
    """One line. `seq` is contiguous from 1 within its job; `style` tells where the message was coloured."""

    __tablename__ = "job_logs"

    job_id: str = Field(foreign_key="jobs.id", primary_key=True, ondelete="CASCADE")
    seq: int = Field(primary_key=True)
    ts: datetime = Field(sa_type=UtcDateTime)
    level: str
    host: str = ""
    task: str = ""
    message: str = ""
    style: str = ""


class JobArtifact(SQLModel, table=True):
    """A file that a finished job left, with its size and SHA-256."""

    __tablename__ = "job_artifacts"

    job_id: str = Field(foreign_key="jobs.id", primary_key=True, ondelete="CASCADE")
    name: str = Field(primary_key=True)
    size: int = Field(sa_type=BigInteger)
    sha256: str
    created_at: datetime = Field(sa_type=UtcDateTime)


class Worker(SQLModel, table=True):
    """A worker process, alive while its heartbeat (database clock, ms) is young.

    `wanted` is what people ask of it, `run` or `drain`; `state` is what it says of itself: `running`, `draining`,
    `drained` or `stopped`.
    """

    __tablename__ = "workers"

    id: str = Field(primary_key=True)
    name: str
    slots: int
    busy: int = 0
    state: str = "running"
    wanted: str = "run"
    host: str = ""
    engine: str = ""
    isolation: str = ""
    version: str = ""
    heartbeat: int = Field(sa_type=BigInteger)
    log_lag_ms: int = Field(default=0, description="Longest wait of a log line for its row since the last heartbeat.")
    started_at: datetime = Field(sa_type=UtcDateTime)


class JobTally(SQLModel, table=True):
    """A count that only grows, whatever is purged: `jobs.tallies` says which there are. Times are milliseconds."""

    __tablename__ = "job_tallies"

    name: str = Field(primary_key=True)
    runbook: str = Field(primary_key=True)
    label: str = Field(primary_key=True, description="A status, or the upper limit of a bucket in seconds.")
    value: int = Field(sa_type=BigInteger)


class IdempotencyKey(SQLModel, table=True):
    """The answer that one caller got for one key on one route, kept for 24 hours."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("user_id", "route", "key"),)

    id: str = Field(primary_key=True)
    user_id: str
    route: str
    key: str
    request_hash: str
    status: int
    response_json: dict[str, Any] | None = Field(default=None, sa_type=JsonText)
    headers_json: dict[str, str] | None = Field(default=None, sa_type=JsonText)
    created_at: datetime = Field(sa_type=UtcDateTime, index=True)


class JobCounter(SQLModel, table=True):
    """The last job number given; one row, taken inside the launching transaction."""

    __tablename__ = "job_counter"

    id: int = Field(default=1, primary_key=True)
    last: int = 0
