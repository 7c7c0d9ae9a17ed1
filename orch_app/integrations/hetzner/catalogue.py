"""What servers can be made of: types with their prices, places, images, and the keys of the project."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orch_app.kit.upstream import Query, Upstream

AT_ONCE = 50


@dataclass(frozen=True)
class ServerType:
    """A size of server. `memory` is in GB, `monthly` the price with tax by location, in the project's money."""

    name: str
    cores: int
    memory: float
    architecture: str
    monthly: Mapping[str, str]


@dataclass(frozen=True)
class Named:
    """Something that is chosen by its name, and a word about it."""

    name: str
    about: str


def server_types(api: Upstream) -> list[ServerType]:
    """The types that can still be ordered, the smaller first.

    Raises:
        UpstreamError, EgressRefused: as every question here, when Hetzner does not answer, or may not be asked.
    """
    types = [_server_type(row) for row in _all(api, "server_types") if not row.get("deprecation")]
    return sorted(types, key=lambda one: (one.memory, one.cores, one.name))


def locations(api: Upstream) -> list[Named]:
    """Where servers can stand."""
    return [Named(row["name"], f"{row['city']}, {row['country']}") for row in _all(api, "locations")]


def images(api: Upstream) -> list[Named]:
    """The systems that Hetzner offers; one name may stand for several architectures."""
    rows = _all(api, "images", {"type": ["system"], "status": ["available"]})
    found = {row["name"]: str(row.get("description", "")) for row in rows if not row.get("deprecated")}
    return [Named(name, about) for name, about in sorted(found.items())]


def ssh_keys(api: Upstream) -> list[Named]:
    """The public keys of the project."""
    return [Named(row["name"], row["fingerprint"]) for row in _all(api, "ssh_keys")]


def _all(api: Upstream, what: str, query: Query | None = None) -> Iterator[dict[str, Any]]:
    """Every page of a list."""
    page: int | None = 1
    while page:
        answer = api.get(f"/{what}", {**(query or {}), "page": page, "per_page": AT_ONCE})
        yield from answer[what]
        after = answer.get("meta", {}).get("pagination", {}).get("next_page")
        page = after if after and after > page else None


def _server_type(row: Mapping[str, Any]) -> ServerType:
    monthly = {price["location"]: price["price_monthly"]["gross"] for price in row["prices"]}
    return ServerType(row["name"], row["cores"], row["memory"], row["architecture"], monthly)
