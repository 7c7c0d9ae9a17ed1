"""Groups of hosts over REST."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response, status
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.accounts.edge import SignedIn
from orch_app.domains.inventory import group_queries, groups
from orch_app.domains.inventory.group_wire import GroupAnswer, GroupChange, GroupPage, GroupsQuery, NewGroup
from orch_app.domains.inventory.models import HostGroup
from orch_app.kit.pages import next_link
from orch_app.kit.rest import Reading, Transaction, etag

router = APIRouter(prefix="/v1/host-groups", tags=["inventory"])

IfMatch = Annotated[str | None, Header(max_length=200)]


@router.get("")
def list_host_groups(
    query: Annotated[GroupsQuery, Query()], actor: SignedIn, session: Reading, request: Request, response: Response
) -> GroupPage:
    """Groups of hosts by name, a page at a time."""
    page = group_queries.list_groups(session, actor, query)
    response.headers.update(next_link(request, page.next_cursor))
    return GroupPage(
        items=group_queries.show(session, actor, page.items),
        next_cursor=page.next_cursor,
        prev_cursor=page.prev_cursor,
        total=page.total,
    )


@router.post("", status_code=status.HTTP_201_CREATED)
def create_host_group(body: NewGroup, actor: SignedIn, session: Transaction, response: Response) -> GroupAnswer:
    """Add a group of hosts."""
    row = groups.create(session, actor, body)
    response.headers["Location"] = f"/v1/host-groups/{row.id}"
    return _group(session, actor, row, response)


@router.get("/{group_id}")
def get_host_group(group_id: str, actor: SignedIn, session: Reading, response: Response) -> GroupAnswer:
    """One group of hosts."""
    return _group(session, actor, group_queries.get_group(session, actor, group_id), response)


@router.patch("/{group_id}")
def update_host_group(
    group_id: str,
    body: GroupChange,
    actor: SignedIn,
    session: Transaction,
    response: Response,
    if_match: IfMatch = None,
) -> GroupAnswer:
    """Change the given fields of a group; lists are given whole."""
    return _group(session, actor, groups.update(session, actor, group_id, body, if_match=if_match), response)


@router.delete("/{group_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_host_group(group_id: str, actor: SignedIn, session: Transaction, if_match: IfMatch = None) -> None:
    """Remove a group, also from those that hold it; its hosts stay."""
    groups.delete(session, actor, group_id, if_match=if_match)


def _group(session: Session, actor: Actor, row: HostGroup, response: Response) -> GroupAnswer:
    response.headers["ETag"] = etag(row.id, row.version)
    return group_queries.show(session, actor, [row])[0]
