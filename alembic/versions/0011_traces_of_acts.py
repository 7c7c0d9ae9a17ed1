"""the trace that an audited act belongs to."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.add_column(sa.Column("trace_id", sa.String(), nullable=False, server_default=""))
    # The default was for the rows that are there; the program always says what it writes.
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.alter_column("trace_id", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.drop_column("trace_id")
