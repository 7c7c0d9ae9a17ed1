"""The steps of one order: look at it and at what is there, make what is missing, or delete what one job made."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Callable, Mapping

from ansible.module_utils.orch.plan import changed_fields
from ansible.module_utils.orch.upstream import UpstreamError
from ansible.module_utils.orch.vps import cloud_init, host_key
from ansible.module_utils.orch.vps.labels import HOST_KEY, JOB
from ansible.module_utils.orch.vps.ordered import Order, Resource, Standing, Unfit
from ansible.module_utils.orch.vps.provider import Provider

DELETABLE = ("protection", "server", "firewall")
GO_ON = "What was made stays: run it again to go on, or roll the job back"


@dataclass
class Report:
    """What a step found or did. `items` are those of a plan, `made` the ids of what was made or deleted.

    `server` is `{address, host_key, job}` of the server, empty where there is none.
    """

    items: list[dict[str, Any]] = field(default_factory=list)
    noop: int = 0
    made: list[str] = field(default_factory=list)
    price: dict[str, Any] = field(default_factory=dict)
    servers_now: int = 0
    left_at: tuple[str, ...] = ()
    server: dict[str, str] = field(default_factory=dict)
    failure: dict[str, str] = field(default_factory=dict)
    calls: int = 0


@dataclass(frozen=True)
class Entrance:
    """Who is let into a new server: the account, and the public keys that open it."""

    admin: str
    public_keys: tuple[str, ...]


def look(provider: Provider, order: Order) -> Report:
    """Compare the order with what is there, and ask what it costs. Nothing is made."""
    return _told(provider, lambda report: _look(provider, order, report), "Nothing was made")


def make(provider: Provider, order: Order, job: str, entrance: Entrance) -> Report:
    """Make what is missing; what is there is never changed."""
    return _told(provider, lambda report: _make(provider, order, job, entrance, report), GO_ON)


def look_back(provider: Provider, name: str, job: str) -> Report:
    """What would be deleted: of the server of this name, only what this job made."""
    return _told(provider, lambda report: _look_back(provider, name, job, report), "Nothing was deleted")


def delete(provider: Provider, name: str, job: str) -> Report:
    """Delete what this job made, the server before what it hangs on."""
    return _told(provider, lambda report: _delete(provider, name, job, report), "Run it again to delete the rest")


def _told(provider: Provider, act: Callable[[Report], None], after: str) -> Report:
    """Do it; what goes wrong is in the report, with what to do next."""
    report = Report()
    try:
        act(report)
    except Unfit as unfit:
        report.failure = {"code": unfit.code, "message": f"{unfit}. {after}"}
    except UpstreamError as error:
        code = "partial_apply" if report.made else provider.code_of(error)
        report.failure = {"code": code, "message": f"{error}. {after}"}
    report.calls = provider.calls
    return report


def _look(provider: Provider, order: Order, report: Report) -> None:
    found, wanted = provider.found(order.name), provider.wanted(order)
    standing = provider.standing(order.name)
    report.server = _document(standing)
    items = [_item(one, found.get(one.id)) for one in wanted]
    report.items = [item for item in items if item["action"] != "noop"]
    report.noop = len(items) - len(report.items)
    offer = provider.offer(order, is_there=standing is not None)
    report.price, report.servers_now, report.left_at = offer.document(), offer.servers_now, offer.left_at
    _require_same(report.items)
    _require_known(standing)
    _require_cheap(order, report.price)


def _make(provider: Provider, order: Order, job: str, entrance: Entrance, report: Report) -> None:
    found = provider.found(order.name)
    key = host_key.make()
    labels = {JOB: job, HOST_KEY: host_key.to_label(key.public)}
    text = cloud_init.user_data(key, entrance.admin, list(entrance.public_keys), order.user_data)
    for one in provider.wanted(order):
        if one.id not in found:
            provider.make(one, order, labels, text)
            report.made.append(one.id)
    report.server = _document(provider.standing(order.name))


def _look_back(provider: Provider, name: str, job: str, report: Report) -> None:
    found, owners = provider.found(name), provider.owners(name)
    report.server = _document(provider.standing(name))
    for kind in DELETABLE:
        for one in [one for one in found if one.startswith(f"{kind}:")]:
            if owners.get(_owner_of(one)) == job:
                report.items.append(_deleted(one, found[one]))
            else:
                report.noop += 1


def _delete(provider: Provider, name: str, job: str, report: Report) -> None:
    _look_back(provider, name, job, report)
    for item in report.items:
        provider.delete(item["kind"], item["name"])
        report.made.append(item["id"])


def _owner_of(resource: str) -> str:
    """A server's protection is its own."""
    kind, _, name = resource.partition(":")
    return f"server:{name}" if kind == "protection" else resource


def _item(wanted: Resource, found: Mapping[str, Any] | None) -> dict[str, Any]:
    """One step of a plan. Of what is there only what can be read back is compared."""
    after = dict(wanted.after)
    before = {name: found[name] for name in after if name in found} if found is not None else None
    if before is not None:
        after = {name: after[name] for name in before}
    action = "create" if before is None else ("noop" if before == after else "update")
    fields = changed_fields(before, after) if before is not None else sorted(after)
    shared = {"kind": wanted.kind, "name": wanted.name, "fields": fields}
    return {"id": wanted.id, "action": action, "before": before, "after": after, **shared}


def _deleted(resource: str, before: Mapping[str, Any]) -> dict[str, Any]:
    kind, _, name = resource.partition(":")
    shared = {"kind": kind, "name": name, "fields": sorted(before)}
    return {"id": resource, "action": "delete", "before": dict(before), "after": None, **shared}


def _require_same(items: list[dict[str, Any]]) -> None:
    """What is there under this name is another thing: nobody's server is resized without a word."""
    other = [item for item in items if item["action"] == "update"]
    if other:
        listed = "; ".join(_difference(item) for item in other)
        raise Unfit("conflict", f"there is already a {other[0]['kind']} of this name, and it is another one: {listed}")


def _require_known(standing: Standing | None) -> None:
    """Without its host key nobody could tell whether it is this server that answers."""
    if standing is not None and not standing.host_key:
        raise Unfit("conflict", "the server was not made by this runbook: add it as a host and use existing_host")


def _difference(item: Mapping[str, Any]) -> str:
    parts = [f"{name} is {item['before'][name]}, asked for is {item['after'][name]}" for name in item["fields"]]
    return f"{item['kind']} {item['name']}: {', '.join(parts)}"


def _require_cheap(order: Order, price: Mapping[str, Any]) -> None:
    if order.most_per_month is not None and float(price["monthly"]) > order.most_per_month:
        said = f"{price['monthly']} {price['currency']}"
        raise Unfit("validation", f"it costs {said} a month, and max_monthly_cost is {order.most_per_month:g}")


def _document(standing: Standing | None) -> dict[str, str]:
    return asdict(standing) if standing else {}
