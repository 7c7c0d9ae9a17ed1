"""a narrow table by which jobs are found: number, runbook, requester, reason and hosts."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLE = "job_search"
# Names of hosts are letters, digits, dots, dashes and underscores: their JSON has no escapes.
FILL = r"""
INSERT INTO job_search (job_id, number, runbook_name, hosts, words)
SELECT
    id, number, runbook_name,
    lower(replace(replace(replace(replace(host_names, '[]', :line), '["', :line), '","', :line), '"]', :line)),
    lower(runbook_name || :line || created_by_name || :line || request_reason)
FROM jobs
"""


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("runbook_name", sa.String(), nullable=False),
        sa.Column("hosts", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id"),
        sqlite_with_rowid=False,
    )
    op.get_bind().execute(sa.text(FILL), {"line": "\n"})


def downgrade() -> None:
    op.drop_table(TABLE)
