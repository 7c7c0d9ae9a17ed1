"""Tables of users, roles, sessions and tokens. Tokens are stored hashed, never as they are."""

# pyright: reportAssignmentType=false
# SQLModel types `__tablename__` as a declared_attr; a plain name is what its documentation tells one to write.

from datetime import datetime

from sqlmodel import Field, SQLModel

from orch_app.kit.db import UtcDateTime


class User(SQLModel, table=True):
    """A person. `email` is in lower case; `status` is `active` or `disabled`; no `language` or `theme` = not chosen."""

    __tablename__ = "users"

    id: str = Field(primary_key=True)
    email: str = Field(unique=True, index=True)
    name: str = ""
    password_hash: str
    status: str = "active"
    language: str = ""
    theme: str = ""
    version: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)
    password_changed_at: datetime = Field(sa_type=UtcDateTime)
    last_login_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    tenant_id: str | None = None


class RoleRow(SQLModel, table=True):
    """A role that can be given; the three built-in ones are inserted by the first migration."""

    __tablename__ = "roles"

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)


class UserRole(SQLModel, table=True):
    """Which user has which role."""

    __tablename__ = "user_roles"

    user_id: str = Field(foreign_key="users.id", primary_key=True, ondelete="CASCADE")
    role_id: str = Field(foreign_key="roles.id", primary_key=True)


class BrowserSession(SQLModel, table=True):
    """A signed-in browser: the cookie's SHA-256, who, from where, until when."""

    __tablename__ = "browser_sessions"

    id: str = Field(primary_key=True)
    token_hash: str = Field(unique=True, index=True)
    user_id: str = Field(foreign_key="users.id", index=True, ondelete="CASCADE")
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ip: str = ""
    user_agent: str = ""


class RefreshToken(SQLModel, table=True):
    """One single-use refresh token; `family_id` joins it with its predecessors and successors."""

    __tablename__ = "refresh_tokens"

    id: str = Field(primary_key=True)
    token_hash: str = Field(unique=True, index=True)
    family_id: str = Field(index=True)
    user_id: str = Field(foreign_key="users.id", index=True, ondelete="CASCADE")
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    successor_sealed: str | None = Field(default=None, description="The successor, sealed, for the grace period.")
    ip: str = ""
    user_agent: str = ""


class SetupToken(SQLModel, table=True):
    """The one-time token that lets somebody create the first admin."""

    __tablename__ = "setup_tokens"

    id: str = Field(primary_key=True)
    token_hash: str = Field(unique=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
