"""What the screen /containers shows of what was seen: one page of one tab, problems first, and the filters' choices."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orch_app.domains.containers.sights import Sight, told_at
from orch_app.integrations.docker.ages import age_s
from orch_app.integrations.docker.things import Container, Inspection, Node, Service, Stack
from orch_app.state.address import page_number
from orch_app.state.containers_facts import facts_of, facts_of_inspection

TABS = ("containers", "services", "stacks", "nodes")
FILTERS = ("q", "endpoint", "show", "stack", "node")
PARAMETERS = (*FILTERS, "tab", "page")
PAGE_SIZE = 50
PROBLEMS = "problems"
Shown = dict[str, Any]
# What a close look adds to the drawer; `trouble` is the code of what keeps it from being had.
NOT_LOOKED: Shown = {"closer": [], "wasOutOfMemory": False, "trouble": ""}
_SEARCHED = ("name", "fullName", "id", "image", "stack", "service", "node")
Thing = Container | Service | Stack | Node


@dataclass(frozen=True)
class Wanted:
    """What the address asks for."""

    tab: str
    words: tuple[str, ...]
    endpoint: str
    only_problems: bool
    stack: str
    node: str
    page: int

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "Wanted":
        """From the parameters; nonsense filters nothing."""
        return cls(
            tab=asked["tab"] if asked["tab"] in TABS else TABS[0],
            words=tuple(asked["q"].lower().split()),
            endpoint=asked["endpoint"],
            only_problems=asked["show"] == PROBLEMS,
            stack=asked["stack"],
            node=asked["node"],
            page=page_number(asked["page"]),
        )

    @property
    def is_narrowed(self) -> bool:
        """Whether only some things are wanted, in trouble or not."""
        return bool(self.words or self.endpoint or self.stack or self.node)


def read_list(sights: Sequence[Sight], wanted: Wanted) -> Shown:
    """One page of the tab, and everything around it."""
    chosen = [sight for sight in sights if wanted.endpoint in {"", str(sight.seen.id)}]
    rows = [row for row in _rows(chosen, wanted.tab) if _is_wanted(row, wanted)]
    rows.sort(key=lambda row: (not row["isProblem"], row["name"].lower(), row["endpointName"]))
    last = max(1, -(-len(rows) // PAGE_SIZE))
    page = min(wanted.page, last)
    problems = sum(row["isProblem"] for row in rows)
    return {
        "tab": wanted.tab,
        "rows": _grouped(rows[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]),
        "total": len(rows),
        "problems": problems,
        "page": page,
        "counts": {tab: sum(len(_things(sight, tab)) for sight in chosen) for tab in TABS},
        "endpoints": [{"value": str(sight.seen.id), "label": sight.seen.name} for sight in sights],
        **_places(chosen),
        "faults": [_fault(sight) for sight in chosen if sight.error],
        "is_narrowed": wanted.is_narrowed,
        "only_problems": wanted.only_problems,
        "read_at": told_at(chosen).isoformat(),
    }


def _places(chosen: Sequence[Sight]) -> Shown:
    """What the list can be narrowed to besides an engine."""
    return {
        "stacks": sorted({one.name for sight in chosen for one in sight.stacks}),
        "nodes": sorted({one.node for sight in chosen for one in sight.containers if one.node}),
    }


def kept_in_place(shown: Sequence[Shown], fresh: Sequence[Shown], sights: Sequence[Sight], wanted: Wanted) -> Shown:
    """The rows that are shown, as they are now and where they are; `moved` says that a new reading shows others."""
    if not shown or [row["key"] for row in shown] == [row["key"] for row in fresh]:
        return {"rows": list(fresh), "moved": False}
    known = {row["key"]: row for row in _rows(sights, wanted.tab)}
    rows = [{**known.get(row["key"], _gone(row)), "opens": row["opens"]} for row in shown]
    return {"rows": rows, "moved": True}


def read_detail(sights: Sequence[Sight], tab: str, key: str) -> Shown:
    """One thing with all that is known of it; without `key` when it is not there any more."""
    for sight in sights:
        for thing in _things(sight, tab):
            row = _row(sight, tab, thing)
            if row["key"] == key:
                return row | {"facts": facts_of(thing, sight), **NOT_LOOKED}
    return {}


def read_closer(found: Inspection) -> Shown:
    """What a close look adds to the drawer of a container."""
    return {"closer": facts_of_inspection(found), "wasOutOfMemory": found.was_out_of_memory, "trouble": ""}


def order_of(tab: str, detail: Shown) -> Shown:
    """What a runbook for containers or stacks is told about this one: its inputs, and the connection in its slot."""
    connection, _, number = detail["endpoint"].partition(".")
    if tab == "stacks":
        inputs = {"stack_name": detail["name"]} | ({"endpoint_id": int(number)} if number else {})
    else:
        inputs = {"endpoint_id": int(number or 0), "containers": [detail["id"]], "machine": detail["node"]}
    other = {"portainer": "", "docker": ""}  # nothing is to stand in the slot of the other kind
    return {"inputs": inputs, "connections": other | {"portainer" if number else "docker": connection}}


def _things(sight: Sight, tab: str) -> Sequence[Thing]:
    return {
        "containers": sight.containers,
        "services": sight.services,
        "stacks": sight.stacks,
        "nodes": sight.nodes,
    }[tab]


def _rows(sights: Sequence[Sight], tab: str) -> Iterator[Shown]:
    return (_row(sight, tab, thing) for sight in sights for thing in _things(sight, tab))


def _row(sight: Sight, tab: str, thing: Thing) -> Shown:
    """What every tab's rows have, and what only this one's have."""
    endpoint = str(sight.seen.id)
    own = _ROWS[tab](thing)
    return {
        "key": f"{endpoint}/{own['id']}",
        "endpoint": endpoint,
        "endpointName": sight.seen.name,
        "environment": sight.seen.door.environment,
        "isStale": sight.error is not None,
        "opens": "",
        **own,
        "takesOrders": own["takesOrders"] and sight.error is None,
    }


def _container(row: Container) -> Shown:
    return {
        "id": row.id[:12],
        "name": short_name(row),
        "fullName": row.name,
        "badge": badge_of(row),
        "isProblem": row.is_in_error,
        "image": row.image,
        "stack": row.stack,
        "service": row.service,
        "node": row.node,
        "ageS": age_s(row.status),
        "exitCode": row.exit_code or 0,
        "source": f"c:{row.name}",
        "takesOrders": True,
    }


def _service(row: Service) -> Shown:
    return {
        "id": row.id[:12],
        "name": row.name,
        "badge": service_badge_of(row),
        "isProblem": row.is_in_error,
        "image": row.image,
        "stack": row.stack,
        "mode": row.mode,
        "running": row.running,
        "wanted": row.wanted,
        "error": row.error or row.update_message,
        "updatedAt": row.updated_at.isoformat(),
        "source": f"service:{row.stack}:{row.name}",
        "takesOrders": False,
    }


def _stack(row: Stack) -> Shown:
    return {
        "id": row.name,
        "name": row.name,
        "badge": "in_trouble" if row.in_error else "fine",
        "isProblem": row.in_error > 0,
        "kind": row.kind,
        "services": row.services,
        "containers": row.containers,
        "inError": row.in_error,
        "stack": row.name,
        "source": f"stack:{row.name}",
        "takesOrders": row.services > 0,
    }


def _node(row: Node) -> Shown:
    return {
        "id": row.id[:12],
        "name": row.name,
        "badge": _node_badge(row),
        "isProblem": row.is_in_error,
        "role": "leader" if row.is_leader else row.role,
        "address": row.address,
        "engine": row.engine,
        "node": row.name,
        "takesOrders": False,
    }


_ROWS: Mapping[str, Callable[[Any], Shown]] = {
    "containers": _container,
    "services": _service,
    "stacks": _stack,
    "nodes": _node,
}


def short_name(row: Container) -> str:
    """`shop_web.1` for a task of a Swarm, whose name ends with an id that nobody reads."""
    parts = row.name.split(".")
    is_task = bool(row.service) and row.name.startswith(f"{row.service}.") and len(parts) > 2  # noqa: PLR2004 - service, slot, id
    return row.name.rpartition(".")[0] if is_task else row.name


def badge_of(row: Container) -> str:
    """The word for the state of a container."""
    if row.state == "running":
        return {"": "up", "starting": "starting"}.get(row.health, row.health)
    if row.is_replaced:
        return "replaced"
    if row.state == "exited":
        return "crashed" if row.exit_code else "exited"
    return row.state


def service_badge_of(row: Service) -> str:
    """The word for the state of a service."""
    if row.running < row.wanted:
        return "short" if row.running else "none_running"
    if row.is_in_error:
        return "update_failed"
    return "updating" if row.update in {"updating", "rollback_started"} else "fine"


def _node_badge(row: Node) -> str:
    if row.is_in_error:
        return "lost"
    return {"drain": "drained", "pause": "paused"}.get(row.availability, "fine")


def _is_wanted(row: Shown, wanted: Wanted) -> bool:
    if wanted.only_problems and not row["isProblem"]:
        return False
    if wanted.stack not in {"", row.get("stack", wanted.stack)} or wanted.node not in {
        "",
        row.get("node", wanted.node),
    }:
        return False
    if not wanted.words:
        return True
    text = " ".join(str(row.get(name, "")) for name in _SEARCHED).lower()
    return all(word in text for word in wanted.words)


def _grouped(rows: list[Shown]) -> list[Shown]:
    """The first row of each group opens it: problems, and what is well."""
    before = ""
    for row in rows:
        group = PROBLEMS if row["isProblem"] else "well"
        row["opens"], before = ("" if group == before else group), group
    return rows


def _gone(row: Shown) -> Shown:
    return {**row, "badge": "gone", "isProblem": False, "takesOrders": False}


def _fault(sight: Sight) -> Shown:
    """Why an endpoint cannot be asked, and of when what is shown of it is."""
    return {
        "name": sight.seen.name,
        "connection": sight.seen.door.name,
        "code": sight.error.code if sight.error else "",
        "detail": sight.error.detail if sight.error else "",
        "seenAt": sight.seen_at.isoformat() if sight.seen_at else "",
    }
