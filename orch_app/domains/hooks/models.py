"""Tables of inbound webhooks and of what was delivered to each."""

# pyright: reportAssignmentType=false
# SQLModel types `__tablename__` as a declared_attr; a plain name is what its documentation tells one to write.

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from orch_app.kit.db import JsonText, UtcDateTime


class Hook(SQLModel, table=True):
    """An address that another system may post to, and what then happens in its owner's name.

    `action` is `launch` (a runbook) or `sync` (a source). `mapping` lists `{input, pointer, required, removePrefix}`:
    which value of the payload becomes which input. `conditions` lists `{pointer, equals}`, which all must hold.
    """

    __tablename__ = "hooks"

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    provider: str
    encrypted_secret: str
    secret_set_at: datetime = Field(sa_type=UtcDateTime)
    signature_header: str = ""
    delivery_header: str = ""
    timestamp_header: str = Field(default="", description="Whose value is signed before the body; empty: none is.")
    action: str
    source_id: str | None = Field(
        default=None, foreign_key="runbook_sources.id", ondelete="CASCADE", index=True, nullable=True
    )
    runbook_name: str = ""
    environment: str = "stage"
    host_ids: list[str] = Field(default_factory=list, sa_type=JsonText)
    connection_ids: dict[str, str] = Field(default_factory=dict, sa_type=JsonText)
    tags: list[str] = Field(default_factory=list, sa_type=JsonText, description="Only tasks with one of these run.")
    skip_tags: list[str] = Field(default_factory=list, sa_type=JsonText, description="Tasks that do not run.")
    host_limit: str = Field(default="", description="Which of the hosts, or of all: heeded at each launch.")
    inputs: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText, sa_column_kwargs={"name": "inputs_json"})
    mapping: list[dict[str, Any]] = Field(
        default_factory=list, sa_type=JsonText, sa_column_kwargs={"name": "mapping_json"}
    )
    conditions: list[dict[str, Any]] = Field(
        default_factory=list, sa_type=JsonText, sa_column_kwargs={"name": "conditions_json"}
    )
    events: list[str] = Field(default_factory=list, sa_type=JsonText, sa_column_kwargs={"name": "events_json"})
    is_enabled: bool = True
    owner_id: str = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    owner_name: str = ""
    version: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class HookDelivery(SQLModel, table=True):
    """One authentic message. `delivery_key` is the sender's name for it, `replay_key` what makes it the same again.

    `outcome`: `launched`, `synced`, `ignored` (an event or a condition says so), `failed`; a failed one may come again.
    """

    __tablename__ = "hook_deliveries"
    __table_args__ = (UniqueConstraint("hook_id", "delivery_key"), UniqueConstraint("hook_id", "replay_key"))

    id: str = Field(primary_key=True)
    hook_id: str = Field(foreign_key="hooks.id", ondelete="CASCADE")
    delivery_key: str
    replay_key: str
    event: str = ""
    ip: str = ""
    size: int = 0
    outcome: str
    reason: str = ""
    detail: str = ""
    job_id: str | None = None
    job_number: int | None = None
    repeats: int = Field(default=0, description="How often it came again.")
    received_at: datetime = Field(sa_type=UtcDateTime, index=True)
