"""Sources of runbooks over REST: what there is, what came of each, what trusting it would change, and trusting it."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response, status
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.accounts.edge import SignedIn
from orch_app.domains.sources import adoptions, queries, service, trusting
from orch_app.domains.sources.models import RunbookSource
from orch_app.domains.sources.wire import (
    AdoptionAnswer,
    AdoptionBody,
    DiffAnswer,
    EditionAnswer,
    EditionPage,
    FileChangeAnswer,
    NewSource,
    SourceAnswer,
    SourceChange,
    SourcePage,
    SourcesQuery,
)
from orch_app.kit.pages import PageQuery, next_link
from orch_app.kit.rest import Answer, Reading, Transaction, etag

router = APIRouter(prefix="/v1", tags=["sources"])

IfMatch = Annotated[str | None, Header(max_length=200)]


class TrustAnswer(Answer):
    """What became of the catalogue; `taken` are names that are in it from elsewhere and stay what they are."""

    added: list[str]
    changed: list[str]
    removed: list[str]
    broken: list[str]
    taken: list[str]


@router.get("/sources")
def list_sources(
    query: Annotated[SourcesQuery, Query()], actor: SignedIn, session: Reading, request: Request, response: Response
) -> SourcePage:
    """Sources of runbooks by name, a page at a time, each with what was fetched last and what is trusted."""
    page = queries.list_sources(session, actor, query)
    response.headers.update(next_link(request, page.next_cursor))
    items = queries.show(session, actor, page.items)
    return SourcePage(items=items, next_cursor=page.next_cursor, prev_cursor=page.prev_cursor, total=page.total)


@router.post("/sources", status_code=status.HTTP_201_CREATED)
def create_source(body: NewSource, actor: SignedIn, session: Transaction, response: Response) -> SourceAnswer:
    """Add a source and have it fetched. Nothing of it can run before somebody has trusted it."""
    row = service.create(session, actor, body)
    response.headers["Location"] = f"/v1/sources/{row.id}"
    return _answer(session, actor, row, response)


@router.get("/sources/{source_id}")
def get_source(source_id: str, actor: SignedIn, session: Reading, response: Response) -> SourceAnswer:
    """One source."""
    return _answer(session, actor, queries.get_source(session, actor, source_id), response)


@router.patch("/sources/{source_id}")
def update_source(
    source_id: str,
    body: SourceChange,
    actor: SignedIn,
    session: Transaction,
    response: Response,
    if_match: IfMatch = None,
) -> SourceAnswer:
    """Change the given fields; another branch, tag or subfolder is fetched at once."""
    return _answer(session, actor, service.update(session, actor, source_id, body, if_match=if_match), response)


@router.delete("/sources/{source_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_source(source_id: str, actor: SignedIn, session: Transaction, if_match: IfMatch = None) -> None:
    """Remove a source and its runbooks; jobs stay."""
    service.delete(session, actor, source_id, if_match=if_match)


@router.post("/sources/{source_id}/sync", status_code=status.HTTP_202_ACCEPTED)
def sync_source(source_id: str, actor: SignedIn, session: Transaction, response: Response) -> SourceAnswer:
    """Have a worker fetch the source now."""
    return _answer(session, actor, service.request_sync(session, actor, source_id), response)


@router.get("/sources/{source_id}/adoptions")
def list_adoptions(source_id: str, actor: SignedIn, session: Reading) -> list[AdoptionAnswer]:
    """The plain playbooks of a source that are made into runbooks."""
    return [AdoptionAnswer.model_validate(row) for row in adoptions.of_source(session, actor, source_id)]


@router.put("/sources/{source_id}/adoptions/{name}")
def adopt_playbook(
    source_id: str, name: str, body: AdoptionBody, actor: SignedIn, session: Transaction
) -> AdoptionAnswer:
    """Make a plain playbook a runbook of this name; it is fetched anew, and waits to be trusted."""
    return AdoptionAnswer.model_validate(adoptions.put(session, actor, source_id, name, body))


@router.delete("/sources/{source_id}/adoptions/{name}", status_code=status.HTTP_204_NO_CONTENT)
def disown_playbook(source_id: str, name: str, actor: SignedIn, session: Transaction) -> None:
    """Let a playbook be no runbook any more, once what is fetched then is trusted."""
    adoptions.remove(session, actor, source_id, name)


@router.get("/sources/{source_id}/editions")
def list_editions(
    source_id: str,
    query: Annotated[PageQuery, Query()],
    actor: SignedIn,
    session: Reading,
    request: Request,
    response: Response,
) -> EditionPage:
    """What was fetched from a source, the newest first."""
    page = queries.list_editions(session, actor, source_id, query)
    response.headers.update(next_link(request, page.next_cursor))
    items = [EditionAnswer.of(row) for row in page.items]
    return EditionPage(items=items, next_cursor=page.next_cursor, prev_cursor=page.prev_cursor, total=page.total)


@router.get("/sources/{source_id}/editions/{edition_id}/diff")
def get_diff(source_id: str, edition_id: str, actor: SignedIn) -> DiffAnswer:
    """What trusting this edition would change in the files that run, against the edition that is trusted now."""
    found, trusted_id = trusting.compare(actor, source_id, edition_id)
    files = [FileChangeAnswer.model_validate(one) for one in found.files]
    return DiffAnswer(edition_id=edition_id, trusted_id=trusted_id, files=files, truncated=found.truncated)


@router.post("/sources/{source_id}/editions/{edition_id}/trust")
def trust_edition(source_id: str, edition_id: str, actor: SignedIn) -> TrustAnswer:
    """Put the runbooks of this edition into the catalogue, instead of those of the edition that was trusted."""
    return TrustAnswer.model_validate(trusting.trust(actor, source_id, edition_id))


def _answer(session: Session, actor: Actor, row: RunbookSource, response: Response) -> SourceAnswer:
    response.headers["ETag"] = etag(row.id, row.version)
    return queries.show(session, actor, [row])[0]
