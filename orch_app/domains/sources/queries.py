"""Reading sources and their editions."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.sources.models import RunbookSource, SourceEdition
from orch_app.domains.sources.wire import SourceAnswer, SourcesQuery
from orch_app.kit.errors import NotFound
from orch_app.kit.pages import Page, PageQuery, contains, read_page

SOURCE_SORT = {
    "name": RunbookSource.name,
    "kind": RunbookSource.kind,
    "createdAt": RunbookSource.created_at,
    "updatedAt": RunbookSource.updated_at,
    "id": RunbookSource.id,
}
EDITION_SORT = {"-id": SourceEdition.id, "id": SourceEdition.id}  # ids sort by age


def get_source(session: Session, actor: Actor, source_id: str, *, for_change: bool = False) -> RunbookSource:
    """One source; `for_change` keeps others from changing it until the transaction ends.

    Raises:
        NotFound: there is none with this id.
    """
    require(actor, Permission.SOURCES_READ)
    query = select(RunbookSource).where(RunbookSource.id == source_id)
    found = session.exec(query.with_for_update() if for_change else query).one_or_none()
    if found is None:
        raise NotFound("There is no such source.", "source_not_found")
    return found


def find_by_name(session: Session, actor: Actor, name: str) -> RunbookSource:
    """One source by its name, for the command line.

    Raises:
        NotFound: there is none of that name.
    """
    require(actor, Permission.SOURCES_READ)
    found = session.exec(select(RunbookSource).where(RunbookSource.name == name)).one_or_none()
    if found is None:
        raise NotFound(f"There is no source {name}.", "source_not_found")
    return found


def get_edition(session: Session, actor: Actor, source_id: str, edition_id: str) -> SourceEdition:
    """One edition of a source.

    Raises:
        NotFound: there is no such source, or it has no such edition.
    """
    get_source(session, actor, source_id)
    query = select(SourceEdition).where(SourceEdition.id == edition_id, SourceEdition.source_id == source_id)
    found = session.exec(query).one_or_none()
    if found is None:
        raise NotFound("The source has no such edition, or no longer.", "edition_not_found")
    return found


def list_sources(session: Session, actor: Actor, wanted: SourcesQuery) -> Page[RunbookSource]:
    """A page of sources by name, or in the order asked for.

    Raises:
        BadRequest: an unknown sort key or a foreign cursor.
    """
    require(actor, Permission.SOURCES_READ)
    query = select(RunbookSource)
    return read_page(
        session, query.where(contains(RunbookSource.name, wanted.q)) if wanted.q else query, SOURCE_SORT, wanted
    )


def list_editions(session: Session, actor: Actor, source_id: str, wanted: PageQuery) -> Page[SourceEdition]:
    """What was fetched from a source, the newest first.

    Raises:
        NotFound: there is no such source.
    """
    get_source(session, actor, source_id)
    query = select(SourceEdition).where(SourceEdition.source_id == source_id)
    return read_page(session, query, EDITION_SORT, wanted)


def show(session: Session, actor: Actor, rows: Sequence[RunbookSource]) -> list[SourceAnswer]:
    """The answers for rows, each with its newest and its trusted edition."""
    require(actor, Permission.SOURCES_READ)
    wanted = {edition_id for row in rows for edition_id in (row.newest_id, row.trusted_id) if edition_id}
    query = select(SourceEdition).where(col(SourceEdition.id).in_(wanted))
    found = {one.id: one for one in session.exec(query).all()} if wanted else {}
    return [SourceAnswer.of(row, found.get(row.newest_id or ""), found.get(row.trusted_id or "")) for row in rows]
