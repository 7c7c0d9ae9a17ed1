"""schedules and webhooks choose tasks by tags and hosts by a pattern."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLES = ("schedules", "hooks")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("tags", sa.Text(), nullable=False, server_default="[]"))
        op.add_column(table, sa.Column("skip_tags", sa.Text(), nullable=False, server_default="[]"))
        op.add_column(table, sa.Column("host_limit", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in ("tags", "skip_tags", "host_limit"):
                batch_op.drop_column(column)
