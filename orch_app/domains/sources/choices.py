"""Sources as choices in forms: those with a trusted edition, for runbooks that read what is in it."""

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.runbooks.choices.found import MOST_SHOWN, Asked, Choice, Found
from orch_app.domains.runbooks.choices.sources import OwnSource
from orch_app.domains.sources import queries
from orch_app.domains.sources.wire import SourcesQuery
from orch_app.kit.errors import NotFound


def find(session: Session, actor: Actor, asked: Asked) -> Found:
    """Sources by name; the value is the id."""
    page = queries.list_sources(session, actor, SourcesQuery(q=asked.text, limit=MOST_SHOWN))
    found = (Choice(row.id, row.name, row.kind) for row in page.items if row.trusted_id)
    return Found(tuple(found), truncated=page.next_cursor is not None)


def has(session: Session, actor: Actor, _asked: Asked, value: str | int) -> bool:
    """Whether there is such a source, with a trusted edition."""
    try:
        return queries.get_source(session, actor, str(value)).trusted_id is not None
    except NotFound:
        return False


CHOICES = OwnSource(find, has)
