"""Tables of the sources of runbooks and of what was fetched from each."""

# pyright: reportAssignmentType=false
# SQLModel types `__tablename__` as a declared_attr; a plain name is what its documentation tells one to write.

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from orch_app.kit.db import JsonText, UtcDateTime


class RunbookSource(SQLModel, table=True):
    """Where runbooks come from: a folder of the workers' machines, or a branch or tag of a Git repository.

    `sync_due_at` (milliseconds, the database's clock) is when it is to be fetched next; whoever fetches it moves it to
    the end of the lease, so that a source whose worker died becomes due again. `sync_fence` tells one fetch from the
    next: only the latest may write what it found.
    """

    __tablename__ = "runbook_sources"

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    kind: str
    path: str = Field(default="", description="Of a folder source: the absolute path on the workers' machines.")
    connection_id: str | None = Field(default=None, foreign_key="connections.id", index=True)
    ref_kind: str = "branch"
    ref: str = ""
    subfolder: str = Field(default="", description="Where in it the runbooks are; empty means at the top.")
    trusts_itself: bool = Field(default=False, description="Whatever is fetched is trusted at once.")
    every_min: int = Field(default=0, description="Minutes from one fetch to the next; 0: only when asked.")
    sync_due_at: int | None = Field(default=None, sa_type=BigInteger, index=True)
    sync_fence: int = 0
    is_syncing: bool = False
    synced_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    fault_code: str = Field(default="", description="Why the last fetch failed, as a word; empty when it did not.")
    fault: str = ""
    newest_id: str | None = Field(default=None, description="The edition that was fetched last.")
    trusted_id: str | None = Field(default=None, description="The edition whose runbooks are in the catalogue.")
    version: int = 1
    created_by: str | None = None
    created_by_name: str = ""
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class SourceAdoption(SQLModel, table=True):
    """A plain playbook of a source that is made into a runbook. `meta` is its runbook.yaml, but for the name."""

    __tablename__ = "source_adoptions"

    source_id: str = Field(foreign_key="runbook_sources.id", ondelete="CASCADE", primary_key=True)
    name: str = Field(primary_key=True)
    playbook: str
    meta: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText, sa_column_kwargs={"name": "meta_json"})
    input_schema: dict[str, Any] = Field(
        default_factory=dict, sa_type=JsonText, sa_column_kwargs={"name": "schema_json"}
    )
    updated_by_name: str = ""
    updated_at: datetime = Field(sa_type=UtcDateTime)


class SourceEdition(SQLModel, table=True):
    """One state of a source as it was fetched; it never changes, and its files lie in the tree of the same id.

    `refusal` says why it cannot be trusted, and is empty when it can. `runbooks_json` lists `{name, version, reason}`
    of each runbook in it, with the reason of those that are broken; `left_out_json` the paths that were not taken, and
    `taken_json` the names that were in the catalogue from elsewhere when it was trusted.
    """

    __tablename__ = "source_editions"

    id: str = Field(primary_key=True)
    source_id: str = Field(foreign_key="runbook_sources.id", ondelete="CASCADE", index=True)
    commit_id: str = ""
    author: str = ""
    subject: str = ""
    committed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    tree_sha256: str
    files: int = 0
    size: int = 0
    refusal: str = ""
    runbooks_json: list[dict[str, Any]] = Field(default_factory=list, sa_type=JsonText)
    left_out_json: list[str] = Field(default_factory=list, sa_type=JsonText)
    candidates_json: list[dict[str, Any]] = Field(
        default_factory=list, sa_type=JsonText, description="Plain playbooks that could be adopted."
    )
    taken_json: list[str] = Field(default_factory=list, sa_type=JsonText)
    fetched_at: datetime = Field(sa_type=UtcDateTime)
    trusted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    trusted_by: str | None = None
    trusted_by_name: str = ""
