"""What the rows say, past every service: the database is the truth that promises are held against."""

from typing import Any

from sqlalchemy import text

from orch_app.kit.db import reading


def rows_of(query: str) -> list[Any]:
    """What the database answers."""
    with reading() as session:
        return list(session.connection().execute(text(query)).all())


def open_jobs() -> int:
    """How many jobs wait or run."""
    return rows_of("SELECT count(*) FROM jobs WHERE status IN ('PENDING', 'RUNNING')")[0][0]
