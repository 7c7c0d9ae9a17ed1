"""Reading the catalogue."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.runbooks.models import Runbook
from orch_app.kit.errors import Conflict, NotFound


def list_runbooks(session: Session, actor: Actor, *, category: str = "", text: str = "") -> Sequence[Runbook]:
    """Every runbook, broken ones too, by category and name."""
    require(actor, Permission.RUNBOOKS_READ)
    query = select(Runbook).order_by(col(Runbook.category), col(Runbook.name))
    if category:
        query = query.where(Runbook.category == category)
    found = session.exec(query).all()
    wanted = text.lower()
    return [r for r in found if wanted in f"{r.name} {r.title} {r.title_pt} {r.description}".lower()]


def get_runbook(session: Session, actor: Actor, name: str) -> Runbook:
    """One runbook by its name.

    Raises:
        NotFound: there is none of that name.
    """
    require(actor, Permission.RUNBOOKS_READ)
    found = session.exec(select(Runbook).where(Runbook.name == name)).first()
    if found is None:
        raise NotFound(f"There is no runbook {name}.", "runbook_not_found")
    return found


def get_runnable(session: Session, actor: Actor, name: str) -> Runbook:
    """The same, refused when it cannot run.

    Raises:
        Conflict: it is broken or switched off.
    """
    found = get_runbook(session, actor, name)
    if found.broken_reason:
        raise Conflict(f"The runbook {name} is broken: {found.broken_reason}", "runbook_broken")
    if not found.enabled:
        raise Conflict(f"The runbook {name} is switched off.", "runbook_disabled")
    return found
