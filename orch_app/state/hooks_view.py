"""Inbound webhooks and what came to each, as the screen shows them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Permission
from orch_app.domains.hooks import queries
from orch_app.domains.hooks.models import Hook
from orch_app.domains.hooks.signatures import HEADERS_OF
from orch_app.domains.hooks.wire import Condition, DeliveryAnswer, HookAnswer, HooksQuery, MappedInput
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.runbooks.queries import list_runbooks
from orch_app.domains.sources.queries import list_sources
from orch_app.domains.sources.wire import SourcesQuery
from orch_app.kit.pages import PageQuery
from orch_app.state.address import page_href
from orch_app.state.hook_form_view import written
from orch_app.state.launch_view import scope_of

PAGE = 50
LATEST = 30
MOST_SOURCES = 200
Shown = dict[str, Any]
NO_HOOK: Shown = {
    "id": "", "name": "", "path": "", "provider": "github", "setAt": "", "headers": [], "action": "launch",
    "target": "", "targetPt": "", "href": "", "scope": "", "environment": "stage", "mapping": [], "conditions": [],
    "events": [], "isEnabled": True, "owner": "", "changedAt": "", "version": 0,
}  # fmt: skip


def read_hooks(session: Session, actor: Actor, asked: Mapping[str, str]) -> Shown:
    """A page of webhooks for the filters of the address."""
    page = queries.list_hooks(
        session, actor, HooksQuery(q=asked["q"], cursor=asked["cursor"], limit=PAGE, with_total=True)
    )
    return {
        "rows": _shown(session, actor, page.items),
        "total": page.total or 0,
        "next_href": page_href("/webhooks", asked, page.next_cursor),
        "previous_href": page_href("/webhooks", asked, page.prev_cursor),
    }


def read_hook(session: Session, actor: Actor, hook_id: str) -> Shown:
    """One webhook, wherever it stands in the list.

    Raises:
        NotFound: there is none of that id.
    """
    row = queries.get_hook(session, actor, hook_id)
    return _shown(session, actor, [row])[0]


def read_source_options(session: Session, actor: Actor) -> list[dict[str, str]]:
    """Sources that a message can have fetched, as options."""
    if not actor.may(Permission.SOURCES_READ):
        return []
    page = list_sources(session, actor, SourcesQuery(limit=MOST_SOURCES))
    return [{"value": row.id, "label": row.name} for row in page.items]


def read_deliveries(session: Session, actor: Actor, hook_id: str) -> list[Shown]:
    """What came to a webhook last.

    Raises:
        NotFound: there is no such webhook.
    """
    page = queries.list_deliveries(session, actor, hook_id, PageQuery(limit=LATEST))
    return [_delivery(DeliveryAnswer.of(row)) for row in page.items]


def _shown(session: Session, actor: Actor, rows: Sequence[Hook]) -> list[Shown]:
    runbooks = {one.name: one for one in list_runbooks(session, actor)}
    sources = {one["value"]: one["label"] for one in read_source_options(session, actor)}
    return [_show(HookAnswer.of(row), runbooks, sources) for row in rows]


def _show(one: HookAnswer, runbooks: Mapping[str, Runbook], sources: Mapping[str, str]) -> Shown:
    """A row: what it does by the words that people know, and what it heeds as lines."""
    chosen = (one.signature_header, one.delivery_header, one.timestamp_header)
    return {
        **one.model_dump(include={"id", "name", "path", "provider", "action", "environment", "events", "version"}),
        **_target(one, runbooks, sources),
        "scope": scope_of(one.limit, one.tags, one.skip_tags),
        "setAt": one.secret_set_at.isoformat(),
        "headers": HEADERS_OF.get(one.provider) or [name for name in chosen if name],
        "mapping": [_mapped(each) for each in one.mapping],
        "conditions": [_condition(each) for each in one.conditions],
        "isEnabled": one.is_enabled,
        "owner": one.owner_name,
        "changedAt": one.updated_at.isoformat(),
    }


def _target(one: HookAnswer, runbooks: Mapping[str, Runbook], sources: Mapping[str, str]) -> Shown:
    """What a message starts, in both languages, and the page of it."""
    if one.action == "sync":
        name = sources.get(one.source_id or "", "")
        return {"target": name, "targetPt": name, "href": "/sources"}
    runbook = runbooks.get(one.runbook)
    title = runbook.title if runbook and runbook.title else one.runbook
    title_pt = runbook.title_pt if runbook and runbook.title_pt else title
    return {"target": title, "targetPt": title_pt, "href": f"/runbooks?run={one.runbook}"}


def _mapped(one: MappedInput) -> str:
    taken = f" - {one.remove_prefix}" if one.remove_prefix else ""
    return f"{one.input} = {one.pointer}{taken}{'' if one.required else ' ?'}"


def _condition(one: Condition) -> str:
    return f"{one.pointer} = {written(one.equals)}"


def _delivery(one: DeliveryAnswer) -> Shown:
    return {
        **one.model_dump(include={"id", "event", "ip", "outcome", "reason", "detail", "repeats"}),
        "at": one.received_at.isoformat(),
        "href": f"/jobs/{one.job_id}" if one.job_id else "",
        "number": one.job_number or 0,
    }
