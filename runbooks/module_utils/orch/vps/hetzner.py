"""Hetzner Cloud as a provider of servers."""

from __future__ import annotations

import ipaddress
import time
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Callable, Mapping

from ansible.module_utils.orch.upstream import UpstreamError
from ansible.module_utils.orch.vps import host_key
from ansible.module_utils.orch.vps.hetzner_api import HetznerApi, code_of
from ansible.module_utils.orch.vps.labels import HOST_KEY, JOB
from ansible.module_utils.orch.vps.ordered import Offer, Order, Resource, Rule, Standing, Unfit
from ansible.module_utils.orch.vps.provider import Provider

CENT, FINE = Decimal("0.01"), Decimal("0.0001")
MOST_SUGGESTED = 3
DETACH_TRIES, DETACH_S = 15, 2.0
_IN_USE = "resource_in_use"
Row = Mapping[str, Any]


class Hetzner(Provider):
    """One project. What it has is asked for anew at each question: nothing here is remembered between steps."""

    name = "Hetzner Cloud"

    def __init__(self, api: HetznerApi, sleep: Callable[[float], None] = time.sleep) -> None:
        self._api = api
        self._sleep = sleep

    @property
    def calls(self) -> int:
        """How many requests were sent."""
        return self._api.calls

    def code_of(self, error: UpstreamError) -> str:
        """The failure code by what Hetzner calls it."""
        return code_of(error)

    def offer(self, order: Order, *, is_there: bool) -> Offer:
        """What it costs, and whether there is one left. Hetzner tells the limit of a project to nobody beforehand."""
        size = self._api.named("server_types", order.server_type)
        if size is None:
            raise Unfit("not_found", f"{self.name} has no server type {order.server_type}")
        price = next((one for one in size["prices"] if one["location"] == order.location), None)
        if price is None:
            places = ", ".join(sorted(one["location"] for one in size["prices"]))
            raise Unfit("not_found", f"{order.server_type} is not sold at {order.location}, but at {places}")
        self._require_parts(order, size)
        return self._priced(order, price, () if is_there else self._stock(order, size))

    def wanted(self, order: Order) -> list[Resource]:
        """The firewall first, so that the server never stands without it."""
        server = {
            "server_type": order.server_type,
            "image": order.image,
            "location": order.location,
            "ipv4": order.ipv4,
            "ipv6": order.ipv6,
            "networks": sorted(order.networks),
            "firewall": _firewall_name(order.name),
            "ssh_keys": sorted(order.ssh_keys),
            "labels": dict(order.labels),
        }
        return [
            Resource("firewall", _firewall_name(order.name), {"rules": [rule.document() for rule in order.rules]}),
            Resource("server", order.name, server),
            *([Resource("backups", order.name, {"enabled": True})] if order.backups else []),
            *([Resource("protection", order.name, {"delete": True})] if order.protected else []),
        ]

    def found(self, name: str) -> dict[str, dict[str, Any]]:
        """What is there; the keys with which a server was made cannot be read back."""
        found: dict[str, dict[str, Any]] = {}
        firewall = self._api.named("firewalls", _firewall_name(name))
        if firewall:
            found[f"firewall:{firewall['name']}"] = {"rules": [_rule(row).document() for row in firewall["rules"]]}
        server = self._api.named("servers", name)
        if server:
            found[f"server:{name}"] = self._said(server)
            if server["backup_window"]:
                found[f"backups:{name}"] = {"enabled": True}
            if server["protection"]["delete"]:
                found[f"protection:{name}"] = {"delete": True}
        return found

    def owners(self, name: str) -> dict[str, str]:
        """Which job made what is there, by `kind:name`; empty for what nobody here has made."""
        firewall = self._api.named("firewalls", _firewall_name(name))
        rows = {"firewall": firewall, "server": self._api.named("servers", name)}
        return {f"{kind}:{row['name']}": str(row["labels"].get(JOB, "")) for kind, row in rows.items() if row}

    def standing(self, name: str) -> Standing | None:
        """Where the server is reached: by IPv4 where it has one, else at the first address of its IPv6 network."""
        server = self._api.named("servers", name)
        if server is None:
            return None
        four, six = server["public_net"]["ipv4"], server["public_net"]["ipv6"]
        address = four["ip"] if four else str(ipaddress.ip_network(six["ip"])[1])
        labels = server["labels"]
        return Standing(address, host_key.from_label(labels.get(HOST_KEY, "")), labels.get(JOB, ""))

    def make(self, resource: Resource, order: Order, labels: Row, user_data: str) -> None:
        """Make one resource and wait until it stands."""
        if resource.kind == "firewall":
            rules = [_wire(rule) for rule in order.rules]
            body = {"name": resource.name, "labels": {JOB: labels[JOB]}, "rules": rules}
            self._api.act("POST", "/firewalls", body)
        elif resource.kind == "server":
            self._api.act("POST", "/servers", self._server(order, labels, user_data))
        elif resource.kind == "backups":
            self._api.act("POST", f"/servers/{self._id('servers', order.name)}/actions/enable_backup")
        else:
            self._protect(order.name, on=True)

    def delete(self, kind: str, name: str) -> None:
        """Delete one resource; backups go with their server."""
        if kind == "protection":
            self._protect(name, on=False)
        elif kind == "server":
            row = self._api.named("servers", name)
            if row:
                self._api.act("DELETE", f"/servers/{row['id']}")
        elif kind == "firewall":
            self._delete_firewall(name)

    def _require_parts(self, order: Order, size: Row) -> None:
        images = self._api.all("images", name=order.image, architecture=size["architecture"], status="available")
        if not images:
            raise Unfit("not_found", f"there is no image {order.image} for {size['architecture']}")
        missing = [name for name in order.ssh_keys if self._api.named("ssh_keys", name) is None]
        if missing:
            raise Unfit("not_found", f"the project has no ssh key {', '.join(missing)}")
        self._networks(order)

    def _stock(self, order: Order, size: Row) -> tuple[str, ...]:
        """Where the type is in stock; raises Unfit where the wished place is none of these."""
        centers = self._api.all("datacenters")
        left = {place: _available(centers, place) for place in {one["location"]["name"] for one in centers}}
        left_at = tuple(sorted(place for place, ids in left.items() if size["id"] in ids))
        if order.location in left_at:
            return left_at
        types = self._api.all("server_types")
        others = [
            one["name"]
            for one in sorted(types, key=lambda one: (one["memory"], one["cores"], one["name"]))
            if one["id"] in left.get(order.location, set()) and one["architecture"] == size["architecture"]
            and one["memory"] >= size["memory"]
        ]  # fmt: skip
        hints = [
            *([f"{order.server_type} at {', '.join(left_at)}"] if left_at else []),
            *([f"{', '.join(others[:MOST_SUGGESTED])} at {order.location}"] if others else []),
        ]
        hint = f"; there are {' and '.join(hints)}" if hints else ""
        raise Unfit("resource_unavailable", f"no {order.server_type} is left at {order.location}{hint}")

    def _priced(self, order: Order, price: Row, left_at: tuple[str, ...]) -> Offer:
        """The server, its address, and a part of the server's price for its backups; all with tax."""
        pricing = self._api.get("/pricing")["pricing"]
        server = (Decimal(price["price_monthly"]["gross"]), Decimal(price["price_hourly"]["gross"]))
        parts = {"server": server}
        if order.ipv4:
            parts["ipv4"] = _of_address(pricing, order.location)
        if order.backups:
            share = Decimal(pricing["server_backup"]["percentage"]) / 100
            parts["backups"] = (server[0] * share, server[1] * share)
        monthly, hourly = (sum(one[index] for one in parts.values()) for index in (0, 1))
        return Offer(
            currency=pricing["currency"],
            monthly=_money(monthly, CENT),
            hourly=_money(hourly, FINE),
            parts={name: _money(one[0], CENT) for name, one in parts.items()},
            servers_now=len(self._api.all("servers")),
            left_at=left_at,
        )

    def _said(self, server: Row) -> dict[str, Any]:
        nets = {one["network"] for one in server["private_net"]}
        names = {row["id"]: row["name"] for row in self._api.all("networks")} if nets else {}
        firewalls = {one["id"] for one in server["public_net"].get("firewalls", [])}
        rows = self._api.all("firewalls") if firewalls else []
        image = server["image"]
        found = {
            "server_type": server["server_type"]["name"],
            "location": server["location"]["name"],
            "ipv4": server["public_net"]["ipv4"] is not None,
            "ipv6": server["public_net"]["ipv6"] is not None,
            "networks": sorted(names.get(one, str(one)) for one in nets),
            "firewall": ", ".join(sorted(row["name"] for row in rows if row["id"] in firewalls)),
        }
        # A server outlives the image that it was made of.
        return {**found, "image": image["name"]} if image and image["name"] else found

    def _server(self, order: Order, labels: Row, user_data: str) -> dict[str, Any]:
        return {
            "name": order.name,
            "server_type": order.server_type,
            "image": order.image,
            "location": order.location,
            "ssh_keys": list(order.ssh_keys),
            "firewalls": [{"firewall": self._id("firewalls", _firewall_name(order.name))}],
            "networks": self._networks(order),
            "public_net": {"enable_ipv4": order.ipv4, "enable_ipv6": order.ipv6},
            "labels": {**order.labels, **labels},
            "user_data": user_data,
            "start_after_create": True,
        }

    def _networks(self, order: Order) -> list[int]:
        return [self._id("networks", name) for name in order.networks]

    def _id(self, what: str, name: str) -> int:
        row = self._api.named(what, name)
        if row is None:
            raise Unfit("not_found", f"the project has no {what[:-1].replace('_', ' ')} {name}")
        return int(row["id"])

    def _protect(self, name: str, *, on: bool) -> None:
        """Hetzner wants both protections set together."""
        body = {"delete": on, "rebuild": on}
        self._api.act("POST", f"/servers/{self._id('servers', name)}/actions/change_protection", body)

    def _delete_firewall(self, name: str) -> None:
        """It hangs on its server for a moment after that one is gone."""
        for left in reversed(range(DETACH_TRIES)):
            row = self._api.named("firewalls", name)
            if row is None:
                return
            try:
                self._api.call("DELETE", f"/firewalls/{row['id']}")
            except UpstreamError as error:
                fault = (error.document or {}).get("error", {})
                if fault.get("code") != _IN_USE or not left:
                    raise
                self._sleep(DETACH_S)


def _firewall_name(server: str) -> str:
    return f"{server}-firewall"


def _available(centers: list[dict[str, Any]], place: str) -> set[int]:
    return {
        number for one in centers if one["location"]["name"] == place for number in one["server_types"]["available"]
    }


def _of_address(pricing: Row, place: str) -> tuple[Decimal, Decimal]:
    for kind in pricing["primary_ips"]:
        for one in kind["prices"]:
            if kind["type"] == "ipv4" and one["location"] == place:
                return Decimal(one["price_monthly"]["gross"]), Decimal(one["price_hourly"]["gross"])
    raise Unfit("not_found", f"Hetzner Cloud names no price for an IPv4 address at {place}")


def _money(amount: Any, step: Decimal) -> str:
    return str(Decimal(amount).quantize(step, ROUND_HALF_UP))


def _rule(row: Row) -> Rule:
    return Rule(row["protocol"], row["port"] or "", tuple(row["source_ips"]))


def _wire(rule: Rule) -> dict[str, Any]:
    """A rule as Hetzner takes it; icmp has no port."""
    port = {"port": rule.port} if rule.port else {}
    return {"direction": "in", "protocol": rule.protocol, "source_ips": list(rule.sources), **port}
