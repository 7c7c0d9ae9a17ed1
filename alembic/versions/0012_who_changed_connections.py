"""who made and who changed a connection last, by name; for rows that are there as the audit log knows it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KNOWN = """
UPDATE connections SET {column} = COALESCE((
  SELECT actor_name FROM audit_log WHERE target_type = 'connection' AND target_id = connections.id
  AND action IN {actions} ORDER BY id DESC LIMIT 1), '')
"""
ACTIONS = {
    "created_by_name": "('connection.created')",
    "updated_by_name": "('connection.created', 'connection.changed')",
}


def upgrade() -> None:
    for column, actions in ACTIONS.items():
        op.add_column("connections", sa.Column(column, sa.String(), nullable=False, server_default=""))
        op.execute(KNOWN.format(column=column, actions=actions))


def downgrade() -> None:
    with op.batch_alter_table("connections", schema=None) as batch_op:
        for column in ACTIONS:
            batch_op.drop_column(column)
