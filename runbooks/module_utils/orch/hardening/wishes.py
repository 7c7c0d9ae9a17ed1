"""What a runbook asks of a machine, as the module is given it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Any, Mapping

_KEY = re.compile(r"(ssh-[a-z0-9-]+|ecdsa-sha2-[a-z0-9]+|sk-[a-z0-9@.-]+) ([A-Za-z0-9+/]+={0,2})( [^\r\n]*)?")
_ACCOUNT = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_PORT = re.compile(r"[1-9][0-9]{0,4}(-[1-9][0-9]{0,4})?/(tcp|udp)")


class Refused(Exception):
    """The machine cannot be hardened as it was asked; nothing was changed."""

    code = "validation"


@dataclass(frozen=True)
class Ban:
    """After `max_retry` failures within `find_s` seconds an address is shut out for `ban_s`."""

    max_retry: int
    find_s: int
    ban_s: int


@dataclass(frozen=True)
class Wishes:
    """`keys` open the account `admin`; `ports` (`443/tcp`) are open besides that of ssh, which is open to `sources`.

    `trusted` addresses are never banned. `docker` installs the engine, `timezone` is left alone where empty, `swarm` is
    `none`, `init`, `join-worker` or `join-manager`, and its machines are at `swarm_from`.
    """

    admin: str
    keys: tuple[str, ...]
    ports: tuple[str, ...]
    sources: tuple[str, ...]
    trusted: tuple[str, ...]
    ban: Ban
    upgrades: bool
    firewall: bool
    docker: bool = False
    timezone: str = ""
    swarm: str = "none"
    swarm_from: tuple[str, ...] = ()

    @classmethod
    def of(cls, inputs: Mapping[str, Any], keys: tuple[str, ...]) -> Wishes:
        """The inputs of a runbook with the public keys of the connection; raises Refused."""
        admin, ban = inputs["admin_user"], inputs["fail2ban"]
        if _ACCOUNT.fullmatch(admin) is None or admin == "root":
            raise Refused(f"{admin[:32]} is no name for the account of an administrator")
        lines = tuple(dict.fromkeys(plain_key(key) for key in (*keys, *inputs["authorized_keys"])))
        if not lines:
            raise Refused("no key would open the account, and passwords are switched off: give a public key")
        for place in (*inputs["ssh_from"], *inputs["never_ban"], *inputs.get("swarm_from", ())):
            _require_network(place)
        ports = tuple(inputs["open_ports"])
        wrong = [port for port in ports if _PORT.fullmatch(port) is None]
        if wrong:
            raise Refused(f"{wrong[0][:20]} is no port: write 443/tcp or 7000-7010/udp")
        return cls(
            admin=admin,
            keys=lines,
            ports=ports,
            sources=tuple(inputs["ssh_from"]),
            trusted=tuple(inputs["never_ban"]),
            ban=Ban(ban["max_retry"], ban["find_s"], ban["ban_s"]),
            upgrades=inputs["unattended_upgrades"],
            firewall=inputs["firewall"],
            docker=inputs.get("docker", False),
            timezone=inputs.get("timezone", ""),
            swarm=inputs.get("swarm", "none"),
            swarm_from=tuple(inputs.get("swarm_from", ())),
        )


def _require_network(text: str) -> None:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise Refused(f"{text[:50]} is neither an address nor a network") from None


def plain_key(line: str) -> str:
    """A public key as `type base64`; raises Refused."""
    found = _KEY.fullmatch(line.strip())
    if found is None:
        raise Refused(f"{line.strip()[:40]} is no public key")
    return f"{found.group(1)} {found.group(2)}"
