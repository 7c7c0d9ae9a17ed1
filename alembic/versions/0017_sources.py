"""sources of runbooks, what was fetched of each, and which runbook came from where."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

SOURCES, EDITIONS, ADOPTIONS = "runbook_sources", "source_editions", "source_adoptions"
OF_RUNBOOKS = ("source_id", "tree_id", "tree_sha256")
SOURCE_TEXTS = ("name", "kind", "path", "ref_kind", "ref", "subfolder", "fault_code", "fault", "created_by_name")
EDITION_LISTS = ("runbooks_json", "left_out_json", "candidates_json", "taken_json")
ADOPTION_TEXTS = ("source_id", "name", "playbook", "updated_by_name")
EDITION_TEXTS = ("source_id", "commit_id", "author", "subject", "tree_sha256", "refusal", "trusted_by_name")


def upgrade() -> None:
    op.create_table(
        SOURCES,
        sa.Column("id", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in SOURCE_TEXTS),
        sa.Column("connection_id", sa.String(), nullable=True),
        sa.Column("trusts_itself", sa.Boolean(), nullable=False),
        sa.Column("every_min", sa.Integer(), nullable=False),
        sa.Column("sync_due_at", sa.BigInteger(), nullable=True),
        sa.Column("sync_fence", sa.Integer(), nullable=False),
        sa.Column("is_syncing", sa.Boolean(), nullable=False),
        sa.Column("synced_at", sa.DateTime(timezone=True), nullable=True),
        *(sa.Column(name, sa.String(), nullable=True) for name in ("newest_id", "trusted_id", "created_by")),
        sa.Column("version", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("created_at", "updated_at")),
        sa.ForeignKeyConstraint(["connection_id"], ["connections.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    for name in ("connection_id", "sync_due_at"):
        op.create_index(f"ix_{SOURCES}_{name}", SOURCES, [name])
    op.create_table(
        EDITIONS,
        sa.Column("id", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in EDITION_TEXTS),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("files", "size")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in EDITION_LISTS),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trusted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trusted_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], [f"{SOURCES}.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(f"ix_{EDITIONS}_source_id", EDITIONS, ["source_id"])
    op.create_table(
        ADOPTIONS,
        *(sa.Column(name, sa.String(), nullable=False) for name in ADOPTION_TEXTS),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("meta_json", "schema_json")),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], [f"{SOURCES}.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("source_id", "name"),
    )
    for name in OF_RUNBOOKS:
        op.add_column("runbooks", sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.create_index("ix_runbooks_source_id", "runbooks", ["source_id"])


def downgrade() -> None:
    op.execute("DELETE FROM runbooks WHERE source_id <> ''")
    op.drop_index("ix_runbooks_source_id", "runbooks")
    for name in OF_RUNBOOKS:
        op.drop_column("runbooks", name)
    op.drop_table(ADOPTIONS)
    op.drop_table(EDITIONS)
    op.drop_table(SOURCES)
