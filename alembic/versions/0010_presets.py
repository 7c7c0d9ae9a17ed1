"""named sets of values for the form of a runbook."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLE = "runbook_presets"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("runbook_name", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("input_json", sa.Text(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("owner_id", sa.String(), nullable=False),
        sa.Column("owner_name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ux_runbook_presets_own",
        TABLE,
        ["runbook_name", "owner_id", "name"],
        unique=True,
        sqlite_where=sa.text("is_shared = 0"),
        postgresql_where=sa.text("NOT is_shared"),
    )
    op.create_index(
        "ux_runbook_presets_shared",
        TABLE,
        ["runbook_name", "name"],
        unique=True,
        sqlite_where=sa.text("is_shared = 1"),
        postgresql_where=sa.text("is_shared"),
    )


def downgrade() -> None:
    op.drop_table(TABLE)
