"""The connections of a job: what fills the slots that its runbook declares."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, col, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.inventory.connections import unsealed
from orch_app.domains.inventory.models import Connection
from orch_app.domains.inventory.types import type_named
from orch_app.kit.clock import now
from orch_app.kit.errors import Invalid, Problem

Declared = Sequence[Mapping[str, Any]]
"""The slots of a runbook: `{slot, type, required}` each."""

Chosen = Mapping[str, str]
"""The id of the connection in each filled slot."""


@dataclass(frozen=True)
class FilledSlot:
    """One opened connection. `document` is all that a play is told of it, by wire name, secrets in clear.

    `place` is the `host:port` that it leads to, an entry of the allow-list; empty where there is none. `socket` is the
    path of this machine's socket that it leads to, if any.
    """

    slot: str
    name: str
    type: str
    place: str
    document: dict[str, Any] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    socket: str = ""


def check_slots(session: Session, actor: Actor, declared: Declared, chosen: Chosen, environment: str) -> None:
    """Whether every required slot is filled, each with a connection of the right type and environment.

    Opens no secret: for the moment a job is launched.

    Raises:
        Invalid: 422 with `/connections/<slot>` for each slot that is empty, wrongly filled or not declared.
    """
    if chosen:
        require(actor, Permission.CONNECTIONS_USE, environment=environment)
    _usable(session, declared, chosen, environment)


def open_slots(
    session: Session, actor: Actor, declared: Declared, chosen: Chosen, environment: str
) -> list[FilledSlot]:
    """The same with the secrets opened and their use noted: for the worker that is about to run the job.

    Raises:
        Invalid: as `check_slots`.
        Conflict: the master key is not the one that sealed a connection, or its row was altered.
    """
    require(actor, Permission.CONNECTIONS_USE, environment=environment)
    rows = _usable(session, declared, chosen, environment)
    for row in rows.values():
        row.last_used_at = now()
        session.add(row)
    return [_filled(slot, row) for slot, row in rows.items()]


def _filled(slot: str, row: Connection) -> FilledSlot:
    payload = unsealed(row)
    plain = payload.plain()
    about = {"id": row.id, "name": row.name, "type": row.type, "environment": row.environment}
    known = type_named(row.type)
    secrets = (*(str(plain[name]) for name in payload.secrets_set()), *known.hidden(payload))
    place, socket = known.place(payload), known.socket(payload)
    return FilledSlot(slot, row.name, row.type, place, plain | about, secrets, socket)


def _usable(session: Session, declared: Declared, chosen: Chosen, environment: str) -> dict[str, Connection]:
    types = {str(slot["slot"]): str(slot["type"]) for slot in declared}
    query = select(Connection).where(col(Connection.id).in_(set(chosen.values())))
    rows = {row.id: row for row in session.exec(query).all()} if chosen else {}
    found = {name: rows.get(connection_id) for name, connection_id in chosen.items()}
    problems = [
        *(_problem(name, "not_allowed", "this runbook has no such slot") for name in chosen if name not in types),
        *_faults(declared, found, environment),
    ]
    if problems:
        raise Invalid("The connections are not acceptable.", "validation", errors=tuple(problems))
    return {name: row for name, row in found.items() if row}


def _faults(declared: Declared, found: Mapping[str, Connection | None], environment: str) -> Iterator[Problem]:
    for slot in declared:
        name, wanted = slot["slot"], slot["type"]
        if name in found:
            fault = _fault(found[name], wanted, environment)
            if fault:
                yield _problem(name, "connection", fault)
        elif slot.get("required", True):
            yield _problem(name, "required", f"choose a {wanted} connection")


def _fault(connection: Connection | None, wanted: str, environment: str) -> str:
    """Why this connection cannot fill a slot; empty when it can."""
    if connection is None:
        return "there is no such connection"
    if connection.type != wanted:
        return f"it is a {connection.type} connection, the runbook wants {wanted}"
    same = connection.environment == environment
    return "" if same else f"it is of {connection.environment}, the job of {environment}"


def _problem(slot: str, code: str, detail: str) -> Problem:
    return Problem(f"/connections/{slot}", code, detail)
