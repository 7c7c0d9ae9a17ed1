"""groups of hosts, and variables of hosts and groups."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

GROUPS, MEMBERS = "host_groups", "host_group_members"
OF_HOSTS = ("variables", "is_trusted_text", "origin", "python")


def upgrade() -> None:
    op.create_table(
        GROUPS,
        *(sa.Column(name, sa.String(), nullable=False) for name in ("id", "name", "environment")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("children", "variables")),
        sa.Column("is_trusted_text", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=True),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("created_at", "updated_at")),
        *(sa.Column(name, sa.String(), nullable=True) for name in ("tenant_id", "service_id")),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("environment", "name"),
    )
    op.create_index(f"ix_{GROUPS}_environment", GROUPS, ["environment"])
    op.create_table(
        MEMBERS,
        *(sa.Column(name, sa.String(), nullable=False) for name in ("group_id", "host_id")),
        sa.ForeignKeyConstraint(["group_id"], [f"{GROUPS}.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["host_id"], ["hosts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("group_id", "host_id"),
    )
    op.create_index(f"ix_{MEMBERS}_host_id", MEMBERS, ["host_id"])
    op.add_column("hosts", sa.Column("variables", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("hosts", sa.Column("is_trusted_text", sa.Boolean(), nullable=False, server_default=sa.false()))
    for name in ("origin", "python"):
        op.add_column("hosts", sa.Column(name, sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("hosts", schema=None) as batch_op:
        for column in OF_HOSTS:
            batch_op.drop_column(column)
    op.drop_table(MEMBERS)
    op.drop_table(GROUPS)
