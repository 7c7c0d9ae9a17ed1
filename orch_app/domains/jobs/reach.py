"""Where a job with `network: egress` may connect: the product's own rules for connections, as its guard needs them."""

import contextlib
from pathlib import Path

from orch_app.domains.jobs.execution import Reach
from orch_app.kit.egress import NEVER, PRIVATE, allowed_networks, is_address, own_services
from orch_app.kit.settings import settings

_RESOLVERS = Path("/etc/resolv.conf")
_LOCAL = "127.0.0.1"


def job_reach() -> Reach:
    """The rules as they are now; our own web process counts as a service of ours on every address of this machine."""
    services = [(str(address), port) for address, port in own_services()]
    return Reach(
        never=tuple(map(str, NEVER)),
        private=tuple(map(str, PRIVATE)),
        own=(*services, (_LOCAL, settings().port)),
        allowed=tuple((str(network), port) for network, port in allowed_networks(settings().egress_allow)),
        resolvers=tuple(resolvers()),
    )


def resolvers(place: Path = _RESOLVERS) -> list[str]:
    """The servers that this machine asks for names; without an entry it asks itself."""
    lines: list[str] = []
    with contextlib.suppress(OSError):
        lines = place.read_text(encoding="utf-8", errors="replace").splitlines()
    words = [line.split() for line in lines]
    named = [line[1].partition("%")[0] for line in words if len(line) > 1 and line[0] == "nameserver"]
    return [address for address in named if is_address(address)] or [_LOCAL]
