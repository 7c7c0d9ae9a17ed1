"""Hosts: added, changed, removed, their keys pinned, and what jobs found out about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from sqlmodel import Session, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.inventory import queries, variables
from orch_app.domains.inventory.models import Connection, Host
from orch_app.domains.inventory.naming import write_named
from orch_app.domains.inventory.provenance import BY_HAND, Brought
from orch_app.domains.inventory.wire import HostChange, HostStatus, NewHost
from orch_app.integrations.ssh.keys import PublicKey, read_public_key
from orch_app.kit.clock import now
from orch_app.kit.egress import EgressRefused, is_address, judge
from orch_app.kit.errors import Conflict, Invalid, Problem
from orch_app.kit.ids import new_id
from orch_app.kit.rest import check_match, etag
from orch_app.kit.wakeups import announce

Place = tuple[str, int]
MAX_DETAIL = 500
_MOVING = frozenset({"address", "port"})


@dataclass(frozen=True)
class Said:
    """Why a host has its status: an English sentence, and a word for it that screens translate, where there is one."""

    detail: str = ""
    code: str = ""


NOTHING = Said()
NO_KEY_SHOWN = Said("The host showed no key: nothing answers there, or it is no ssh server.", "no_key_shown")
OTHER_KEY_SHOWN = Said("The host shows another key than the pinned one.", "other_key")
UNREACHABLE_IN_JOB = Said("The last job could not reach it.", "unreachable_in_job")


def create(session: Session, actor: Actor, new: NewHost, *, brought: Brought = BY_HAND) -> Host:
    """Add a host. Registered by somebody who may, its own address and port are allowed for connections.

    Raises:
        Invalid: 422 at /address when it is never connected to, at /connectionId when that is of another environment,
            below /variables.
        Conflict: the environment has a host of that name.
    """
    require(actor, Permission.HOSTS_WRITE, environment=new.environment)
    at = now()
    row = Host(
        id=new_id("hst"),
        **new.model_dump(),
        is_trusted_text=brought.is_trusted,
        origin=brought.origin,
        created_by=actor.user_id,
        created_at=at,
        updated_at=at,
    )
    _check(session, row)
    write_named(session, row, "host")
    _noted(session, actor, Action.HOST_CREATED, row, {"name": row.name, "address": row.address, "port": row.port})
    return row


def update(
    session: Session,
    actor: Actor,
    host_id: str,
    change: HostChange,
    *,
    if_match: str | None = None,
    brought: Brought = BY_HAND,
) -> Host:
    """Change the given fields. Another address or port is another machine: its pinned key is forgotten.

    Raises:
        NotFound: there is no such host.
        StaleVersion: `if_match` is the ETag of an older version.
        Invalid: 422 at /address or /connectionId, or below /variables.
        Conflict: the environment has another host of that name.
    """
    require(actor, Permission.HOSTS_WRITE)
    row = queries.get_host(session, actor, host_id, for_change=True)
    check_match(if_match, etag(row.id, row.version))
    given = change.model_dump(exclude_unset=True)
    cleared = {name for name, value in given.items() if value is None and name != "connection_id"}
    wanted = {name: value for name, value in given.items() if name not in cleared and value != getattr(row, name)}
    before = {name: getattr(row, name) for name in wanted}
    for name, value in wanted.items():
        setattr(row, name, value)
    _check(session, row)
    row.is_trusted_text = brought.trusts(before=row.is_trusted_text, is_rewritten="variables" in wanted)
    if _MOVING & wanted.keys():
        _forget_key(row)
    row.version += 1
    row.updated_at = now()
    write_named(session, row, "host")
    _noted(session, actor, Action.HOST_CHANGED, row, variables.told_change(before, wanted))
    return row


def delete(session: Session, actor: Actor, host_id: str, *, if_match: str | None = None) -> None:
    """Remove a host; finished jobs keep its name.

    Raises:
        NotFound: there is no such host.
        StaleVersion: `if_match` is the ETag of an older version.
    """
    require(actor, Permission.HOSTS_WRITE)
    row = queries.get_host(session, actor, host_id, for_change=True)
    check_match(if_match, etag(row.id, row.version))
    session.delete(row)
    _noted(session, actor, Action.HOST_DELETED, row, {"name": row.name, "address": row.address})


def note_scan(
    session: Session, actor: Actor, host_id: str, keys: Sequence[PublicKey], *, place: Place | None = None
) -> Host:
    """Write down what a scan of `place` showed. Nothing is pinned; a pinned key that is missing means `key_changed`.

    Raises:
        NotFound: the host is gone.
        Conflict: the host has moved to another place meanwhile.
    """
    require(actor, Permission.HOSTS_WRITE)
    row = queries.get_host(session, actor, host_id, for_change=True)
    _refuse_moved(row, place)
    shown = [key.fingerprint for key in keys]
    if not keys:
        _set(row, "unreachable", NO_KEY_SHOWN)
    elif row.host_key and pinned_fingerprint(row) not in shown:
        _set(row, "key_changed", OTHER_KEY_SHOWN)
    elif row.status in {"key_changed", "unreachable"}:
        _set(row, "unknown")
    session.add(row)
    metadata = {"name": row.name, "shown": shown, "pinned": pinned_fingerprint(row), "status": row.status}
    _noted(session, actor, Action.HOST_KEY_SCANNED, row, metadata, failed=row.status in {"key_changed", "unreachable"})
    return row


def pin_key(
    session: Session,
    actor: Actor,
    host_id: str,
    fingerprint: str,
    keys: Sequence[PublicKey],
    *,
    place: Place | None = None,
) -> Host:
    """Pin the key that a person has compared: one of `keys`, which the host has just shown.

    Raises:
        NotFound: the host is gone.
        Conflict: the host does not show a key with this fingerprint, or has moved to another place meanwhile.
    """
    require(actor, Permission.HOSTS_WRITE)
    row = queries.get_host(session, actor, host_id, for_change=True)
    _refuse_moved(row, place)
    chosen = next((key for key in keys if key.fingerprint == fingerprint), None)
    if chosen is None:
        problem = Problem("/pin", "not_shown", "The host does not show a key with this fingerprint.")
        raise Conflict("The host's key is not the one that you compared.", "host_key_mismatch", errors=(problem,))
    before = pinned_fingerprint(row)
    if before != fingerprint:
        row.host_key, row.host_key_pinned_at = chosen.line, now()
        row.version += 1
        row.updated_at = now()
    _set(row, "unknown")
    session.add(row)
    metadata = {"name": row.name, "before": before, "after": fingerprint}
    _noted(session, actor, Action.HOST_KEY_PINNED, row, metadata)
    return row


def set_status(session: Session, actor: Actor, host_id: str, status: HostStatus, said: Said = NOTHING) -> None:
    """Note how a job or a test found the host; a host that is gone is no matter.

    Raises:
        ValueError: not a status of hosts.
    """
    require(actor, Permission.CONNECTIONS_USE)
    if status not in get_args(HostStatus):
        message = f"{status!r} is not a status of hosts"
        raise ValueError(message)
    row = session.exec(select(Host).where(Host.id == host_id).with_for_update()).one_or_none()
    if row is None:
        return
    _set(row, status, said)
    session.add(row)
    announce(session, "hosts")


def _set(row: Host, status: HostStatus, said: Said = NOTHING) -> None:
    row.status, row.status_detail, row.status_detail_code = status, said.detail[:MAX_DETAIL], said.code
    if status == "ok":
        row.last_seen_at = now()


def pinned_fingerprint(row: Host) -> str | None:
    return read_public_key(row.host_key).fingerprint if row.host_key else None


def _refuse_moved(row: Host, place: Place | None) -> None:
    """What another machine showed says nothing about the one that the host is now."""
    if place and place != (row.address, row.port):
        raise Conflict("Somebody gave the host another address meanwhile: scan it again.", "host_moved")


def _forget_key(row: Host) -> None:
    row.host_key = row.host_key_pinned_at = None
    _set(row, "unknown")


def _check(session: Session, row: Host) -> None:
    """What no single field can tell."""
    problems = tuple(variables.faults(row.variables))
    if problems:
        raise Invalid("The variables are not acceptable.", "validation", errors=problems)
    try:
        if is_address(row.address):
            judge(row.address, row.port)
    except EgressRefused as refused:
        raise _invalid("/address", refused.code, refused.detail) from refused
    if row.connection_id:
        _check_connection(session, row)


def _check_connection(session: Session, row: Host) -> None:
    with session.no_autoflush:
        connection = session.get(Connection, row.connection_id)
    if connection is None:
        raise _invalid("/connectionId", "connection_not_found", "There is no such connection.")
    if connection.environment != row.environment:
        raise _invalid("/connectionId", "other_environment", f"The connection is of {connection.environment}.")
    if connection.type != "ssh":
        raise _invalid("/connectionId", "wrong_connection_type", "Hosts need a connection of type ssh.")


def _invalid(pointer: str, code: str, detail: str) -> Invalid:
    return Invalid(detail, "validation", errors=(Problem(pointer, code, detail),))


def _noted(
    session: Session, actor: Actor, action: Action, row: Host, metadata: dict[str, Any], *, failed: bool = False
) -> None:
    result = "failed" if failed else "ok"
    record(session, actor, action, ("host", row.id), result=result, environment=row.environment, metadata=metadata)
    announce(session, "hosts")
