"""Inbound webhooks: made, changed and removed. What comes to one is received in `deliveries`."""

from typing import Any

from pydantic import SecretStr
from sqlmodel import Session, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.hooks import queries, secret
from orch_app.domains.hooks.models import Hook
from orch_app.domains.hooks.wire import DELIVERY_HEADER, SIGNATURE_HEADER, HookChange, NewHook, facts_of
from orch_app.domains.runbooks.queries import get_runnable
from orch_app.domains.sources.queries import get_source
from orch_app.kit.clock import now
from orch_app.kit.errors import NotFound
from orch_app.kit.ids import new_id
from orch_app.kit.naming import write_named
from orch_app.kit.rest import check_match, etag
from orch_app.kit.wakeups import announce

FIELD = {"runbook": "runbook_name", "hosts": "host_ids", "connections": "connection_ids", "limit": "host_limit"}
NOT_AUDITED = {"inputs", "created_at", "updated_at", "secret_set_at"}


def create(session: Session, actor: Actor, new: NewHook) -> tuple[Hook, str]:
    """Keep a new webhook, in whose caller's name it acts from now on; gives its secret too, for this once.

    Raises:
        NotFound: there is no such runbook or source, or the caller has no account.
        Conflict: the runbook is broken or switched off, or there is a webhook of that name.
    """
    require(actor, Permission.HOOKS_WRITE, environment=new.environment)
    given = {FIELD.get(name, name): value for name, value in new.model_dump(exclude={"secret"}).items()}
    if new.provider == "generic":
        given["signature_header"] = new.signature_header or SIGNATURE_HEADER
        given["delivery_header"] = new.delivery_header or DELIVERY_HEADER
    at = now()
    stamps: dict[str, Any] = {"created_at": at, "updated_at": at, "secret_set_at": at}
    row = Hook(id=new_id("hok"), encrypted_secret="", owner_id="", **given, **stamps)
    plain = new.secret.get_secret_value() if new.secret else secret.make_up()
    secret.seal(row, plain)
    _put(session, actor, row)
    _noted(session, actor, Action.HOOK_CREATED, row, _facts(row))
    return row, plain


def update(session: Session, actor: Actor, hook_id: str, change: HookChange, *, if_match: str | None = None) -> Hook:
    """Change the given fields; whoever changes a webhook becomes its owner: what happens then is what he or she wants.

    Raises:
        NotFound: there is no such webhook, or the caller has no account.
        StaleVersion: `if_match` is the ETag of an older version.
        NotFound, Conflict: as `create`.
    """
    require(actor, Permission.HOOKS_WRITE)
    row = queries.get_hook(session, actor, hook_id, for_change=True)
    check_match(if_match, etag(row.id, row.version))
    before, given = _facts(row), change.model_dump(exclude_unset=True)
    wanted = {FIELD.get(name, name): value for name, value in given.items() if value is not None}
    replaced: SecretStr | None = wanted.pop("secret", None)
    for name, value in wanted.items():
        setattr(row, name, value)
    if replaced:
        secret.seal(row, replaced.get_secret_value())
    row.version, row.updated_at = row.version + 1, now()
    _put(session, actor, row)
    facts = {"before": before, "after": _facts(row), "secretReplaced": bool(replaced)}
    _noted(session, actor, Action.HOOK_CHANGED, row, facts)
    return row


def replace_secret(session: Session, actor: Actor, hook_id: str) -> tuple[Hook, str]:
    """Give a webhook a new secret that was made up here; the old one ends at once. Gives it too, for this once.

    Raises:
        NotFound: there is no such webhook, or the caller has no account.
        Conflict: as `create`.
    """
    plain = secret.make_up()
    return update(session, actor, hook_id, HookChange(secret=SecretStr(plain))), plain


def delete(session: Session, actor: Actor, hook_id: str, *, if_match: str | None = None) -> None:
    """Remove a webhook and the list of what came to it; its jobs stay.

    Raises:
        NotFound: there is no such webhook.
        StaleVersion: `if_match` is the ETag of an older version.
    """
    require(actor, Permission.HOOKS_WRITE)
    row = queries.get_hook(session, actor, hook_id, for_change=True)
    check_match(if_match, etag(row.id, row.version))
    session.delete(row)
    session.flush()
    _noted(session, actor, Action.HOOK_DELETED, row, _facts(row))


def _put(session: Session, actor: Actor, row: Hook) -> None:
    """Check and write the row as the caller's own."""
    if actor.user_id is None:
        raise NotFound("A webhook needs an owner with an account.", "no_account")
    row.owner_id, row.owner_name = actor.user_id, actor.name
    with session.no_autoflush:
        if row.action == "launch":
            get_runnable(session, actor, row.runbook_name)
        else:
            get_source(session, actor, row.source_id or "")
    _save(session, row)


def _save(session: Session, row: Hook) -> None:
    twins = select(Hook.id).where(Hook.name == row.name, Hook.id != row.id)
    write_named(session, row, twins, f"There is already a webhook named {row.name}.")


def _facts(row: Hook) -> dict[str, Any]:
    """What the audit log keeps of a webhook: not the values of its inputs."""
    facts = {name: value for name, value in facts_of(row).items() if name not in NOT_AUDITED}
    return facts | {"inputs": sorted(row.inputs)}


def _noted(session: Session, actor: Actor, action: Action, row: Hook, metadata: dict[str, Any]) -> None:
    record(session, actor, action, ("hook", row.id), environment=row.environment, metadata=metadata)
    announce(session, "hooks")
