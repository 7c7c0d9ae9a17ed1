"""One host that a play made, changed or took away, on its way into the inventory.

A job may tell of hosts that it was run on by which user they are reached from now on, and bring hosts that are new; it
can touch no other.
"""

from pydantic import BaseModel
from sqlmodel import Session, select

from orch_app.domains.access.actor import Actor
from orch_app.domains.inventory import hosts
from orch_app.domains.inventory.models import Host
from orch_app.domains.inventory.wire import HostChange, HostName, HostUser, Labels, NewHost
from orch_app.domains.jobs.models import Job
from orch_app.integrations.ssh.keys import read_public_key
from orch_app.kit.errors import Conflict


class Row(BaseModel):
    """A host as the output tells of it. One that is `absent` needs what tells it from others, a new one everything."""

    name: HostName
    state: str = "present"
    address: str = ""
    port: int = 0
    user: HostUser = ""
    host_key: str = ""
    connection: str = ""
    labels: Labels = {}


class Handed(BaseModel):
    """What the output says of hosts."""

    hosts: list[Row] = []


def take(session: Session, actor: Actor, job: Job, row: Row) -> None:
    """Bring one host up to what the output says of it.

    Raises:
        Conflict: another host has this name.
        Invalid, ValidationError, KeyRefused, KeyError: the row cannot be a host.
    """
    known = session.exec(select(Host).where(Host.environment == job.environment, Host.name == row.name)).first()
    if row.state == "absent":
        if known and _is_same(known, row):
            hosts.delete(session, actor, known.id)
    elif known is None:
        _add(session, actor, job, row)
    elif known.id in job.host_ids or _is_same(known, row):
        _reach_as(session, actor, known, row.user)
    else:
        raise Conflict(f"there is another host named {known.name} in {known.environment} already.", "name_taken")


def _is_same(known: Host, row: Row) -> bool:
    """Whether the row is about this very machine: the same place, and the same key."""
    return (known.address, known.port, known.host_key) == (row.address, row.port, row.host_key)


def _add(session: Session, actor: Actor, job: Job, row: Row) -> None:
    """A new host with the key that the play pinned itself, reached by the connection in the slot that it names."""
    key = read_public_key(row.host_key)
    new = NewHost(
        name=row.name,
        address=row.address,
        port=row.port,
        user=row.user,
        connection_id=job.connection_ids[row.connection],
        environment=job.environment,  # pyright: ignore[reportArgumentType] - a column of text, checked at the launch
        labels=row.labels,
    )
    host = hosts.create(session, actor, new)
    hosts.pin_key(session, actor, host.id, key.fingerprint, [key])


def _reach_as(session: Session, actor: Actor, known: Host, user: str) -> None:
    if user and known.user != user:
        hosts.update(session, actor, known.id, HostChange(user=user))
