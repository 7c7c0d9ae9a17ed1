"""jobs know what started them, where it is something with an id."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("origin_id", sa.String(), nullable=True))
        batch_op.create_index(batch_op.f("ix_jobs_origin_id"), ["origin_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_jobs_origin_id"))
        batch_op.drop_column("origin_id")
