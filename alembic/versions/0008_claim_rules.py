"""what a job needs and holds, its attempts, and its place in the queue."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Columns are added and dropped in place: copying `jobs`, as batch mode does, would take everything with it that
# refers to a job. Their defaults stay for that reason; the program always says what it writes.
JOBS = ("rank", "turn", "not_before", "dedup_key", "lock_names", "retry_json")
TABLES = ("job_attempts", "job_needs", "job_locks", "job_starts", "job_turns")
IS_ACTIVE = sa.text("dedup_key IS NOT NULL AND status IN ('PENDING', 'RUNNING')")


def upgrade() -> None:
    op.add_column("jobs", sa.Column("rank", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("turn", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("not_before", sa.BigInteger(), nullable=True))
    op.add_column("jobs", sa.Column("dedup_key", sa.String(), nullable=True))
    op.add_column("jobs", sa.Column("lock_names", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("jobs", sa.Column("retry_json", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("job_steps", sa.Column("attempt", sa.Integer(), nullable=False, server_default="1"))
    op.create_index("ix_jobs_queue", "jobs", ["status", "rank", "turn", "id"])
    op.create_index(
        "ux_jobs_dedup", "jobs", ["dedup_key"], unique=True, sqlite_where=IS_ACTIVE, postgresql_where=IS_ACTIVE
    )
    _create_attempts()
    _create_needs()
    _create_locks()
    _create_starts_and_turns()


def _create_attempts() -> None:
    op.create_table(
        "job_attempts",
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("reason_detail", sa.String(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "attempt"),
    )


def _create_needs() -> None:
    op.create_table(
        "job_needs",
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("window_ms", sa.BigInteger(), nullable=False),
        sa.Column("on_full", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "kind", "name"),
    )
    op.create_index("ix_job_needs_name", "job_needs", ["kind", "name"])
    op.create_index("ix_job_needs_on_full", "job_needs", ["on_full"])


def _create_locks() -> None:
    op.create_table(
        "job_locks",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("kind", "name", "slot"),
    )
    op.create_index("ix_job_locks_job_id", "job_locks", ["job_id"])


def _create_starts_and_turns() -> None:
    op.create_table(
        "job_starts",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "job_id", "fence"),
    )
    op.create_index("ix_job_starts_at_ms", "job_starts", ["at_ms"])
    op.create_table(
        "job_turns",
        sa.Column("requester", sa.String(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("requester", "rank"),
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_index("ux_jobs_dedup", "jobs")
    op.drop_index("ix_jobs_queue", "jobs")
    op.execute("ALTER TABLE job_steps DROP COLUMN attempt")
    for column in reversed(JOBS):
        op.execute(f"ALTER TABLE jobs DROP COLUMN {column}")
