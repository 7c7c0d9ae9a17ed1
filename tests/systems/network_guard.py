"""Keeps the tests on this machine: Python code may connect to loopback and to the project's own test networks only."""

import ipaddress
import sys
from typing import Any

ALLOWED = [ipaddress.ip_network(net) for net in ("127.0.0.0/8", "::1/128", "10.98.0.0/16", "10.99.0.0/16")]
LOCAL_NAMES = {"", "localhost", "ip6-localhost"}
CONNECTS = {"socket.connect", "socket.sendto", "socket.sendmsg"}

refused: list[str] = []


class NetworkRefusedError(RuntimeError):
    """A test tried to leave the machine. Not an OSError, so that no code takes it for a network failure."""


def install() -> None:
    """Watch every connection and name lookup of this process from now on; it cannot be undone."""
    sys.addaudithook(_watch)


def is_allowed(host: object) -> bool:
    """Whether an address or a name stays on this machine."""
    if host is None:
        return True
    if not _is_address(host):
        return _text(host) in LOCAL_NAMES
    address = ipaddress.ip_address(_text(host))
    return address.is_unspecified or any(address in net for net in ALLOWED)


def _text(host: object) -> str:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    return name.partition("%")[0]


def _is_address(host: object) -> bool:
    """Whether it is written as an address, so that no name has to be looked up."""
    try:
        ipaddress.ip_address(_text(host))
    except ValueError:
        return False
    return True


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if event in CONNECTS:
        target = args[1] if len(args) > 1 else None
        # Unix sockets have text or bytes as address, netlink and others have numbers.
        if isinstance(target, tuple) and target and isinstance(target[0], str | bytes):
            _require(target[0], event)
    elif event == "socket.getaddrinfo" and not _is_address(args[0]):
        _require(args[0], event)


def _require(host: object, event: str) -> None:
    if not is_allowed(host):
        refused.append(f"{event} {host!r}")
        message = f"a test tried {event} to {host!r}; tests stay on this machine"
        raise NetworkRefusedError(message)
