"""The table of runbooks, filled from the runbooks folder; the folder is where they are written."""

# pyright: reportAssignmentType=false
# SQLModel types `__tablename__` as a declared_attr; a plain name is what its documentation tells one to write.

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from orch_app.kit.db import JsonText, UtcDateTime


class Runbook(SQLModel, table=True):
    """One runbook as last synchronised. `broken_reason` is empty when it can run."""

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
    enabled: bool = True
    broken_reason: str = ""
    synced_at: datetime = Field(sa_type=UtcDateTime)
