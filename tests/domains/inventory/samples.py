"""Connections and hosts as tests need them, made through the services."""

from typing import Any

from orch_app.domains.access.actor import Actor
from orch_app.domains.inventory import connections, groups, hosts
from orch_app.domains.inventory.group_wire import NewGroup
from orch_app.domains.inventory.models import Connection, Host, HostGroup
from orch_app.domains.inventory.provenance import BY_HAND, Brought
from orch_app.domains.inventory.wire import NewConnection, NewHost
from orch_app.integrations.ssh.keys import PublicKey, read_public_key
from orch_app.kit.db import unit_of_work

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHxvRnWKe0wCcqV4YG5qSFnGSoZsX0lrb8nhAIFCCrzb"
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBfYpqO0uy8JUYb0gGKJSmNHv5FDl2pkdUkMc3nGGIk3"


def add_connection(actor: Actor, name: str = "root key", environment: Any = "stage", **payload: Any) -> Connection:
    """An ssh connection with a password, or with the given payload."""
    body = payload or {"user": "root", "password": "s3cret-pässword"}
    with unit_of_work() as session:
        new = NewConnection(type="ssh", name=name, environment=environment, payload=body)
        return connections.create(session, actor, new)


def add_host(
    actor: Actor, name: str = "web-1", *, pinned: bool = False, brought: Brought = BY_HAND, **more: Any
) -> Host:
    """A host at 10.0.0.5, or with the given fields."""
    with unit_of_work() as session:
        fields: dict[str, Any] = {"environment": "stage", "address": "10.0.0.5", **more}
        host = hosts.create(session, actor, NewHost(name=name, **fields), brought=brought)
        if pinned:
            key = public(HOST_KEY)
            hosts.pin_key(session, actor, host.id, key.fingerprint, [key])
        return host


def add_group(actor: Actor, name: str = "web", *, brought: Brought = BY_HAND, **more: Any) -> HostGroup:
    """A group of stage with nobody in it, or with the given fields."""
    with unit_of_work() as session:
        fields: dict[str, Any] = {"environment": "stage", **more}
        return groups.create(session, actor, NewGroup(name=name, **fields), brought=brought)


def public(line: str) -> PublicKey:
    return read_public_key(line)
