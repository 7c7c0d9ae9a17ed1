"""what is wanted of a worker, on which machine it runs and how it starts plays."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ADDED = {"wanted": "run", "host": "", "engine": ""}


def upgrade() -> None:
    with op.batch_alter_table("workers", schema=None) as batch_op:
        for name, default in ADDED.items():
            batch_op.add_column(sa.Column(name, sa.String(), nullable=False, server_default=default))
    # The default was for the rows that are there; the program always says what it writes.
    with op.batch_alter_table("workers", schema=None) as batch_op:
        for name in ADDED:
            batch_op.alter_column(name, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("workers", schema=None) as batch_op:
        for name in ADDED:
            batch_op.drop_column(name)
