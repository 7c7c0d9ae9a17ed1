"""Sources in other systems: what a connection carries becomes a client, what the client finds becomes choices."""

from collections.abc import Sequence
from typing import Any

from orch_app.domains.inventory.types import TYPES, CloudflarePayload, HetznerPayload, Payload, PortainerPayload
from orch_app.domains.inventory.types.fields import text_of
from orch_app.domains.runbooks.choices.found import Asked, Choice, Found
from orch_app.integrations.cloudflare.zones import find_zones
from orch_app.integrations.hetzner import catalogue
from orch_app.integrations.portainer.server import Portainer, explain, server_reach
from orch_app.kit.errors import Invalid, Problem
from orch_app.kit.settings import settings
from orch_app.kit.upstream import Reach, Upstream

TIMEOUT_S = 5.0
"""Somebody waits with a list open."""


def cloudflare_zones(payload: CloudflarePayload, asked: Asked) -> Found:
    """Zones by name; the value is the id."""
    with _cloudflare(payload) as api:
        zones = find_zones(api, asked.text)
        items = [
            Choice(zone.id, zone.name, zone.account if zone.status == "active" else zone.status) for zone in zones.items
        ]
        return Found(tuple(items), truncated=zones.total > len(items))


def hetzner_server_types(payload: HetznerPayload, asked: Asked) -> Found:
    """Types that exist at the `location`, with its price."""
    place = str(asked.params.get("location", ""))
    with _hetzner(payload) as api:
        types = catalogue.server_types(api)
        fitting = [one for one in types if not place or place in one.monthly]
        return Found(tuple(Choice(one.name, one.name, _size(one, place)) for one in fitting))


def hetzner_locations(payload: HetznerPayload, _asked: Asked) -> Found:
    """Places by their short name."""
    with _hetzner(payload) as api:
        return _named(catalogue.locations(api))


def hetzner_images(payload: HetznerPayload, _asked: Asked) -> Found:
    """Systems that Hetzner offers. A project's own images are not listed and may be given all the same."""
    with _hetzner(payload) as api:
        return Found(_named(catalogue.images(api)).items, truncated=True)


def hetzner_ssh_keys(payload: HetznerPayload, _asked: Asked) -> Found:
    """Keys of the project by their name."""
    with _hetzner(payload) as api:
        return _named(catalogue.ssh_keys(api))


def portainer_endpoints(payload: PortainerPayload, asked: Asked) -> Found:
    """Environments with Docker; with `swarm` only those that were managers of a Swarm when Portainer looked last."""
    with _portainer(payload) as upstream:
        endpoints = [one for one in Portainer(upstream).endpoints() if one.is_docker]
    if asked.params.get("swarm"):
        endpoints = [one for one in endpoints if one.snapshot and one.snapshot.is_swarm]
    return Found(tuple(Choice(one.number, one.name, "" if one.is_up else "down") for one in endpoints))


def portainer_containers(payload: PortainerPayload, asked: Asked) -> Found:
    """Services and containers of the environment `endpoint_id`, by name; ids are not listed and are good as well."""
    endpoint = _number(asked.params["endpoint_id"])
    with _portainer(payload, endpoint) as upstream:
        containers = Portainer(upstream).engine(endpoint).containers()
    found = {one.service: Choice(one.service, one.service, "service") for one in containers if one.service}
    found |= {one.name: Choice(one.name, one.name, one.image) for one in containers}
    return Found(tuple(found[name] for name in sorted(found)), truncated=True)


def _number(given: Any) -> int:
    """The number of an environment; a form that is not checked yet may have anything in that field."""
    if type(given) is int and given > 0:
        return given
    problem = Problem("/inputs/endpoint_id", "type", "This must be a whole number.", "Precisa ser um número inteiro.")
    raise Invalid("The environment is not a number.", "validation", errors=(problem,))


def _named(found: Sequence[catalogue.Named]) -> Found:
    return Found(tuple(Choice(one.name, one.name, one.about) for one in found))


def _size(one: catalogue.ServerType, place: str) -> str:
    """`2 vCPU, 4 GB, 4.51/month`; without a place the price is left out, because it depends on it."""
    parts = [f"{one.cores} vCPU", f"{one.memory:g} GB", one.architecture]
    return ", ".join([*parts, f"{float(one.monthly[place]):.2f}/month"] if place else parts)


def _allowed(kind: str, payload: Payload) -> tuple[str, ...]:
    place = TYPES[kind].place(payload)
    return (*settings().egress_allow, *([place] if place else []))


def _cloudflare(payload: CloudflarePayload) -> Upstream:
    reach = Reach(payload.url, _allowed("cloudflare", payload), timeout_s=TIMEOUT_S)
    return Upstream("Cloudflare", reach, {"Authorization": f"Bearer {text_of(payload.api_token)}"})


def _hetzner(payload: HetznerPayload) -> Upstream:
    reach = Reach(payload.url, _allowed("hetzner", payload), timeout_s=TIMEOUT_S)
    return Upstream("Hetzner Cloud", reach, {"Authorization": f"Bearer {text_of(payload.token)}"})


def _portainer(payload: PortainerPayload, endpoint: int = 0) -> Upstream:
    allow = _allowed("portainer", payload)
    reach = server_reach(payload.url, allow, verify=payload.tls_verify, endpoint=endpoint)
    return Upstream("Portainer", reach, {"X-API-Key": text_of(payload.api_key)}, explain=explain)
