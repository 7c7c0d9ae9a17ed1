"""Hosts that a play made, changed or took away, taken over into the inventory when the job ends, in its transaction.

Only a runbook that declares `registers: [hosts]` hands any over. A job may tell of hosts that it was run on by which
user they are reached from now on, and bring hosts that are new; it can touch no other.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError
from sqlmodel import Session, select

from orch_app.domains.access.actor import Actor
from orch_app.domains.inventory import hosts
from orch_app.domains.inventory.models import Host
from orch_app.domains.inventory.wire import HostChange, NewHost
from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.states import Mode
from orch_app.domains.runbooks.models import Runbook
from orch_app.integrations.ssh.keys import KeyRefused, read_public_key
from orch_app.kit.errors import Conflict, OrchError

HOSTS = "hosts"
Row = Mapping[str, Any]


def take_over(session: Session, actor: Actor, job: Job, runbook: Runbook, document: Row | None) -> str:
    """Bring the inventory up to what the output says under `hosts`; all of it or, where one row cannot be, nothing.

    Answers why it was not taken over, empty where it was. The audit entries carry the job's id as their request.
    """
    rows = (document or {}).get(HOSTS, [])
    if not rows or job.run_mode == Mode.PREVIEW or HOSTS not in runbook.meta.get("registers", []):
        return ""
    at_work = replace(actor, request_id=job.id)
    try:
        with session.begin_nested():
            for row in rows:
                _take(session, at_work, job, row)
    except OrchError as error:
        return f"The inventory was left as it is: {error.detail}"
    except (ValidationError, KeyRefused, KeyError) as error:
        return f"The inventory was left as it is: a host of the output cannot be read ({type(error).__name__})."
    return ""


def _take(session: Session, actor: Actor, job: Job, row: Row) -> None:
    known = session.exec(select(Host).where(Host.environment == job.environment, Host.name == row["name"])).first()
    if row.get("state") == "absent":
        if known and _is_same(known, row):
            hosts.delete(session, actor, known.id)
    elif known is None:
        _add(session, actor, job, row)
    elif known.id in job.host_ids or _is_same(known, row):
        _reach_as(session, actor, known, str(row["user"]))
    else:
        raise Conflict(f"there is another host named {known.name} in {known.environment} already.", "name_taken")


def _is_same(known: Host, row: Row) -> bool:
    """Whether the row is about this very machine: the same place, and the same key."""
    return (known.address, known.port, known.host_key) == (row.get("address"), row.get("port"), row.get("host_key"))


def _add(session: Session, actor: Actor, job: Job, row: Row) -> None:
    """A new host with the key that the play pinned itself, reached by the connection in the slot that it names."""
    key = read_public_key(row["host_key"])
    new = NewHost(
        name=row["name"],
        address=row["address"],
        port=row["port"],
        user=row["user"],
        connection_id=job.connection_ids[row["connection"]],
        environment=job.environment,  # pyright: ignore[reportArgumentType] - a column of text, checked at the launch
        labels=row.get("labels", {}),
    )
    host = hosts.create(session, actor, new)
    hosts.pin_key(session, actor, host.id, key.fingerprint, [key])


def _reach_as(session: Session, actor: Actor, known: Host, user: str) -> None:
    if known.user != user:
        hosts.update(session, actor, known.id, HostChange(user=user))
