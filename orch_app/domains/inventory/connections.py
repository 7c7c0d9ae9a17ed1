"""Connections: made, changed, removed and opened. The payload is sealed; what may be shown is kept beside it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.inventory import queries
from orch_app.domains.inventory.models import Connection
from orch_app.domains.inventory.naming import write_named
from orch_app.domains.inventory.types import TYPES, ConnectionType, Payload, SshPayload, SshSecret, type_named
from orch_app.domains.inventory.uses import ConnectionUse, count_uses, list_uses
from orch_app.domains.inventory.wire import ConnectionAnswer, ConnectionChange, NewConnection
from orch_app.kit.clock import now
from orch_app.kit.errors import Conflict, Invalid, Problem
from orch_app.kit.ids import new_id
from orch_app.kit.keyring import KeyringError, keyring
from orch_app.kit.rest import check_match, etag
from orch_app.kit.wakeups import announce

NAMED_USES = 20


def create(session: Session, actor: Actor, new: NewConnection) -> Connection:
    """Seal and keep a new connection.

    Raises:
        Invalid: 422 with pointers at /type and below /payload.
        Conflict: the environment has a connection of that name.
    """
    require(actor, Permission.CONNECTIONS_WRITE, environment=new.environment)
    payload = type_named(new.type).parse(new.payload)
    at = now()
    row = Connection(
        id=new_id("con"),
        type=new.type,
        name=new.name,
        environment=new.environment,
        encrypted_payload="",
        created_by=actor.user_id,
        created_by_name=actor.name,
        created_at=at,
        updated_at=at,
        updated_by_name=actor.name,
    )
    _put(row, payload, replaced=payload.secrets_set())
    write_named(session, row, "connection")
    metadata = {"type": row.type, "name": row.name, "secretsSet": sorted(row.fields_set)}
    _noted(session, actor, Action.CONNECTION_CREATED, row, metadata)
    return row


def update(
    session: Session, actor: Actor, connection_id: str, change: ConnectionChange, *, if_match: str | None = None
) -> Connection:
    """Change name and payload; of the payload only the given fields, and null clears one.

    A new payload forgets the last test.

    Raises:
        NotFound: there is no such connection.
        StaleVersion: `if_match` is the ETag of an older version.
        Invalid: 422 with pointers below /payload.
        Conflict: the environment has another connection of that name, or the sealed payload cannot be opened.
    """
    require(actor, Permission.CONNECTIONS_WRITE)
    row = queries.get_connection(session, actor, connection_id, for_change=True)
    check_match(if_match, etag(row.id, row.version))
    before = row.name
    row.name = change.name or row.name
    row.updated_at, row.updated_by_name = now(), actor.name
    row.version += 1
    if change.payload is not None:
        _merge(row, change.payload)
    write_named(session, row, "connection")
    metadata = {"name": [before, row.name], "payloadFields": sorted(change.payload or {})}
    _noted(session, actor, Action.CONNECTION_CHANGED, row, metadata)
    return row


def delete(session: Session, actor: Actor, connection_id: str, *, if_match: str | None = None) -> None:
    """Remove a connection that nothing uses.

    Raises:
        NotFound: there is no such connection.
        StaleVersion: `if_match` is the ETag of an older version.
        Conflict: something uses it; `errors` names what.
    """
    require(actor, Permission.CONNECTIONS_WRITE)
    row = queries.get_connection(session, actor, connection_id, for_change=True)
    check_match(if_match, etag(row.id, row.version))
    _refuse_used(list_uses(session, actor, connection_id))
    session.delete(row)
    session.flush()
    _noted(session, actor, Action.CONNECTION_DELETED, row, {"type": row.type, "name": row.name})


def list_types(actor: Actor) -> list[ConnectionType]:
    """Every type of connection there is."""
    require(actor, Permission.CONNECTIONS_READ)
    return list(TYPES.values())


def open_payload(session: Session, actor: Actor, connection_id: str) -> Payload:
    """What a connection carries, secrets included, for whoever is about to use it; notes the time of use.

    Raises:
        NotFound: there is no such connection.
        Conflict: the master key is not the one that sealed it, or the row was altered.
    """
    require(actor, Permission.CONNECTIONS_USE)
    row = queries.get_connection(session, actor, connection_id)
    payload = unsealed(row)
    row.last_used_at = now()
    session.add(row)
    return payload


def unsealed(row: Connection) -> Payload:
    """What a row carries, secrets included; the caller was allowed to use it.

    Raises:
        Conflict: the master key is not the one that sealed it, or the row was altered.
    """
    return type_named(row.type).restore(_opened(row))


def ssh_secret(row: Connection) -> SshSecret:
    """The same for a row that must be an ssh connection.

    Raises:
        Invalid: it is not one.
        Conflict: as `unsealed`.
    """
    payload = unsealed(row)
    if not isinstance(payload, SshPayload):
        raise Invalid("This is not an ssh connection.", "wrong_connection_type")
    return SshSecret.of(payload)


def show(session: Session, actor: Actor, rows: Sequence[Connection]) -> list[ConnectionAnswer]:
    """The answers for rows: public fields, masked secrets, and how many things use each."""
    require(actor, Permission.CONNECTIONS_READ)
    uses = count_uses(session, actor, [row.id for row in rows])
    return [ConnectionAnswer.of(row, type_named(row.type).payload.secret_names(), uses.get(row.id, 0)) for row in rows]


def _merge(row: Connection, change: Mapping[str, Any]) -> None:
    """Put the given fields over the sealed ones; null takes a field away."""
    kind = type_named(row.type)
    merged = {**_opened(row), **change}
    cleared = {name for name, value in change.items() if value is None and name in kind.payload.wire_names()}
    payload = kind.parse({name: value for name, value in merged.items() if name not in cleared})
    _put(row, payload, replaced=[name for name in payload.secrets_set() if name in change])
    row.last_test_at = row.last_test_ok = row.last_test_ms = None
    row.last_test_detail = row.last_test_detail_code = ""


def _put(row: Connection, payload: Payload, *, replaced: Sequence[str]) -> None:
    """Seal the payload into the row; `replaced` secrets are set as of the row's change."""
    at = row.updated_at.isoformat()
    row.fields_set = {name: at if name in replaced else row.fields_set.get(name, at) for name in payload.secrets_set()}
    row.public_json = {"payload": payload.public(), "facts": type_named(row.type).facts(payload)}
    document = json.dumps(payload.plain(), ensure_ascii=False).encode()
    row.encrypted_payload = keyring().seal(document, _place(row))


def _opened(row: Connection) -> dict[str, Any]:
    try:
        return json.loads(keyring().open(row.encrypted_payload, _place(row)))
    except KeyringError as error:
        raise Conflict(f"The connection {row.name} cannot be opened: {error}.", "secret_unreadable") from error


def _place(row: Connection) -> str:
    return f"connections|{row.id}|payload"


def _refuse_used(uses: Sequence[ConnectionUse]) -> None:
    if not uses:
        return
    problems = tuple(
        Problem(f"/usedBy/{index}", "in_use", f"{use.kind} {use.name} ({use.environment or 'any'}, {use.id})")
        for index, use in enumerate(uses[:NAMED_USES])
    )
    count = len(uses)
    message = f"{count} {'thing uses' if count == 1 else 'things use'} this connection. Give them another first."
    raise Conflict(message, "connection_in_use", errors=problems)


def _noted(session: Session, actor: Actor, action: Action, row: Connection, metadata: dict[str, Any]) -> None:
    record(session, actor, action, ("connection", row.id), environment=row.environment, metadata=metadata)
    announce(session, "connections")
