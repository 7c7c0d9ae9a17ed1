"""An import of hosts and groups: what another inventory says, taken over under the import's name, and under no other.

What a person made, or another import brought, is never changed and never removed. A group of the import may hold any
host and any group of the environment.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field
from sqlmodel import Session, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.inventory import groups, hosts
from orch_app.domains.inventory.group_tree import ALL
from orch_app.domains.inventory.group_wire import MOST_CHILDREN, MOST_MEMBERS, GroupChange, GroupName, NewGroup
from orch_app.domains.inventory.models import Host, HostGroup
from orch_app.domains.inventory.provenance import Brought
from orch_app.domains.inventory.wire import (
    HostChange,
    HostName,
    HostUser,
    Labels,
    Machine,
    NewHost,
    Port,
    Python,
    Title,
    VariablesGiven,
)
from orch_app.kit.errors import Conflict, Invalid, Problem

Row = TypeVar("Row", Host, HostGroup)


class Gone(BaseModel):
    """A host or group that the other inventory no longer has."""

    name: str
    state: Literal["absent"]


class PresentHost(BaseModel):
    """A host as the other inventory has it, whole."""

    name: HostName
    state: Literal["present"]
    address: Machine
    port: Port = 22
    user: HostUser = ""
    python: Python = ""
    labels: Labels = {}
    variables: VariablesGiven = {}


class PresentGroup(BaseModel):
    """A group as the other inventory has it, whole; hosts and groups in it by their names."""

    name: GroupName
    state: Literal["present"]
    hosts: Annotated[list[str], Field(max_length=MOST_MEMBERS)] = []
    children: Annotated[list[str], Field(max_length=MOST_CHILDREN)] = []
    variables: VariablesGiven = {}


class Import(BaseModel):
    """What changes: `name` becomes the origin of all that it brings; `trusted` is what the play claims of its text."""

    name: Title
    trusted: bool = False
    hosts: list[Annotated[PresentHost | Gone, Field(discriminator="state")]] = []
    groups: list[Annotated[PresentGroup | Gone, Field(discriminator="state")]] = []


@dataclass(frozen=True)
class Place:
    """Where an import goes: the environment, and the connection by which hosts that are new are reached, if any."""

    environment: str
    connection_id: str | None = None


def take_in(session: Session, actor: Actor, document: Import, place: Place, *, is_trusted: bool) -> None:
    """Bring the environment up to what the import says; the caller's transaction makes it all or nothing.

    Raises:
        Conflict: a host or group of that name is not of this import.
        Invalid: a row cannot be a host or group here, or a group holds what is not there.
    """
    require(actor, Permission.HOSTS_WRITE, environment=place.environment)
    taking = _Taking(session, actor, place, Brought(document.name, is_trusted))
    gone = [row for row in document.groups if isinstance(row, Gone)]
    wanted = {row.name: row for row in document.groups if isinstance(row, PresentGroup)}
    for row in gone:
        taking.remove_group(row)
    for row in document.hosts:
        with _named(row.name):
            taking.take_host(row)
    taking.loosen(wanted)
    for name in inside_out(wanted):
        with _named(name):
            taking.take_group(wanted[name])


def inside_out(wanted: dict[str, PresentGroup]) -> list[str]:
    """The names of groups, each after those in it; a circle is left for the check of each group to find."""
    found: dict[str, None] = {}
    seen: set[str] = set()
    waiting = [(name, False) for name in reversed(wanted)]
    while waiting:
        name, is_done = waiting.pop()
        if is_done:
            found[name] = None
        elif name in wanted and name not in seen:
            seen.add(name)
            waiting += [(name, True), *((child, False) for child in wanted[name].children)]
    return list(found)


class _Taking:
    """One import on its way into an environment."""

    def __init__(self, session: Session, actor: Actor, place: Place, brought: Brought) -> None:
        self._session = session
        self._actor = actor
        self._place = place
        self._brought = brought

    def take_host(self, row: PresentHost | Gone) -> None:
        known = self._own(Host, row.name)
        if isinstance(row, Gone):
            if known:
                hosts.delete(self._session, self._actor, known.id)
            return
        said = row.model_dump(exclude={"state"})
        if known:
            change = HostChange.model_validate(said)
            hosts.update(self._session, self._actor, known.id, change, brought=self._brought)
        else:
            new = {"environment": self._place.environment, "connection_id": self._place.connection_id, **said}
            hosts.create(self._session, self._actor, NewHost.model_validate(new), brought=self._brought)

    def remove_group(self, row: Gone) -> None:
        known = self._own(HostGroup, row.name)
        if known:
            groups.delete(self._session, self._actor, known.id)

    def loosen(self, wanted: dict[str, PresentGroup]) -> None:
        """Let go first what a group no longer holds: else two that change places would look like a circle."""
        for row in wanted.values():
            known = self._own(HostGroup, row.name)
            kept = [child for child in known.children if child in row.children] if known else []
            if known and kept != known.children:
                change = GroupChange(children=kept)
                groups.update(self._session, self._actor, known.id, change, brought=self._brought)

    def take_group(self, row: PresentGroup) -> None:
        said: dict[str, Any] = {"variables": row.variables}
        if row.name != ALL:  # every host stands in it anyway
            said |= {"hosts": self._ids(row), "children": list(dict.fromkeys(row.children))}
        known = self._own(HostGroup, row.name)
        if known:
            change = GroupChange.model_validate(said)
            groups.update(self._session, self._actor, known.id, change, brought=self._brought)
        else:
            new = NewGroup.model_validate({"name": row.name, "environment": self._place.environment, **said})
            groups.create(self._session, self._actor, new, brought=self._brought)

    def _own(self, table: type[Row], name: str) -> Row | None:
        """The row of this name, if there is one, and it is of this import."""
        query = select(table).where(table.environment == self._place.environment, table.name == name)
        row = self._session.exec(query).first()
        if row and row.origin != self._brought.origin:
            whose = f"of {row.origin}" if row.origin else "made by hand"
            raise Conflict(f"{name} is {whose}, not of {self._brought.origin}.", "name_taken")
        return row

    def _ids(self, row: PresentGroup) -> list[str]:
        """The ids of the hosts in a group; asked once the hosts of the import are there."""
        unknown = sorted(set(row.hosts) - self._known_hosts.keys())
        if unknown:
            problem = Problem("/hosts", "host_not_found", f"There is no host {unknown[0]}.")
            raise Invalid("The group is not acceptable.", "validation", errors=(problem,))
        return [self._known_hosts[name] for name in dict.fromkeys(row.hosts)]

    @cached_property
    def _known_hosts(self) -> dict[str, str]:
        query = select(Host.name, Host.id).where(Host.environment == self._place.environment)
        return dict(self._session.exec(query).all())


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Say which row it was that cannot be taken."""
    try:
        yield
    except Invalid as error:
        raise Invalid(f"{name}: {error.detail}", error.code, errors=error.errors) from error
