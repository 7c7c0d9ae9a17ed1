"""the runbooks that a user put first."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "runbook_favourites",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("runbook_name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "runbook_name"),
    )


def downgrade() -> None:
    op.drop_table("runbook_favourites")
