"""inbound webhooks and what was delivered to each."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

HOOKS, DELIVERIES = "hooks", "hook_deliveries"
HOOK_TEXTS = (
    *("name", "provider", "encrypted_secret", "signature_header", "delivery_header", "timestamp_header", "action"),
    *("runbook_name", "environment", "owner_id", "owner_name"),
)
HOOK_DOCUMENTS = ("host_ids", "connection_ids", "inputs_json", "mapping_json", "conditions_json", "events_json")
DELIVERY_TEXTS = ("hook_id", "delivery_key", "replay_key", "event", "ip", "outcome", "reason", "detail")


def upgrade() -> None:
    op.create_table(
        HOOKS,
        sa.Column("id", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in HOOK_TEXTS),
        *(sa.Column(name, sa.Text(), nullable=False) for name in HOOK_DOCUMENTS),
        sa.Column("source_id", sa.String(), nullable=True),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.DateTime(timezone=True), nullable=False)
            for name in ("secret_set_at", "created_at", "updated_at")
        ),
        sa.ForeignKeyConstraint(["source_id"], ["runbook_sources.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    for name in ("source_id", "owner_id"):
        op.create_index(f"ix_{HOOKS}_{name}", HOOKS, [name])
    op.create_table(
        DELIVERIES,
        sa.Column("id", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in DELIVERY_TEXTS),
        sa.Column("job_id", sa.String(), nullable=True),
        *(sa.Column(name, sa.Integer(), nullable=name == "job_number") for name in ("size", "job_number", "repeats")),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["hook_id"], [f"{HOOKS}.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hook_id", "delivery_key"),
        sa.UniqueConstraint("hook_id", "replay_key"),
    )
    op.create_index(f"ix_{DELIVERIES}_received_at", DELIVERIES, ["received_at"])


def downgrade() -> None:
    op.drop_table(DELIVERIES)
    op.drop_table(HOOKS)
