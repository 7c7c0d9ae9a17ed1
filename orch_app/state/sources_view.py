"""Sources of runbooks as the screen shows them, with what trusting the newest edition of one would change."""

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.sources import queries
from orch_app.domains.sources.changes import Difference, FileChange
from orch_app.domains.sources.wire import EditionAnswer, SourceAnswer, SourcesQuery
from orch_app.state.session_view import Shown

MOST = 200
SHORT = 10
NO_SOURCE: Shown = {"id": "", "name": "", "state": "new", "newestId": "", "refusal": "", "broken": [], "fault": ""}


def read_sources(session: Session, actor: Actor) -> list[Shown]:
    """The rows of the list, by name."""
    page = queries.list_sources(session, actor, SourcesQuery(limit=MOST))
    return [show_source(answer) for answer in queries.show(session, actor, page.items)]


def show_source(answer: SourceAnswer) -> Shown:
    """A row of the list."""
    newest = answer.newest
    broken = [f"{one.name}: {one.reason}" for one in newest.runbooks if one.reason] if newest else []
    return {
        "id": answer.id,
        "name": answer.name,
        "place": answer.path or f"{answer.ref_kind} {answer.ref}",
        "state": answer.state,
        "fault": answer.fault,
        "refusal": newest.refusal if newest else "",
        "broken": broken,
        "newestId": newest.id if newest else "",
        "newest": _named(newest),
        "subject": newest.subject if newest else "",
        "trusted": _named(answer.trusted),
        "trustedBy": answer.trusted.trusted_by if answer.trusted else "",
        "syncedAt": answer.synced_at.isoformat() if answer.synced_at else "",
    }


def show_difference(found: Difference) -> list[Shown]:
    """Each file that differs, as the drawer lists it."""
    return [_file(one) for one in found.files]


def _file(one: FileChange) -> Shown:
    return {"path": one.path, "change": one.change, "diff": one.diff, "note": one.note}


def _named(edition: EditionAnswer | None) -> str:
    """An edition in a few characters: its commit, or what names its files where it has none."""
    return (edition.commit_id or edition.tree_sha256)[:SHORT] if edition else ""
