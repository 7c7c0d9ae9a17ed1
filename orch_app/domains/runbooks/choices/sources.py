"""Every source of choices by its name: those within the product, and those in other systems behind a connection."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.runbooks.choices import elsewhere, own
from orch_app.domains.runbooks.choices.found import Asked, Found


@dataclass(frozen=True)
class OwnSource:
    """Answered from the database, as far as the one who asks may read it; `has` says whether a value is a choice."""

    find: Callable[[Session, Actor, Asked], Found]
    has: Callable[[Session, Actor, Asked, str | int], bool]


@dataclass(frozen=True)
class OutsideSource:
    """Answered by another system through a connection of the `type`. `find` gets what the connection carries.

    `needs` are parameters without which there is no question. A source that `searches` is asked again for each text,
    because it has more than it hands out at once.
    """

    type: str
    find: Callable[[Any, Asked], Found]
    needs: frozenset[str] = frozenset()
    searches: bool = False


SOURCES: dict[str, OwnSource | OutsideSource] = {
    "hosts": OwnSource(own.hosts, own.has_host),
    "connections": OwnSource(own.connections, own.has_connection),
    "cloudflare.zones": OutsideSource("cloudflare", elsewhere.cloudflare_zones, searches=True),
    "hetzner.images": OutsideSource("hetzner", elsewhere.hetzner_images),
    "hetzner.locations": OutsideSource("hetzner", elsewhere.hetzner_locations),
    "hetzner.server_types": OutsideSource("hetzner", elsewhere.hetzner_server_types),
    "hetzner.ssh_keys": OutsideSource("hetzner", elsewhere.hetzner_ssh_keys),
    "portainer.containers": OutsideSource(
        "portainer", elsewhere.portainer_containers, needs=frozenset({"endpoint_id"})
    ),
    "portainer.endpoints": OutsideSource("portainer", elsewhere.portainer_endpoints),
}


def choose_also(name: str, source: OwnSource) -> None:
    """Let a domain above this one offer choices; called once for each, by the wiring."""
    SOURCES[name] = source
