"""Entries of the allow-list for private networks: how they are written, and which host and port they mean."""

import ipaddress
import re
from dataclasses import dataclass

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\.?$){_LABEL}(\.{_LABEL})*\.?")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_PORTS = range(1, 65536)


@dataclass(frozen=True)
class AllowEntry:
    """One entry of the allow-list: a network, or a name; `port` None means any port."""

    network: Network | None
    name: str = ""
    port: int | None = None


def endpoint(host: str, port: int) -> str:
    """The allow-list entry for exactly this host and port, as `parse_entry` reads it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def parse_entry(text: str) -> AllowEntry:
    """Read `10.0.0.0/8`, `10.1.2.3`, `10.1.2.3:22`, `[fd00::1]:22`, `db.internal` or `db.internal:22`.

    Raises:
        ValueError: it is none of these.
    """
    host, port = split_port(text.strip())
    if port is not None and port not in _PORTS:
        raise ValueError("a port is a number from 1 to 65535")
    try:
        return AllowEntry(ipaddress.ip_network(host, strict=False), port=port)
    except ValueError:
        if "/" in host or not is_host_name(host):
            raise
        return AllowEntry(None, host.rstrip(".").lower(), port)


def split_port(text: str) -> tuple[str, int | None]:
    """Host and port of `host`, `host:port`, `address` or `[address]:port`.

    Raises:
        ValueError: what stands for the port is no number.
    """
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, int(rest[1:]) if rest.startswith(":") else None
    if text.count(":") == 1:
        host, port = text.split(":")
        return host, int(port)
    return text, None


def is_host_name(text: str) -> bool:
    """Whether this is a DNS name: ASCII letters, digits, hyphens, and no last label that resolvers read as a number."""
    if not _NAME.fullmatch(text):
        return False
    return not _NUMERIC_LABEL.fullmatch(text.rstrip(".").rsplit(".", 1)[-1])
