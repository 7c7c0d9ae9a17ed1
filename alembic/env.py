"""Alembic's entry: our engine, our tables; batch mode because SQLite cannot alter a table in place."""

from typing import Any, Literal

from alembic import context

from orch_app.kit.db import JsonText, UtcDateTime, engine
from orch_app.tables import METADATA


def render(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """Write our column types as the plain ones they are stored in, so that old migrations need none of our code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JsonText):
        return "sa.Text()"
    if kind == "type" and type(item).__name__ == "AutoString":
        return "sa.String()"
    return False


with engine().connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=render,
        compare_type=True,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":  # of two that migrate at once, the second finds nothing to do
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(20261121)")
        context.run_migrations()
    connection.commit()
