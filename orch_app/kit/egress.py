"""Where the product may connect to: a name is looked up once, each address is judged, only judged ones are used.

`ipaddress.is_global` calls NAT64 and 6to4 of the metadata address global, so the lists are our own. Some addresses are
never reached. Private ones and loopback are reached only through an entry of the allow-list.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as LookupTimeout
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

import structlog

from orch_app.kit.allow_list import AllowEntry, Network, is_host_name, parse_entry, split_port
from orch_app.kit.errors import Invalid
from orch_app.kit.settings import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Lookup = Callable[[str, int], list[str]]

LOOKUP_S = 5.0
LOOKUPS = 32
"""Names looked up at the same time."""

DEFAULT_PORTS = {"postgresql": 5432, "postgres": 5432, "redis": 6379, "rediss": 6379, "http": 80, "https": 443}

# Metadata services of clouds, what is local to one wire, and ways to write an IPv4 address inside an IPv6 one.
NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "168.63.129.16/32",
        "100.100.100.200/32",
        "192.0.0.192/32",
        "192.88.99.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",
        "::ffff:0:0/96",
        "::ffff:0:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/32",
        "2002::/16",
        "fd00:ec2::254/128",
        "fd20:ce::254/128",
        "fd00:42::42/128",
        "fe80::/10",
        "ff00::/8",
    )
)
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
PRIVATE = tuple(
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "100::/64",
        "2001:2::/48",
        "2001:10::/28",
        "2001:20::/28",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fec0::/10",
    )
)
TO_ALLOW = "Whoever runs the server adds it to ORCH_EGRESS_ALLOW and starts the product again."
_log = structlog.get_logger("egress")


class EgressRefused(Invalid):
    """The product does not connect to that address."""


def is_address(text: str) -> bool:
    """Whether this is an IPv4 or IPv6 address in its ordinary spelling, without a zone."""
    if "%" in text:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def resolve(host: str, port: int, allow: Iterable[str] = (), *, lookup: Lookup | None = None) -> list[str]:
    """The addresses of a host that may be connected to, best first; connect to these and never look the name up again.

    `allow` are entries for private networks and loopback. An address that is never allowed refuses the whole name; a
    private one without an entry is left out. A name's entry opens private networks, and loopback only for `localhost`.

    Raises:
        EgressRefused: not a host, or no address of it may be reached.
        Invalid: the name cannot be looked up now.
    """
    if not 1 <= port <= 65535:  # noqa: PLR2004 - the range of ports
        raise EgressRefused("A port is a number from 1 to 65535.", "egress_refused")
    addresses = [ipaddress.ip_address(text) for text in _addresses_of(host, port, lookup or _look_up)]
    entries = _entries(allow)
    own = own_services()
    for address in addresses:
        _refuse_forbidden(host, address, port, own)
    allowed = [str(address) for address in addresses if _is_allowed(host, address, port, entries)]
    if not allowed:
        raise EgressRefused(
            f"{host} is in a private network that is not on the allow-list. {TO_ALLOW}", "egress_refused"
        )
    return list(dict.fromkeys(allowed))


def judge(address: str, port: int) -> None:
    """Refuse an address that is never connected to, whatever the allow-list says.

    Raises:
        EgressRefused: link-local, metadata, multicast and the like, or a service of our own.
    """
    _refuse_forbidden(address, ipaddress.ip_address(address), port, own_services())


def allowed_networks(allow: Iterable[str]) -> list[tuple[Network, int | None]]:
    """The allow-list as networks and ports, names looked up now; a name opens loopback only as `localhost`."""
    found: list[tuple[Network, int | None]] = []
    for entry in _entries(allow):
        if entry.network is not None:
            found.append((entry.network, entry.port))
            continue
        addresses = [ipaddress.ip_network(address) for address, _ in _pairs(entry.name, entry.port or 0)]
        is_local = entry.name == "localhost"
        found += [(one, entry.port) for one in addresses if is_local or not _in(one.network_address, LOOPBACK)]
    return found


def _entries(allow: Iterable[str]) -> list[AllowEntry]:
    """The readable entries; one that nobody can read opens nothing, and the log says so."""
    entries: list[AllowEntry] = []
    for text in allow:
        try:
            entries.append(parse_entry(text))
        except ValueError:
            _log.warning("egress.bad_allow_entry", entry=text)
    return entries


def _addresses_of(host: str, port: int, lookup: Lookup) -> list[str]:
    if is_address(host):
        return [host]
    if not is_host_name(host):
        raise EgressRefused("This is neither an IP address nor a host name.", "egress_refused")
    found = [text for text in lookup(host, port) if is_address(text)]
    if not found:
        raise EgressRefused(f"{host} has no address that can be used.", "egress_refused")
    return found


@lru_cache(maxsize=1)
def _resolvers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(LOOKUPS, thread_name_prefix="resolve")


def _look_up(host: str, port: int) -> list[str]:
    """The system's answer for a name; the resolver itself knows no time limit, so we stop waiting for it."""
    waiting = _resolvers().submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        return [str(entry[4][0]) for entry in waiting.result(LOOKUP_S)]
    except (OSError, UnicodeError, LookupTimeout) as error:
        raise Invalid(f"The name {host} cannot be looked up.", "name_not_found") from error


def _refuse_forbidden(host: str, address: Address, port: int, own: frozenset[tuple[Address, int]]) -> None:
    if _in(address, NEVER) and not _in(address, LOOPBACK):
        raise EgressRefused(f"{host} leads to an address that is never connected to.", "egress_refused")
    local_ports = {service_port for service, service_port in own if _is_this_machine(service)}
    if (address, port) in own or (port in local_ports and _is_this_machine(address)):
        raise EgressRefused(f"{host}:{port} is a service of this product itself.", "egress_refused")


def _is_allowed(host: str, address: Address, port: int, entries: list[AllowEntry]) -> bool:
    loopback = _in(address, LOOPBACK)
    if not loopback and not _in(address, PRIVATE) and address.is_global:
        return True
    name = host.rstrip(".").lower()
    return any(
        entry.port in (None, port)
        and (_covers(entry, address) or (entry.name == name and (not loopback or name == "localhost")))
        for entry in entries
    )


def _covers(entry: AllowEntry, address: Address) -> bool:
    return entry.network is not None and address.version == entry.network.version and address in entry.network


def _in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _is_this_machine(address: Address) -> bool:
    """Whether this machine itself has the address: a socket can be bound to it."""
    if _in(address, LOOPBACK):
        return True
    family = socket.AF_INET if isinstance(address, ipaddress.IPv4Address) else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True


def own_services() -> frozenset[tuple[Address, int]]:
    """Address and port of our own database and queue, and of a store of artifacts that is not a public service."""
    urls = [url for url in (settings().database_url, settings().redis_url) if url]
    ours = frozenset(pair for url in urls for host, port in _servers(url) for pair in _pairs(host, port))
    store = [pair for host, port in _servers(settings().artifacts_endpoint) for pair in _pairs(host, port)]
    return ours | {(address, port) for address, port in store if not address.is_global}


def _servers(url: str) -> list[tuple[str, int]]:
    """Host and port of each server a database or Redis URL names, also in its `host` and `port` parameters."""
    parts = urlsplit(url)
    parameters = parse_qs(parts.query)
    usual = DEFAULT_PORTS.get(parts.scheme.split("+")[0], 0)
    port = parts.port or int(next(iter(parameters.get("port", [])), usual))
    named = [parts.hostname or "", *",".join(parameters.get("host", [])).split(",")]
    found = [split_port(name) if name.count(":") == 1 else (name, None) for name in named]
    return [(host, own_port or port) for host, own_port in found if host and not host.startswith("/")]


def _pairs(host: str, port: int) -> list[tuple[Address, int]]:
    try:
        return [(ipaddress.ip_address(text), port) for text in _addresses_of(host, port, _look_up)]
    except Invalid:
        return []  # what cannot be looked up cannot be connected to by that name at this moment
