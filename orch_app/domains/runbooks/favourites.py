"""The runbooks that a person put first; they are his or hers alone."""

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, delete, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.runbooks.models import RunbookFavourite
from orch_app.domains.runbooks.queries import get_runbook
from orch_app.kit.clock import now
from orch_app.kit.errors import NotFound


def names_of(session: Session, actor: Actor) -> frozenset[str]:
    """The names of the caller's favourites, also of those that are no longer in the catalogue; none without account."""
    require(actor, Permission.RUNBOOKS_READ)
    return frozenset(
        session.exec(select(RunbookFavourite.runbook_name).where(RunbookFavourite.user_id == actor.user_id))
    )


def add(session: Session, actor: Actor, name: str) -> None:
    """Make a runbook a favourite of the caller; again changes nothing.

    Raises:
        NotFound: there is no such runbook, or the caller has no account.
    """
    require(actor, Permission.RUNBOOKS_READ)
    get_runbook(session, actor, name)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(RunbookFavourite).values(user_id=_account(actor), runbook_name=name, created_at=now())
    added = statement.on_conflict_do_nothing().returning(col(RunbookFavourite.runbook_name))
    if session.connection().execute(added).first():
        record(session, actor, Action.FAVOURITE_ADDED, ("runbook", name))


def remove(session: Session, actor: Actor, name: str) -> None:
    """Let a runbook be a favourite no longer, whether it is still in the catalogue or not; again changes nothing.

    Raises:
        NotFound: it is neither a favourite nor in the catalogue, or the caller has no account.
    """
    require(actor, Permission.RUNBOOKS_READ)
    mine = (col(RunbookFavourite.user_id) == _account(actor), col(RunbookFavourite.runbook_name) == name)
    removed = delete(RunbookFavourite).where(*mine).returning(col(RunbookFavourite.runbook_name))
    if session.connection().execute(removed).first():
        record(session, actor, Action.FAVOURITE_REMOVED, ("runbook", name))
    else:
        get_runbook(session, actor, name)


def _account(actor: Actor) -> str:
    if actor.user_id is None:
        raise NotFound("Only somebody with an account has favourites.", "no_account")
    return actor.user_id
