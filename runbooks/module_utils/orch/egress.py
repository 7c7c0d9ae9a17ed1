"""Where a play may connect to. The product hands in the allow-list; the rules are those of the product's own guard."""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from typing import Any, Iterable

LOOKUP_S = 5.0
# Metadata services of clouds, what is local to one wire, and ways to write an IPv4 address inside an IPv6 one.
NEVER = (
    "0.0.0.0/8", "169.254.0.0/16", "168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32", "192.88.99.0/24",
    "224.0.0.0/4", "240.0.0.0/4", "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48",
    "2001::/32", "2002::/16", "fd00:ec2::254/128", "fd20:ce::254/128", "fd00:42::42/128", "fe80::/10", "ff00::/8",
)  # fmt: skip
LOOPBACK = ("127.0.0.0/8", "::1/128")
PRIVATE = (
    "10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "100::/64", "2001:2::/48", "2001:10::/28", "2001:20::/28", "2001:db8::/32",
    "3fff::/20", "5f00::/16", "fc00::/7", "fec0::/10",
)  # fmt: skip
_NAME = re.compile(r"(?=.{1,253}\.?$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})?)*\.?")
# inet_aton reads 127.1, 0x7f.1 and 2130706433 as addresses: such names are refused, not resolved.
_NUMERIC_LABEL = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


class Refused(Exception):
    """The target may not be reached, or is no target; `code` says which."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def pinned(host: str, port: int | None, allow: Iterable[str], deny: Iterable[str] = ()) -> list[str]:
    """Look the host up once and answer the addresses that may be connected to, best first; raises Refused.

    An address that is never allowed refuses the whole name. A private one needs an entry of `allow`.
    """
    addresses = [ipaddress.ip_address(text) for text in looked_up(host)]
    own = [entry for entry in map(_entry, deny) if entry]
    for address in addresses:
        if _is_never(address):
            raise Refused("egress_refused", f"{_led(host, address)} is never connected to")
        if any(_is_own(entry, address, port) for entry in own):
            raise Refused("egress_refused", f"{host}:{port} is a service of the product itself")
    entries = [entry for entry in map(_entry, allow) if entry]
    allowed = [str(address) for address in addresses if _is_allowed(host, address, port, entries)]
    if not allowed:
        raise Refused(
            "egress_refused", f"{_led(host, addresses[0])} is in a private network that is not on the allow-list"
        )
    return list(dict.fromkeys(allowed))


def _led(host: str, address: Any) -> str:
    return host if host == str(address) else f"{host} leads to {address}, which"


def looked_up(host: str, timeout_s: float = LOOKUP_S) -> list[str]:
    """The host's addresses as the system resolves them; an address is its own answer. Raises Refused."""
    if is_address(host):
        return [str(ipaddress.ip_address(host))]
    if not _NAME.fullmatch(host) or _NUMERIC_LABEL.fullmatch(host.rstrip(".").rsplit(".", 1)[-1]):
        raise Refused("validation", f"{host} is neither an address nor a host name")
    found = within(timeout_s, socket.getaddrinfo, host, None, 0, socket.SOCK_STREAM)
    if found is None:
        raise Refused("name_not_found", f"the name {host} could not be looked up within {timeout_s:g} s")
    if isinstance(found, Exception):
        raise Refused("name_not_found", f"the name {host} could not be looked up: {getattr(found, 'strerror', found)}")
    texts = dict.fromkeys(str(entry[4][0]) for entry in found)
    if any("%" in text for text in texts):
        raise Refused("egress_refused", f"{host} leads to a link-local address, which is never connected to")
    return list(texts)


def is_address(text: str) -> bool:
    """Whether this is an IPv4 or IPv6 address in its ordinary spelling."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def within(timeout_s: float, function: Any, *arguments: Any) -> Any:
    """What the call returned or the OSError it raised; None after the time limit. The resolver itself has none."""
    answer: list[Any] = []

    def call() -> None:
        try:
            answer.append(function(*arguments))
        except (OSError, UnicodeError) as error:
            answer.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(timeout_s)
    return answer[0] if answer else None


def _entry(text: str) -> tuple[Any, str, int | None] | None:
    """(network or None, name, port or None) of `10.0.0.0/8`, `10.1.2.3:22`, `[fd00::1]:22`, `db.internal:22`."""
    host, port = _split_port(text.strip())
    try:
        return ipaddress.ip_network(host, strict=False), "", port
    except ValueError:
        return (None, host.rstrip(".").lower(), port) if _NAME.fullmatch(host) else None


def _split_port(text: str) -> tuple[str, int | None]:
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, int(rest[1:]) if rest[1:].isdigit() else None
    host, separator, port = text.partition(":")
    return (host, int(port)) if separator and port.isdigit() else (text, None)


def _is_never(address: Any) -> bool:
    return _in(address, NEVER) and not _in(address, LOOPBACK)


def _is_allowed(host: str, address: Any, port: int | None, entries: list[Any]) -> bool:
    loopback = _in(address, LOOPBACK)
    if not loopback and not _in(address, PRIVATE) and address.is_global:
        return True
    name = host.rstrip(".").lower()
    return any(
        entry_port in (None, port)
        and (_covers(network, address) or (entry_name == name and (not loopback or name == "localhost")))
        for network, entry_name, entry_port in entries
    )


def _is_own(entry: Any, address: Any, port: int | None) -> bool:
    network, _, entry_port = entry
    if network is None or entry_port not in (None, port):
        return False
    return _covers(network, address) or (_in(network.network_address, LOOPBACK) and _is_this_machine(address))


def _is_this_machine(address: Any) -> bool:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True


def _covers(network: Any, address: Any) -> bool:
    return network is not None and network.version == address.version and address in network


def _in(address: Any, networks: Iterable[str]) -> bool:
    return any(_covers(ipaddress.ip_network(text), address) for text in networks)
