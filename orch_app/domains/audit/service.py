"""Writing to the audit log."""

from typing import Any

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.models import AuditEntry
from orch_app.kit.clock import now
from orch_app.kit.errors import Forbidden
from orch_app.kit.ids import new_id
from orch_app.kit.tracing import current


def record(  # noqa: PLR0913 - an entry has that many facts, all named at the call
    session: Session,
    actor: Actor,
    action: Action,
    target: tuple[str, str] = ("", ""),
    *,
    result: str = "ok",
    environment: str | None = None,
    metadata: dict[str, Any] | None = None,
) -> AuditEntry:
    """Add one entry to the caller's transaction. `target` is (type, id); `metadata` must not hold a secret."""
    trace = current()
    entry = AuditEntry(
        id=new_id("aud"),
        ts=now(),
        actor_kind=actor.kind,
        actor_user_id=actor.user_id,
        actor_name=actor.name,
        action=action.value,
        target_type=target[0],
        target_id=target[1],
        result=result,
        environment=environment,
        ip=actor.ip,
        request_id=actor.request_id,
        trace_id=trace.trace_id if trace else "",
        metadata_json=metadata or {},
    )
    session.add(entry)
    return entry


def record_denial(session: Session, actor: Actor, error: Forbidden, where: str) -> AuditEntry:
    """A refused act, written by the edge in a transaction of its own because the act's one was rolled back."""
    return record(
        session,
        actor,
        Action.ACCESS_DENIED,
        ("permission", error.permission),
        result="denied",
        environment=error.environment,
        metadata={"where": where, "code": error.code},
    )
