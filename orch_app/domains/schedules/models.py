"""Tables of schedules, of what came of each of their moments, and of the times in which none may start a job."""

# pyright: reportAssignmentType=false
# SQLModel types `__tablename__` as a declared_attr; a plain name is what its documentation tells one to write.

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from orch_app.kit.db import JsonText, UtcDateTime


class Schedule(SQLModel, table=True):
    """An order that is placed again and again, with the rights that its owner has at that moment.

    `next_fire_at` is milliseconds of the database's clock and the only truth about what is due: whoever moves it on, in
    the transaction that inserts the job, has fired it. It is None while nothing is due: paused, or after the end.
    """

    __tablename__ = "schedules"
    __table_args__ = (UniqueConstraint("environment", "name"),)

    id: str = Field(primary_key=True)
    name: str
    runbook_name: str = Field(index=True)
    environment: str = Field(index=True)
    cron: str
    timezone: str
    input_json: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText)
    host_ids: list[str] | None = Field(default=None, sa_type=JsonText)
    connection_ids: dict[str, str] = Field(default_factory=dict, sa_type=JsonText)
    tags: list[str] = Field(default_factory=list, sa_type=JsonText, description="Only tasks with one of these run.")
    skip_tags: list[str] = Field(default_factory=list, sa_type=JsonText, description="Tasks that do not run.")
    host_limit: str = Field(default="", description="Which of the hosts, or of all: heeded at each firing.")
    request_reason: str = ""
    missed_policy: str = "skip"
    starts_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ends_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    override_reason: str = Field(default="", description="Why blackouts do not hold it; empty: they do.")
    override_by: str = ""
    owner_id: str = Field(index=True)
    owner_name: str = ""
    is_paused: bool = False
    next_fire_at: int | None = Field(default=None, sa_type=BigInteger, index=True)
    version: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    tenant_id: str | None = None


class Firing(SQLModel, table=True):
    """What came of one moment of a schedule: `started` a job, `failed` to, or was `missed`.

    Moments missed one after another for the same reason are one row: `count` of them from `fire_at` to `until`.
    """

    __tablename__ = "schedule_firings"
    __table_args__ = (
        UniqueConstraint("schedule_id", "kind", "fire_at"),
        Index("ix_schedule_firings_created", "schedule_id", "created_at"),
    )

    id: str = Field(primary_key=True)
    schedule_id: str = Field(foreign_key="schedules.id", ondelete="CASCADE")
    kind: str = Field(default="planned", description="`planned` by the clock, or `manual`.")
    fire_at: int = Field(sa_type=BigInteger)
    until: int = Field(sa_type=BigInteger)
    count: int = 1
    outcome: str
    reason: str = ""
    detail: str = ""
    errors_json: list[dict[str, str]] = Field(default_factory=list, sa_type=JsonText)
    job_id: str | None = Field(default=None, index=True)
    job_number: int | None = None
    actor_name: str = ""
    created_at: datetime = Field(sa_type=UtcDateTime)


class Blackout(SQLModel, table=True):
    """A time in which schedules of an environment start nothing: once (`starts_at`, `ends_at`), or again and again.

    A recurring one begins at each moment of `cron` in `timezone` and lasts `duration_min` minutes.
    """

    __tablename__ = "blackouts"
    __table_args__ = (UniqueConstraint("environment", "name"),)

    id: str = Field(primary_key=True)
    name: str
    environment: str = Field(index=True)
    starts_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ends_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cron: str = ""
    timezone: str = "UTC"
    duration_min: int = 0
    version: int = 1
    created_by: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    tenant_id: str | None = None
