"""Sources of runbooks: added, changed, removed, and asked for. What they hold is fetched by a worker, see `syncing`."""

from typing import Any

from sqlmodel import Session, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.inventory.queries import find_connection
from orch_app.domains.runbooks.service import Shelf, publish
from orch_app.domains.sources import places, queries
from orch_app.domains.sources.editions import FORGET_TASK
from orch_app.domains.sources.models import RunbookSource, SourceEdition
from orch_app.domains.sources.wire import NewSource, SourceChange
from orch_app.kit.clock import now
from orch_app.kit.db import moment_ms
from orch_app.kit.errors import Invalid, Problem
from orch_app.kit.ids import new_id
from orch_app.kit.naming import write_named
from orch_app.kit.queue import enqueue
from orch_app.kit.rest import check_match, etag
from orch_app.kit.wakeups import announce

SYNC_TASK = "sources.sync"
OF_THE_PLACE = ("ref_kind", "ref", "subfolder")


def create(session: Session, actor: Actor, new: NewSource) -> RunbookSource:
    """Keep a new source and have it fetched; nothing of it runs before an admin has trusted it.

    Raises:
        Invalid: 422 at /path or /connectionId.
        Conflict: there is a source of that name.
    """
    require(actor, Permission.SOURCES_WRITE)
    if new.trusts_itself:
        require(actor, Permission.SOURCES_TRUST)
    if new.kind == "folder":
        places.require_allowed(new.path)
    else:
        _check_connection(session, actor, new.connection_id or "")
    at = now()
    made_by: dict[str, Any] = {"created_by": actor.user_id, "created_by_name": actor.name}
    stamps: dict[str, Any] = {"created_at": at, "updated_at": at, "sync_due_at": moment_ms(session)}
    row = RunbookSource(id=new_id("src"), **new.model_dump(), **made_by, **stamps)
    _save(session, row)
    _noted(session, actor, Action.SOURCE_CREATED, row, _facts(row))
    enqueue(session, SYNC_TASK)
    return row


def update(
    session: Session, actor: Actor, source_id: str, change: SourceChange, *, if_match: str | None = None
) -> RunbookSource:
    """Change the given fields; another place in the source is fetched at once.

    Raises:
        NotFound: there is no such source.
        StaleVersion: `if_match` is the ETag of an older version.
        Invalid: 422 at /ref: a Git source needs one, and a folder has none.
        Conflict: there is another source of that name.
    """
    require(actor, Permission.SOURCES_WRITE)
    if change.trusts_itself:
        require(actor, Permission.SOURCES_TRUST)
    row = queries.get_source(session, actor, source_id, for_change=True)
    check_match(if_match, etag(row.id, row.version))
    before, given = _facts(row), change.model_dump(exclude_unset=True)
    wanted = {name: value for name, value in given.items() if value is not None}
    _check_ref(row, wanted)
    is_elsewhere = any(name in wanted and wanted[name] != getattr(row, name) for name in OF_THE_PLACE)
    for name, value in wanted.items():
        setattr(row, name, value)
    row.version, row.updated_at = row.version + 1, now()
    if is_elsewhere or row.every_min:
        make_due(session, row)
    _save(session, row)
    _noted(session, actor, Action.SOURCE_CHANGED, row, {"before": before, "after": _facts(row)})
    return row


def delete(session: Session, actor: Actor, source_id: str, *, if_match: str | None = None) -> None:
    """Remove a source, what was fetched of it, and its runbooks from the catalogue; jobs stay.

    Raises:
        NotFound: there is no such source.
        StaleVersion: `if_match` is the ETag of an older version.
    """
    require(actor, Permission.SOURCES_WRITE)
    row = queries.get_source(session, actor, source_id, for_change=True)
    check_match(if_match, etag(row.id, row.version))
    gone = publish(session, actor, Shelf(row.id), [])
    for edition_id in session.exec(select(SourceEdition.id).where(SourceEdition.source_id == row.id)).all():
        enqueue(session, FORGET_TASK, edition_id=edition_id)
    session.delete(row)
    session.flush()
    _noted(session, actor, Action.SOURCE_DELETED, row, _facts(row) | {"runbooks": gone.removed})


def request_sync(session: Session, actor: Actor, source_id: str) -> RunbookSource:
    """Have a source fetched now; also while it is being fetched, for what is fetched then may be older.

    Raises:
        NotFound: there is no such source.
    """
    require(actor, Permission.SOURCES_WRITE)
    row = queries.get_source(session, actor, source_id, for_change=True)
    make_due(session, row)
    _noted(session, actor, Action.SOURCE_SYNC_REQUESTED, row, {"name": row.name})
    return row


def make_due(session: Session, row: RunbookSource) -> None:
    """Have a source fetched now, for whatever reason; the caller audits it."""
    row.sync_due_at = moment_ms(session)
    session.add(row)
    enqueue(session, SYNC_TASK)


def _check_connection(session: Session, actor: Actor, connection_id: str) -> None:
    found = find_connection(session, actor, connection_id)
    if found is None or found.type != "git":
        detail = "There is no such connection." if found is None else "This is not a connection of type git."
        raise Invalid(detail, "validation", errors=(Problem("/connectionId", "connection", detail),))


def _check_ref(row: RunbookSource, wanted: dict[str, Any]) -> None:
    is_git, ref = row.kind == "git", wanted.get("ref", row.ref)
    if is_git == bool(ref):
        return
    detail = "A Git source needs a branch or a tag." if is_git else "A folder has neither branches nor tags."
    raise Invalid(detail, "validation", errors=(Problem("/ref", "ref", detail),))


def _save(session: Session, row: RunbookSource) -> None:
    twins = select(RunbookSource.id).where(RunbookSource.name == row.name, RunbookSource.id != row.id)
    write_named(session, row, twins, f"There is already a source named {row.name}.")


def _facts(row: RunbookSource) -> dict[str, Any]:
    """What the audit log keeps of a source."""
    names = {"name", "kind", "path", "connection_id", *OF_THE_PLACE, "every_min", "trusts_itself"}
    return row.model_dump(include=names)


def _noted(session: Session, actor: Actor, action: Action, row: RunbookSource, metadata: dict[str, Any]) -> None:
    record(session, actor, action, ("source", row.id), metadata=metadata)
    announce(session, "sources")
