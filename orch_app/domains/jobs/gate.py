"""One at a time: whatever decides who may start goes through here first, and leaves with its transaction.

SQLite has one writer anyway. PostgreSQL gets a lock of its own, taken before any row is, so that two who decide never
wait for each other in a circle, and each sees all that the one before it did.
"""

from sqlalchemy import literal
from sqlmodel import Session, func, select

GATE = 0x6A6F6273  # "jobs"
STALLED_MS = 10_000


def pass_gate(session: Session) -> None:
    """Wait for the others; who then stands still in the middle for ten seconds is shown out by the server."""
    if session.get_bind().dialect.name == "postgresql":
        patience = func.set_config("idle_in_transaction_session_timeout", str(STALLED_MS), literal(value=True))
        session.exec(select(patience, func.pg_advisory_xact_lock(GATE))).one()
