"""Inbound webhooks over REST: kept under /v1/webhooks by people, told under /v1/hooks by other systems."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response, status

from orch_app.domains.accounts.edge import Anybody, SignedIn
from orch_app.domains.hooks import deliveries, queries, service
from orch_app.domains.hooks.deliveries import Posted
from orch_app.domains.hooks.models import Hook
from orch_app.domains.hooks.wire import (
    DeliveryAnswer,
    DeliveryPage,
    HookAnswer,
    HookChange,
    HookPage,
    HooksQuery,
    NewHook,
    NewHookAnswer,
    ReceiptAnswer,
    facts_of,
)
from orch_app.kit.pages import PageQuery, next_link
from orch_app.kit.rest import Reading, Transaction, etag

router = APIRouter(prefix="/v1", tags=["webhooks"])

IfMatch = Annotated[str | None, Header(max_length=200)]


_ANY_JSON = {"requestBody": {"required": True, "content": {"application/json": {"schema": {}}}}}


async def _raw(request: Request) -> bytes:
    """The body to the byte: that is what was signed."""
    return await request.body()


@router.post("/hooks/{hook_id}", status_code=status.HTTP_202_ACCEPTED, openapi_extra=_ANY_JSON)
def receive_hook(
    hook_id: str, request: Request, client: Anybody, body: Annotated[bytes, Depends(_raw)]
) -> ReceiptAnswer:
    """Tell a webhook something. The signature says who speaks; the same message again does nothing."""
    found = deliveries.receive(hook_id, Posted(dict(request.headers), body, client))
    row = found.delivery
    facts = row.model_dump(include={"id", "outcome", "reason", "job_id", "job_number"})
    return ReceiptAnswer.model_validate(facts | {"is_repeat": found.is_repeat})


@router.get("/webhooks")
def list_webhooks(
    query: Annotated[HooksQuery, Query()], actor: SignedIn, session: Reading, request: Request, response: Response
) -> HookPage:
    """Inbound webhooks by name, a page at a time."""
    page = queries.list_hooks(session, actor, query)
    response.headers.update(next_link(request, page.next_cursor))
    items = [HookAnswer.of(row) for row in page.items]
    return HookPage(items=items, next_cursor=page.next_cursor, prev_cursor=page.prev_cursor, total=page.total)


@router.post("/webhooks", status_code=status.HTTP_201_CREATED)
def create_webhook(body: NewHook, actor: SignedIn, session: Transaction, response: Response) -> NewHookAnswer:
    """Make a webhook that acts in the caller's name. Its secret is in this answer, and in no other."""
    row, secret = service.create(session, actor, body)
    response.headers["Location"] = f"/v1/webhooks/{row.id}"
    return _told(row, secret, response)


@router.get("/webhooks/{hook_id}")
def get_webhook(hook_id: str, actor: SignedIn, session: Reading, response: Response) -> HookAnswer:
    """One webhook."""
    return _answer(queries.get_hook(session, actor, hook_id), response)


@router.patch("/webhooks/{hook_id}")
def update_webhook(
    hook_id: str,
    body: HookChange,
    actor: SignedIn,
    session: Transaction,
    response: Response,
    if_match: IfMatch = None,
) -> HookAnswer:
    """Change the given fields, the secret too; the caller becomes the owner."""
    return _answer(service.update(session, actor, hook_id, body, if_match=if_match), response)


@router.post("/webhooks/{hook_id}/secret")
def replace_webhook_secret(hook_id: str, actor: SignedIn, session: Transaction, response: Response) -> NewHookAnswer:
    """Make up a new secret; the old one ends at once. It is in this answer, and in no other."""
    row, secret = service.replace_secret(session, actor, hook_id)
    return _told(row, secret, response)


@router.delete("/webhooks/{hook_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_webhook(hook_id: str, actor: SignedIn, session: Transaction, if_match: IfMatch = None) -> None:
    """Remove a webhook; its jobs stay."""
    service.delete(session, actor, hook_id, if_match=if_match)


@router.get("/webhooks/{hook_id}/deliveries")
def list_deliveries(
    hook_id: str,
    query: Annotated[PageQuery, Query()],
    actor: SignedIn,
    session: Reading,
    request: Request,
    response: Response,
) -> DeliveryPage:
    """What was delivered to a webhook and what came of it, the newest first."""
    page = queries.list_deliveries(session, actor, hook_id, query)
    response.headers.update(next_link(request, page.next_cursor))
    items = [DeliveryAnswer.of(row) for row in page.items]
    return DeliveryPage(items=items, next_cursor=page.next_cursor, prev_cursor=page.prev_cursor, total=page.total)


def _told(row: Hook, secret: str, response: Response) -> NewHookAnswer:
    """The one answer with a secret in it."""
    response.headers["ETag"] = etag(row.id, row.version)
    return NewHookAnswer.model_validate({**facts_of(row), "secret": secret})


def _answer(row: Hook, response: Response) -> HookAnswer:
    response.headers["ETag"] = etag(row.id, row.version)
    return HookAnswer.of(row)
