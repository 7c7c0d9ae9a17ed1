"""A provisioning as a whole: the order, its machine, its record in the DNS, and the host that the inventory gets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Iterable, Mapping

from ansible.module_utils.orch.hardening import fleet
from ansible.module_utils.orch.hardening.fleet import More, Results, Run, Verdict

SSH_PORT = 22
SSH_SLOT = "ssh"
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Parts:
    """What the plays found out so far. `order` and `made` are reports of `vps_server`, `dns` is of `cloudflare_dns`;
    each is empty where it was not asked for. `lacking` are faults of the inputs and connections as a whole, `no_door`
    is why no manager of the Swarm told its door.
    """

    inputs: Document
    job: str
    lacking: tuple[str, ...] = ()
    no_door: Document = field(default_factory=dict)
    order: Document = field(default_factory=dict)
    made: Document = field(default_factory=dict)
    dns: Document = field(default_factory=dict)

    @property
    def is_order(self) -> bool:
        """Whether a server is ordered, not only hosts set up that exist."""
        return self.inputs["provider"] != "existing_host"

    @property
    def server(self) -> Document:
        """The server that is ordered or was deleted; empty where there is none yet."""
        return self.made.get("server") or self.order.get("server") or {}


def more(parts: Parts, undo: Document | None, looks: Results) -> More:
    """What the plan holds besides the machines that could be looked at."""
    if not parts.is_order:
        return More(failure=_lack(parts))
    items = [*parts.order.get("items", []), *(() if undo else _later(parts, looks)), *_records(parts.dns)]
    name = parts.inputs["name"]
    return More(
        items=tuple(items),
        noop=int(parts.order.get("noop", 0)),
        facts=_facts(parts),
        remembered={"made": {"job": parts.job}},
        failure=_lack(parts) or parts.order.get("failure") or parts.dns.get("failure") or {},
        target={"kind": "server", "id": f"{parts.inputs['provider']}/{name}", "name": name},
    )


def conclude(run: Run, parts: Parts, planned: Document, results: Mapping[str, Results]) -> Verdict:
    """How all of it ended: the machines as after any hardening, and what is the order's own."""
    admin = parts.inputs["bootstrap"]["admin_user"]
    verdict = fleet.conclude(run, planned, results, admin)
    went = bool(planned["go"])
    own = [*parts.order.get("items", []), *_records(parts.dns)]
    done = {*parts.made.get("made", []), *(_record_id(one) for one in _records(parts.dns))}
    verdict.items = [*(one for one in own if not went or one["id"] in done), *verdict.items]
    verdict.changed = bool(verdict.changed or parts.made.get("made") or parts.dns.get("written"))
    failures = (parts.made.get("failure"), verdict.failure, parts.dns.get("failure"))
    verdict.failure = dict(next((one for one in failures if one), {}))
    if parts.is_order:
        verdict.hosts = list(_hosts(parts, run, results))
    return verdict


def prices(parts: Parts) -> list[dict[str, Any]]:
    """The price as a row for people, with the stock and how many servers there are now; none where none was ordered."""
    order = parts.order
    more = {"servers_now": order.get("servers_now"), "left_at": ", ".join(order.get("left_at", ()))}
    return [{**order["price"], **more}] if order.get("price") else []


def _lack(parts: Parts) -> dict[str, str]:
    return {"code": "validation", "message": "; ".join(parts.lacking)} if parts.lacking else dict(parts.no_door)


def _facts(parts: Parts) -> dict[str, Any]:
    price = parts.order.get("price")
    return {"price": price} if price else {}


def _later(parts: Parts, looks: Results) -> Iterable[dict[str, Any]]:
    """What is going to be done on a machine that nobody can look at yet."""
    name = parts.inputs["name"]
    if name not in looks:
        wishes = dict(parts.inputs["bootstrap"])
        shared = {"kind": "machine", "name": name, "before": None, "fields": sorted(wishes)}
        yield {"id": f"machine:{name}", "action": "create", "after": wishes, **shared}
    wish = parts.inputs.get("dns")
    if wish and not parts.dns:
        shared = {"kind": "record", "name": wish["name"], "before": None, "fields": ["zone_id"]}
        yield {"id": f"record:{wish['name']}", "action": "create", "after": {"zone_id": wish["zone_id"]}, **shared}


def _records(dns: Document) -> list[dict[str, Any]]:
    return [{**item, "id": _record_id(item)} for item in dns.get("items", [])]


def _record_id(item: Document) -> str:
    return item["id"] if str(item["id"]).startswith("record/") else f"record/{item['id']}"


def _hosts(parts: Parts, run: Run, results: Mapping[str, Results]) -> Iterable[dict[str, Any]]:
    """The host that the inventory takes over, once somebody got in; or the one that it lets go, once it is deleted."""
    name, server = parts.inputs["name"], parts.server
    if not server or run.is_preview:
        return
    place = {"name": name, "address": server["address"], "port": SSH_PORT, "host_key": server["host_key"]}
    if run.undo is not None:
        if parts.made.get("made") and not parts.made.get("failure"):
            yield {**place, "state": "absent"}
    elif (results.get(name, {}).get("look") or {}).get("report"):
        yield {**place, "user": parts.inputs["bootstrap"]["admin_user"], "connection": SSH_SLOT}
