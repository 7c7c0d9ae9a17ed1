"""The audit table. Rows are only ever inserted."""

# pyright: reportAssignmentType=false
# SQLModel types `__tablename__` as a declared_attr; a plain name is what its documentation tells one to write.

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from orch_app.kit.db import JsonText, UtcDateTime


class AuditEntry(SQLModel, table=True):
    """One act. `actor_name` stays readable after the user is gone; `result` is `ok`, `denied` or `failed`.

    `trace_id` is that of the caller's W3C trace context, or of ours where the caller sent none; empty outside of HTTP.
    """

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_target", "target_type", "target_id"),)

    id: str = Field(primary_key=True)
    ts: datetime = Field(sa_type=UtcDateTime, index=True)
    actor_kind: str
    actor_user_id: str | None = Field(default=None, index=True)
    actor_name: str = ""
    action: str = Field(index=True)
    target_type: str = ""
    target_id: str = ""
    result: str = "ok"
    environment: str | None = None
    ip: str = ""
    request_id: str = ""
    trace_id: str = ""
    metadata_json: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText)
    tenant_id: str | None = None
