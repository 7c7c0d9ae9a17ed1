"""counts for /metrics that outlive the jobs they count, and the log lag of workers."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ADDED = (("jobs", "tallied", sa.Boolean(), sa.false()), ("workers", "log_lag_ms", sa.Integer(), "0"))
UNTALLIED = "ix_jobs_untallied"


def upgrade() -> None:
    op.create_table(
        "job_tallies",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("runbook", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "runbook", "label"),
    )
    for table, name, kind, default in ADDED:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=default))
    # The default was for the rows that are there; the program always says what it writes.
    for table, name, _, _ in ADDED:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(name, server_default=None)
    op.create_index(
        UNTALLIED, "jobs", ["id"], sqlite_where=sa.text("tallied = 0"), postgresql_where=sa.text("NOT tallied")
    )


def downgrade() -> None:
    op.drop_index(UNTALLIED, table_name="jobs")
    for table, name, _, _ in ADDED:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column(name)
    op.drop_table("job_tallies")
