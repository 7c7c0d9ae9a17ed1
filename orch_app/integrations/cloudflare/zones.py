"""The zones that a token sees, found by a part of their name or by their id."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orch_app.kit.upstream import Upstream
from orch_app.kit.upstream_failures import UpstreamError

AT_ONCE = 50
LEAST_AT_ONCE = 5
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Zone:
    """One zone; `status` is `active` once Cloudflare answers for it."""

    id: str
    name: str
    status: str
    account: str


@dataclass(frozen=True)
class Zones:
    """The first zones that were found, by name; `total` counts all of them."""

    items: list[Zone]
    total: int


def find_zones(api: Upstream, text: str = "") -> Zones:
    """The zones whose name has the text in it; a zone's id finds that zone.

    Raises:
        UpstreamError, EgressRefused: Cloudflare does not answer, refuses, or may not be asked.
    """
    if _ID.fullmatch(text):
        return _by_id(api, text)
    name = f"contains:{text}" if text else None
    answer = api.get("/zones", {"name": name, "per_page": AT_ONCE, "order": "name"})
    zones = [_zone(row) for row in answer["result"]]
    return Zones(zones, (answer.get("result_info") or {}).get("total_count", len(zones)))


def _by_id(api: Upstream, zone_id: str) -> Zones:
    try:
        return Zones([_zone(api.get(f"/zones/{zone_id}")["result"])], 1)
    except UpstreamError as error:
        # An id that it does not know is a 404, or a 403 as for a zone of somebody else.
        if error.kind not in {"not_found", "insufficient_scopes", "validation"}:
            raise
    # A token that it does not know is told by the same 403: then the list is refused as well.
    api.get("/zones", {"per_page": LEAST_AT_ONCE})
    return Zones([], 0)


def _zone(row: Mapping[str, Any]) -> Zone:
    account = row.get("account") or {}
    return Zone(row["id"], row["name"], str(row.get("status", "")), str(account.get("name", "")))
