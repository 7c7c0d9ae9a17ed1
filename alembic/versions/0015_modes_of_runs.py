"""modes of runs: what was expected, planned, kept to be put back, and put back."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TEXTS = ("order_sha256", "expect_plan", "plan_sha256", "snapshot_ref", "snapshot_target")
HAS_PLAN = sa.text("plan_sha256 <> ''")
HAS_SNAPSHOT = sa.text("snapshot_ref <> ''")


def upgrade() -> None:
    for name in TEXTS:
        op.add_column("jobs", sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.add_column("jobs", sa.Column("rollback_of", sa.String(), nullable=True))
    op.create_index("ix_jobs_rollback_of", "jobs", ["rollback_of"])
    op.create_index("ix_jobs_plan", "jobs", ["plan_sha256"], sqlite_where=HAS_PLAN, postgresql_where=HAS_PLAN)
    op.create_index(
        "ix_jobs_snapshots",
        "jobs",
        ["snapshot_target", "id"],
        sqlite_where=HAS_SNAPSHOT,
        postgresql_where=HAS_SNAPSHOT,
    )


def downgrade() -> None:
    for index in ("ix_jobs_snapshots", "ix_jobs_plan", "ix_jobs_rollback_of"):
        op.drop_index(index, table_name="jobs")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        for name in (*TEXTS, "rollback_of"):
            batch_op.drop_column(name)
