"""Where a job may connect: to the hosts it works on, and with `network: egress` by the product's own rules."""

import contextlib
from collections.abc import Collection, Sequence
from pathlib import Path

from orch_app.domains.jobs.execution import Network, Reach, TargetHost
from orch_app.kit.egress import NEVER, PRIVATE, allowed_networks, is_address, own_services
from orch_app.kit.settings import settings

_RESOLVERS = Path("/etc/resolv.conf")
_LOCAL = "127.0.0.1"


def job_reach(network: Network, hosts: Sequence[TargetHost] = (), places: Collection[str] = ()) -> Reach:
    """What the guard of such a job must know; the addresses of its hosts have been judged before.

    `places` are where its connections lead: each is the allow-list's entry for its own address and port.

    Our own web process counts as a service of ours on every address of this machine.
    """
    targets = tuple(dict.fromkeys(filter(None, map(first_hop, hosts))))
    if network is not Network.EGRESS:
        return Reach(targets=targets)
    services = [(str(address), port) for address, port in own_services()]
    return Reach(
        targets=targets,
        never=tuple(map(str, NEVER)),
        private=tuple(map(str, PRIVATE)),
        own=(*services, (_LOCAL, settings().port)),
        allowed=tuple((str(network), port) for network, port in allowed_networks([*settings().egress_allow, *places])),
        resolvers=tuple(resolvers()),
    )


def first_hop(host: TargetHost) -> tuple[str, int] | None:
    """Where a job connects to reach the host; what stands behind a jump host, that one reaches. None where it is a name
    that nobody could look up."""
    hop = host.jump or host
    return (hop.address, hop.port) if is_address(hop.address) else None


def resolvers(place: Path = _RESOLVERS) -> list[str]:
    """The servers that this machine asks for names; without an entry it asks itself."""
    lines: list[str] = []
    with contextlib.suppress(OSError):
        lines = place.read_text(encoding="utf-8", errors="replace").splitlines()
    words = [line.split() for line in lines]
    named = [line[1].partition("%")[0] for line in words if len(line) > 1 and line[0] == "nameserver"]
    return [address for address in named if is_address(address)] or [_LOCAL]
