"""What is ordered, in words that every provider understands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping

ANYWHERE = ("0.0.0.0/0", "::/0")
WEB = ("80", "443")


class Unfit(Exception):
    """The order cannot be carried out; found before anything was made. `code` is the failure code of the job."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Rule:
    """What a firewall lets in: a protocol, a port or range (empty for icmp), and from where."""

    protocol: str
    port: str
    sources: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """As a plan shows it."""
        return {"protocol": self.protocol, "port": self.port, "sources": sorted(self.sources)}


@dataclass(frozen=True)
class Order:
    """A server by its name. `most_per_month` is the price that must not be passed, None without a limit."""

    name: str
    server_type: str
    image: str
    location: str
    ssh_keys: tuple[str, ...]
    rules: tuple[Rule, ...]
    networks: tuple[str, ...]
    ipv4: bool
    ipv6: bool
    backups: bool
    protected: bool
    labels: Mapping[str, str]
    user_data: str
    most_per_month: float | None

    @classmethod
    def of(cls, inputs: Mapping[str, Any]) -> Order:
        """The inputs of the runbook; raises Unfit."""
        if not (inputs["enable_ipv4"] or inputs["enable_ipv6"]):
            raise Unfit("validation", "a server without a public address cannot be reached: enable IPv4 or IPv6")
        return cls(
            name=inputs["name"],
            server_type=inputs["server_type"],
            image=inputs["image"],
            location=inputs["location"],
            ssh_keys=tuple(inputs["ssh_keys"]),
            rules=rules_of(inputs["firewall"], inputs["firewall_rules"]),
            networks=tuple(inputs["networks"]),
            ipv4=inputs["enable_ipv4"],
            ipv6=inputs["enable_ipv6"],
            backups=inputs["backups"],
            protected=inputs["delete_protection"],
            labels=dict(inputs["labels"]),
            user_data=inputs["user_data"],
            most_per_month=inputs.get("max_monthly_cost"),
        )


def rules_of(kind: str, custom: list[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """The rules of a kind of firewall. ssh and icmp are always let in: nobody could set the server up otherwise."""
    always = (Rule("icmp", "", ANYWHERE), Rule("tcp", "22", ANYWHERE))
    if kind == "web":
        return (*always, *(Rule("tcp", port, ANYWHERE) for port in WEB))
    own = (Rule(one["protocol"], one["port"], tuple(one["sources"]) or ANYWHERE) for one in custom)
    return (*always, *own) if kind == "custom" else always


@dataclass(frozen=True)
class Offer:
    """What an order costs at a place, tax included. Money is text, as providers give it.

    `servers_now` is how many servers the project has, `left_at` where the type is in stock (not asked for a server that
    is there): no part of the price, and nothing that a plan depends on.
    """

    currency: str
    monthly: str
    hourly: str
    parts: Mapping[str, str]
    servers_now: int
    left_at: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The price, as a plan has it among its facts."""
        return {
            "currency": self.currency,
            "monthly": self.monthly,
            "hourly": self.hourly,
            "parts": dict(self.parts),
        }


@dataclass(frozen=True)
class Resource:
    """One thing at a provider. `after` is how it shall be; of what exists only these fields are compared."""

    kind: str
    name: str
    after: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Its name among all that is ordered."""
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True)
class Standing:
    """A server that is there: where it is reached, and the host key that it was given."""

    address: str
    host_key: str
    job: str
