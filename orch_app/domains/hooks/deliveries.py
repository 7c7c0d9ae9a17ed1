"""Receiving a message: judged by its signature, counted, done once, and written down.

Whoever posts is nobody to us: only the signature lets a message in, and the answer to one that is not let in is the
same whether there is no such webhook, it is switched off, or the signature is wrong. What a message starts is started
in the name of the webhook's owner, with the rights that he or she has at that moment.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete, or_, select

from orch_app.domains.access.actor import ANONYMOUS, Actor, worker_actor
from orch_app.domains.accounts.queries import actor_for
from orch_app.domains.accounts.sessions import Client
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.hooks import mapping, secret, signatures
from orch_app.domains.hooks.models import Hook, HookDelivery
from orch_app.domains.hooks.signatures import Headers, Message, Scheme
from orch_app.domains.jobs import service as jobs
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.play_tags import PlayTags
from orch_app.domains.sources import service as sources
from orch_app.kit import ratelimit
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict, OrchError, TooMany, Unauthorized, Unavailable
from orch_app.kit.ids import new_id
from orch_app.kit.json_text import read_json
from orch_app.kit.ratelimit import Rule
from orch_app.kit.settings import settings
from orch_app.kit.wakeups import announce

KEPT = timedelta(days=30)
FAILED = "failed"
MAX_DETAIL = 500
NOT_LET_IN = "This message is not let in: no webhook, a wrong signature, or a time that is long past."
REFUSALS_TOLD = Rule("hook_refusals", 1, 60)
_NOBODYS = Scheme("github", "no webhook has this secret")
_HOOKS = worker_actor("webhooks")
_log = structlog.get_logger("hooks")


@dataclass(frozen=True)
class Posted:
    """What came by HTTP: the names of the headers are in lower case."""

    headers: Headers
    body: bytes
    client: Client


@dataclass(frozen=True)
class Receipt:
    """What became of a message; `is_repeat`: it had come before, and this time nothing was done."""

    delivery: HookDelivery
    is_repeat: bool


@dataclass(frozen=True)
class _Received:
    message: Message
    payload: object
    posted: Posted


@dataclass(frozen=True)
class _Outcome:
    name: str
    reason: str = ""
    detail: str = ""
    job: Job | None = None


def receive(hook_id: str, posted: Posted) -> Receipt:
    """Judge a message and do what its webhook says, once. Opens its own transactions.

    Raises:
        Unauthorized: it is not let in.
        TooMany: the webhook was told too often.
        BadRequest: the body of an authentic message is not JSON.
        Unavailable: nothing was done and nothing is written down; the sender tries again.
    """
    with reading() as session:
        hook = session.get(Hook, hook_id)
    message = _judged(hook, posted)
    if hook is None or message is None:
        _note_refusal(hook, posted.client)
        raise Unauthorized(NOT_LET_IN, "hook_refused")
    _count(hook)
    payload = read_json(posted.body)
    with unit_of_work() as session:
        current = session.get(Hook, hook_id)
        if current is None or not current.is_enabled:
            raise Unauthorized(NOT_LET_IN, "hook_refused")
        return _once(session, current, _Received(message, payload, posted))


def _judged(hook: Hook | None, posted: Posted) -> Message | None:
    """The message if it is authentic; for no webhook as much is reckoned as for one."""
    scheme = _scheme_of(hook)
    found = signatures.read(scheme or _NOBODYS, posted.headers, posted.body, now().timestamp())
    return found if scheme else None


def _scheme_of(hook: Hook | None) -> Scheme | None:
    if hook is None or not hook.is_enabled:
        return None
    try:
        opened = secret.opened(hook)
    except Conflict as error:
        _log.warning("hook.secret_unreadable", hook=hook.id, detail=error.detail)
        return None
    return Scheme(hook.provider, opened, hook.signature_header, hook.delivery_header, hook.timestamp_header)


def _note_refusal(hook: Hook | None, client: Client) -> None:
    """One entry a minute for each webhook: strangers must not be able to fill the audit log."""
    if hook is None or not ratelimit.hit(REFUSALS_TOLD, hook.id).is_allowed:
        return
    stranger = replace(ANONYMOUS, ip=client.ip, request_id=client.request_id)
    facts = {"name": hook.name, "enabled": hook.is_enabled}
    with unit_of_work() as session:
        record(session, stranger, Action.HOOK_REFUSED, ("hook", hook.id), result="denied", metadata=facts)


def _count(hook: Hook) -> None:
    standing = ratelimit.hit(ratelimit.rule_of("hook", settings().hook_limit), hook.id)
    if not standing.is_allowed:
        wait_s = max(1, round(standing.reset_s))
        detail = f"This webhook was told too often. Try again in {wait_s} seconds."
        raise TooMany(detail, "rate_limited", retry_after_s=wait_s)


def _once(session: Session, hook: Hook, received: _Received) -> Receipt:
    """Write the delivery first: of two equal ones only one gets past that, on whichever machines they arrive."""
    row = _row(hook, received)
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        row = _earlier(session, hook, received.message)
        if row.outcome != FAILED:
            row.repeats += 1
            session.add(row)
            return Receipt(row, is_repeat=True)
    outcome = _act(session, hook, received)
    row.outcome, row.reason, row.detail = outcome.name, outcome.reason, outcome.detail[:MAX_DETAIL]
    row.job_id, row.job_number = (outcome.job.id, outcome.job.number) if outcome.job else (None, None)
    session.add(row)
    _forget_old(session, hook)
    _note(session, hook, row)
    return Receipt(row, is_repeat=False)


def _row(hook: Hook, received: _Received) -> HookDelivery:
    message, posted = received.message, received.posted
    return HookDelivery(
        id=new_id("dlv"),
        hook_id=hook.id,
        delivery_key=message.delivery_key,
        replay_key=message.replay_key,
        event=message.event,
        ip=posted.client.ip,
        size=len(posted.body),
        outcome=FAILED,
        received_at=now(),
    )


def _earlier(session: Session, hook: Hook, message: Message) -> HookDelivery:
    """What makes this message a repeat: before all a delivery that did not fail, so that nothing is done twice.

    Of failed ones the very same message goes first; one of the same name with another content becomes this one.

    Raises:
        Unavailable: the other one was rolled back in between.
    """
    same = or_(
        col(HookDelivery.delivery_key) == message.delivery_key, col(HookDelivery.replay_key) == message.replay_key
    )
    query = select(HookDelivery).where(HookDelivery.hook_id == hook.id, same).order_by(col(HookDelivery.id))
    found = session.exec(query.with_for_update()).all()
    if not found:
        detail = "The same message is being received at this moment. Try again."
        raise Unavailable(detail, "hook_busy", retry_after_s=1)
    row = min(found, key=lambda one: (one.outcome == FAILED, one.replay_key != message.replay_key))
    if row.outcome == FAILED:
        row.replay_key = message.replay_key
    return row


def _act(session: Session, hook: Hook, received: _Received) -> _Outcome:
    """What is refused is an outcome, and may be tried again; what is merely away undoes everything."""
    event = received.message.event
    if hook.events and event not in hook.events:
        return _Outcome("ignored", "event", event)
    if not mapping.holds(hook.conditions, received.payload):
        return _Outcome("ignored", "condition")
    try:
        with session.begin_nested():
            return _started(session, actor_for(session, hook.owner_id), hook, received.payload)
    except Unavailable:
        raise
    except OrchError as error:
        faults = "; ".join(f"{fault.pointer}: {fault.detail}" for fault in error.errors)
        return _Outcome(FAILED, error.code, f"{error.detail} {faults}".strip())


def _started(session: Session, owner: Actor, hook: Hook, payload: object) -> _Outcome:
    if hook.action == "sync":
        sources.request_sync(session, owner, hook.source_id or "")
        return _Outcome("synced")
    order = jobs.Order(
        runbook=hook.runbook_name,
        inputs=mapping.inputs_from(hook.inputs, hook.mapping, payload),
        host_ids=hook.host_ids or None,
        environment=hook.environment,
        connections=hook.connection_ids,
        request_reason=f"webhook {hook.name}",
        trigger="webhook",
        origin_id=hook.id,
        tags=PlayTags.of(hook.tags, hook.skip_tags),
        limit=hook.host_limit,
    )
    return _Outcome("launched", job=jobs.launch(session, owner, order))


def _forget_old(session: Session, hook: Hook) -> None:
    old = (col(HookDelivery.hook_id) == hook.id, col(HookDelivery.received_at) < now() - KEPT)
    session.exec(delete(HookDelivery).where(*old))


def _note(session: Session, hook: Hook, row: HookDelivery) -> None:
    facts = {"name": hook.name, "owner": hook.owner_name, "delivery": row.delivery_key, "event": row.event}
    record(
        session,
        replace(_HOOKS, ip=row.ip),
        Action.HOOK_DELIVERED,
        ("hook", hook.id),
        result="failed" if row.outcome == FAILED else "ok",
        environment=hook.environment,
        metadata=facts | {"outcome": row.outcome, "reason": row.reason, "job": row.job_id},
    )
    announce(session, "hooks")
