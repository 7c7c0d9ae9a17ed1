"""Reading inbound webhooks and what was delivered to them."""

from sqlmodel import Session, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.hooks.models import Hook, HookDelivery
from orch_app.domains.hooks.wire import HooksQuery
from orch_app.kit.errors import NotFound
from orch_app.kit.pages import Page, PageQuery, contains, read_page

HOOK_SORT = {"name": Hook.name, "createdAt": Hook.created_at, "updatedAt": Hook.updated_at, "id": Hook.id}
DELIVERY_SORT = {"-id": HookDelivery.id, "id": HookDelivery.id}  # ids sort by age


def get_hook(session: Session, actor: Actor, hook_id: str, *, for_change: bool = False) -> Hook:
    """One webhook; `for_change` keeps others from changing it until the transaction ends.

    Raises:
        NotFound: there is none with this id.
    """
    require(actor, Permission.HOOKS_READ)
    query = select(Hook).where(Hook.id == hook_id)
    found = session.exec(query.with_for_update() if for_change else query).one_or_none()
    if found is None:
        raise NotFound("There is no such webhook.", "hook_not_found")
    return found


def list_hooks(session: Session, actor: Actor, wanted: HooksQuery) -> Page[Hook]:
    """A page of webhooks by name, or in the order asked for.

    Raises:
        BadRequest: an unknown sort key or a foreign cursor.
    """
    require(actor, Permission.HOOKS_READ)
    query = select(Hook)
    return read_page(session, query.where(contains(Hook.name, wanted.q)) if wanted.q else query, HOOK_SORT, wanted)


def list_deliveries(session: Session, actor: Actor, hook_id: str, wanted: PageQuery) -> Page[HookDelivery]:
    """What was delivered to a webhook, the newest first.

    Raises:
        NotFound: there is no such webhook.
    """
    get_hook(session, actor, hook_id)
    query = select(HookDelivery).where(HookDelivery.hook_id == hook_id)
    return read_page(session, query, DELIVERY_SORT, wanted)
