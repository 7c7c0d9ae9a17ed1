"""Tables of runbooks, filled from the runbooks folder where they are written, and of what people add to them."""

# pyright: reportAssignmentType=false
# SQLModel types `__tablename__` as a declared_attr; a plain name is what its documentation tells one to write.

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from orch_app.kit.db import JsonText, UtcDateTime


class Runbook(SQLModel, table=True):
    """One runbook as last synchronised. `broken_reason` is empty when it can run.

    `path` is its folder. A runbook of a source lies in a kept tree (see `trees`), and `path` is relative to that.
    """

    __tablename__ = "runbooks"

    id: str = Field(primary_key=True)
    name: str = Field(unique=True, index=True)
    version: str = ""
    title: str = ""
    title_pt: str = ""
    description: str = ""
    description_pt: str = ""
    category: str = Field(default="", index=True)
    risk: str = "low"
    input_schema: dict[str, Any] = Field(
        default_factory=dict, sa_type=JsonText, sa_column_kwargs={"name": "schema_json"}
    )
    output_schema: dict[str, Any] = Field(
        default_factory=dict, sa_type=JsonText, sa_column_kwargs={"name": "output_schema_json"}
    )
    meta: dict[str, Any] = Field(
        default_factory=dict,
        sa_type=JsonText,
        sa_column_kwargs={"name": "meta_json"},
        description="The whole runbook.yaml as read.",
    )
    readme: str = ""
    revision: str = ""
    path: str = ""
    source_id: str = Field(default="", index=True, description="Empty for those of the product's own folder.")
    tree_id: str = ""
    tree_sha256: str = ""
    enabled: bool = True
    broken_reason: str = ""
    synced_at: datetime = Field(sa_type=UtcDateTime)


class RunbookFavourite(SQLModel, table=True):
    """A runbook that a user put first; by name, so that it outlives a runbook that is away for a while."""

    __tablename__ = "runbook_favourites"

    user_id: str = Field(foreign_key="users.id", primary_key=True, ondelete="CASCADE")
    runbook_name: str = Field(primary_key=True)
    created_at: datetime = Field(sa_type=UtcDateTime)


class RunbookPreset(SQLModel, table=True):
    """Values for a runbook's form by a name: its owner's alone, or everybody's. Never secrets."""

    __tablename__ = "runbook_presets"
    __table_args__ = (
        Index(
            "ux_runbook_presets_own",
            "runbook_name",
            "owner_id",
            "name",
            unique=True,
            sqlite_where=text("is_shared = 0"),
            postgresql_where=text("NOT is_shared"),
        ),
        Index(
            "ux_runbook_presets_shared",
            "runbook_name",
            "name",
            unique=True,
            sqlite_where=text("is_shared = 1"),
            postgresql_where=text("is_shared"),
        ),
    )

    id: str = Field(primary_key=True)
    runbook_name: str
    name: str
    input_json: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText)
    is_shared: bool = False
    owner_id: str = Field(foreign_key="users.id", ondelete="CASCADE")
    owner_name: str = ""
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
