"""approvals: what a job must have before anybody may claim it."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TEXTS = (
    *("state", "wanted", "approver_role", "bound_to", "plan_sha256"),
    *("requested_by_name", "decided_by_name", "reason"),
)


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("job_id", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in TEXTS),
        sa.Column("requested_by", sa.String(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id"),
    )
    op.create_index("ix_approvals_state", "approvals", ["state", "expires_at"])


def downgrade() -> None:
    op.drop_table("approvals")
