"""Tables of connections, of hosts and of their groups."""

# pyright: reportAssignmentType=false
# SQLModel types `__tablename__` as a declared_attr; a plain name is what its documentation tells one to write.

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from orch_app.kit.db import JsonText, UtcDateTime


class Connection(SQLModel, table=True):
    """Access to an outside system. The whole payload is sealed; `public_json` keeps what may be shown.

    `public_json` is `{payload, facts}`; `fields_set` tells since when each secret field has its value.
    """

    __tablename__ = "connections"
    __table_args__ = (UniqueConstraint("environment", "name"),)

    id: str = Field(primary_key=True)
    type: str = Field(index=True)
    name: str
    environment: str = Field(index=True)
    encrypted_payload: str
    public_json: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText)
    fields_set: dict[str, str] = Field(default_factory=dict, sa_type=JsonText)
    version: int = 1
    created_by: str | None = None
    created_by_name: str = ""
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    updated_by_name: str = ""
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_test_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_test_ok: bool | None = None
    last_test_detail: str = ""
    last_test_detail_code: str = Field(default="", description="The same as a word, which screens translate.")
    last_test_ms: int | None = None
    tenant_id: str | None = None
    service_id: str | None = None


class Host(SQLModel, table=True):
    """A machine that runbooks can target over ssh. `host_key` is pinned after a person has seen its fingerprint.

    `origin` names the import that brought it; "" where a person did. With `is_trusted_text` templates in `variables`
    are worked out by Ansible, otherwise all of them is data.
    """

    __tablename__ = "hosts"
    __table_args__ = (UniqueConstraint("environment", "name"),)

    id: str = Field(primary_key=True)
    name: str
    address: str
    port: int = 22
    user: str = ""
    connection_id: str | None = Field(default=None, foreign_key="connections.id", index=True)
    environment: str = Field(index=True)
    labels: dict[str, str] = Field(default_factory=dict, sa_type=JsonText)
    variables: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText)
    is_trusted_text: bool = False
    origin: str = ""
    python: str = Field(default="", description="Path of the interpreter that modules run with; empty is the usual.")
    host_key: str | None = None
    host_key_pinned_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    status: str = "unknown"
    status_detail: str = ""
    status_detail_code: str = Field(default="", description="The same as a word, which screens translate.")
    last_seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = 1
    created_by: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    tenant_id: str | None = None
    service_id: str | None = None


class HostGroup(SQLModel, table=True):
    """A group of hosts as Ansible has it: members, groups below it by their names, and variables for all of them.

    The group `all` means every host of its environment and lists nobody. `origin` and `is_trusted_text` as for hosts.
    """

    __tablename__ = "host_groups"
    __table_args__ = (UniqueConstraint("environment", "name"),)

    id: str = Field(primary_key=True)
    name: str
    environment: str = Field(index=True)
    children: list[str] = Field(default_factory=list, sa_type=JsonText)
    variables: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText)
    is_trusted_text: bool = False
    origin: str = ""
    version: int = 1
    created_by: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    tenant_id: str | None = None
    service_id: str | None = None


class HostGroupMember(SQLModel, table=True):
    """A host that stands in a group itself, not only in one below it."""

    __tablename__ = "host_group_members"

    group_id: str = Field(primary_key=True, foreign_key="host_groups.id", ondelete="CASCADE")
    host_id: str = Field(primary_key=True, foreign_key="hosts.id", ondelete="CASCADE", index=True)
