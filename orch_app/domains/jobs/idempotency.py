"""Idempotency-Key: the same key gives the same answer for 24 hours, and never a second job.

The key's row is inserted in the transaction that inserts the job. Two requests at once: one waits for the other's
transaction at the unique key and then finds its answer, so there is no window between "done" and "remembered".
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, delete, select

from orch_app.domains.access.actor import Actor
from orch_app.domains.jobs.models import IdempotencyKey
from orch_app.kit.clock import now
from orch_app.kit.errors import BadRequest, Invalid, Problem
from orch_app.kit.ids import new_id

KEPT = timedelta(hours=24)
MAX_LENGTH = 255


@dataclass(frozen=True)
class Call:
    """One request as far as repeating it matters."""

    user_id: str
    route: str
    key: str
    request_hash: str


def call_of(actor: Actor, route: str, key: str, body: Any) -> Call:
    """Describe a request.

    Raises:
        BadRequest: the key is empty or longer than 255 characters.
    """
    if not 0 < len(key) <= MAX_LENGTH:
        raise BadRequest(f"Idempotency-Key must have 1 to {MAX_LENGTH} characters.", "bad_idempotency_key")
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), default=str)
    return Call(actor.user_id or actor.name, route, key, hashlib.sha256(text.encode()).hexdigest())


def begin(session: Session, call: Call) -> dict[str, Any] | None:
    """Reserve the key, or give back the answer that it got before.

    Raises:
        Invalid: the key was used with another body.
    """
    _forget_old(session, call)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(IdempotencyKey).values(
        id=new_id("idk"),
        user_id=call.user_id,
        route=call.route,
        key=call.key,
        request_hash=call.request_hash,
        status=0,
        created_at=now(),
    )
    reserved = session.connection().execute(statement.on_conflict_do_nothing().returning(col(IdempotencyKey.id)))
    if reserved.first() is not None:
        return None
    row = session.exec(_row_of(call)).one()
    if row.request_hash != call.request_hash:
        fault = Problem("/", "idempotency_key_reused", "this key was used with another body")
        raise Invalid("Use a new Idempotency-Key for a new request.", "idempotency_key_reused", errors=(fault,))
    return row.response_json


def remember(session: Session, call: Call, status: int, response: dict[str, Any]) -> None:
    """Keep the answer with the key, in the same transaction as the act."""
    row = session.exec(_row_of(call)).one()
    row.status = status
    row.response_json = response
    session.add(row)


def _row_of(call: Call):  # noqa: ANN202 - a SQL statement
    return select(IdempotencyKey).where(
        IdempotencyKey.user_id == call.user_id, IdempotencyKey.route == call.route, IdempotencyKey.key == call.key
    )


def _forget_old(session: Session, call: Call) -> None:
    session.exec(
        delete(IdempotencyKey).where(
            col(IdempotencyKey.user_id) == call.user_id, col(IdempotencyKey.created_at) < now() - KEPT
        )
    )
