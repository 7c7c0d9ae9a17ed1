"""Reading the audit log."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.audit.models import AuditEntry


def list_for_target(
    session: Session, actor: Actor, target_type: str, target_id: str, limit: int = 200
) -> Sequence[AuditEntry]:
    """The newest entries about one thing."""
    require(actor, Permission.AUDIT_READ)
    query = (
        select(AuditEntry)
        .where(AuditEntry.target_type == target_type, AuditEntry.target_id == target_id)
        .order_by(col(AuditEntry.id).desc())
        .limit(limit)
    )
    return session.exec(query).all()
