"""Trusting an edition: from then on its runbooks are in the catalogue, instead of those of the edition before.

What is trusted is read outside of any transaction, because it may have to come from the store first.
"""

from collections.abc import Sequence

from sqlmodel import Session

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.runbooks.errors import RunbookBroken
from orch_app.domains.runbooks.service import Found, Shelf, SyncReport, publish
from orch_app.domains.runbooks.trees import KeptTree
from orch_app.domains.sources import changes, editions, queries
from orch_app.domains.sources.changes import Difference
from orch_app.domains.sources.models import RunbookSource, SourceEdition
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict
from orch_app.kit.wakeups import announce


def compare(actor: Actor, source_id: str, edition_id: str) -> tuple[Difference, str | None]:
    """What trusting an edition would change, file by file, and the id of the edition that is trusted now.

    Opens its own transactions.

    Raises:
        NotFound: there is no such source, or it has no such edition.
        Conflict: the files of one of the two are gone.
        Unavailable: the store does not answer.
    """
    require(actor, Permission.SOURCES_READ)
    with reading() as session:
        source = queries.get_source(session, actor, source_id)
        edition = queries.get_edition(session, actor, source_id, edition_id)
        trusted = session.get(SourceEdition, source.trusted_id) if source.trusted_id else None
    try:
        old = editions.folder_of(tree_of(trusted)) if trusted else None
        return changes.between(old, editions.folder_of(tree_of(edition))), source.trusted_id
    except RunbookBroken as broken:
        raise _gone(broken) from broken


def trust(actor: Actor, source_id: str, edition_id: str) -> SyncReport:
    """Put the runbooks of an edition into the catalogue; an older one may be trusted again. Opens its own transactions.

    Raises:
        NotFound: there is no such source, or it has no such edition.
        Conflict: the edition was refused, or its files are gone.
        Unavailable: the store does not answer.
    """
    require(actor, Permission.SOURCES_TRUST)
    with reading() as session:
        edition = queries.get_edition(session, actor, source_id, edition_id)
    if edition.refusal:
        raise Conflict(f"This edition cannot be trusted: {edition.refusal}", "edition_refused")
    try:
        found = editions.runbooks_in(tree_of(edition))
    except RunbookBroken as broken:
        raise _gone(broken) from broken
    with unit_of_work() as session:
        source = queries.get_source(session, actor, source_id, for_change=True)
        return put(session, actor, source, queries.get_edition(session, actor, source_id, edition_id), found)


def put(
    session: Session, actor: Actor, source: RunbookSource, edition: SourceEdition, found: Sequence[Found]
) -> SyncReport:
    """The same in the caller's transaction, with the runbooks as they were read."""
    require(actor, Permission.SOURCES_TRUST)
    before, source.trusted_id = source.trusted_id, edition.id
    report = publish(session, actor, Shelf(source.id, tree_of(edition)), found)
    edition.trusted_at, edition.trusted_by, edition.trusted_by_name = now(), actor.user_id, actor.name
    edition.taken_json = report.taken
    session.add(source)
    session.add(edition)
    facts = {"name": source.name, "edition": edition.id, "before": before, "commit": edition.commit_id}
    names = {"added": report.added, "changed": report.changed, "removed": report.removed, "taken": report.taken}
    metadata = facts | {"tree": edition.tree_sha256, "broken": report.broken} | names
    record(session, actor, Action.SOURCE_TRUSTED, ("source", source.id), metadata=metadata)
    announce(session, "sources")
    return report


def trusted_tree(session: Session, actor: Actor, source_id: str) -> KeptTree | None:
    """The tree of the edition that is trusted now; None while none is.

    Raises:
        NotFound: there is no such source.
    """
    source = queries.get_source(session, actor, source_id)
    edition = session.get(SourceEdition, source.trusted_id) if source.trusted_id else None
    return tree_of(edition) if edition else None


def tree_of(edition: SourceEdition) -> KeptTree:
    """The tree of an edition."""
    return KeptTree(edition.id, edition.tree_sha256)


def _gone(broken: RunbookBroken) -> Conflict:
    return Conflict(f"The files of this edition cannot be read: {broken.reason}.", "edition_gone")
