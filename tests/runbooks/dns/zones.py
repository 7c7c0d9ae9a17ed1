"""Zones for the tests of the DNS logic: records in short, a model that carries out changes, and random wishes."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from tests.runbooks import modules

ZONE = "example.com"
records = modules.shared("dns.records")
diff = modules.shared("dns.diff")
changes = modules.shared("dns.changes")
scopes = modules.shared("dns.scope")
snapshot = modules.shared("dns.snapshot")


def record(kind: str, name: str, content: str, number: int = 0, **more: Any) -> Any:
    """A record that is in the zone, known by its number."""
    row = {"id": f"{number:032x}", "type": kind, "name": in_full(name), "content": content}
    return records.from_api({**row, **more})


def wish(kind: str, name: str, content: str = "", **more: Any) -> Any:
    """A row of the inputs as a wish."""
    return records.wish({"type": kind, "name": name, "content": content, **more}, ZONE, more.pop("row", "a row"))


def compared(live: Sequence[Any], wishes: Sequence[Any], scope: Any = None) -> Any:
    """The outcome of comparing a zone with wishes; with a scope it is exact."""
    outcome = changes.Outcome()
    limits = scopes.scope(scope, ZONE) if scope is not None else None
    asked = [limits.require(one) for one in wishes] if limits else list(wishes)
    diff.compare(live, asked, ZONE, limits, outcome)
    return outcome


def steps(outcome: Any) -> list[str]:
    """What is to be done, in short."""
    assert outcome.objections == []
    return [f"{step.action} {step.record.type} {step.record.name.split('.')[0]}" for step in outcome.steps]


def told(outcome: Any) -> list[str]:
    """What stands against it: code and sentence."""
    return [f"{one.code}: {one.message}" for one in outcome.objections]


def carried_out(live: Sequence[Any], outcome: Any, first_id: int = 10_000) -> list[Any]:
    """The zone after the steps; what is made gets ids of its own."""
    now = {one.id: one for one in live}
    for number, step in enumerate(outcome.steps, first_id):
        if step.after is None:
            del now[step.record.id]
        elif step.before is None:
            made = records.from_api({**snapshot.kept(step.after), "id": f"{number:032x}"})
            now[made.id] = made
        else:
            now[step.before.id] = step.after
    return list(now.values())


def said(zone: Sequence[Any]) -> list[Any]:
    """The zone without its ids, comparable."""
    return sorted(zone, key=lambda one: (one.says, one.ttl, one.comment))


VALUES = {
    "A": ["192.0.2.1", "192.0.2.2", "192.0.2.3"],
    "TXT": ["v=spf1 -all", 'with "quotes" and \\', "é" * 200],
    "MX": ["mx1.example.net", "mx2.example.net"],
    "CAA": ['0 issue "letsencrypt.org"', '0 iodef "mailto:a@example.com"'],
    "SRV": ["10 5 5060 sip.example.com", "20 5 5060 sip.example.net"],
}
NAMES = ["a", "b", "c.b", "@"]


@st.composite
def zone_rows(draw: st.DrawFn, *, most: int = 10) -> list[dict[str, Any]]:
    """Rows that can be in a zone together, each with the attributes it happens to have."""
    pairs = [(kind, name, value) for kind, values in VALUES.items() for name in NAMES for value in values]
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=most, unique=True))
    return [draw(_row(kind, name, value)) for kind, name, value in chosen]


def _row(kind: str, name: str, value: str) -> st.SearchStrategy[dict[str, Any]]:
    fixed = {"type": st.just(kind), "name": st.just(name), "content": st.just(value), "ttl": st.sampled_from([1, 300])}
    if kind == "MX":
        fixed["priority"] = st.sampled_from([0, 10])
    optional: dict[str, Any] = {"comment": st.sampled_from(["one", "two"]), "tags": st.just(["team:dns"])}
    if kind == "A":
        optional["proxied"] = st.booleans()
    return st.fixed_dictionaries(fixed, optional=optional)


def live_zone(rows: Sequence[dict[str, Any]], first: int = 1) -> list[Any]:
    """The rows as records that are in the zone, numbered."""
    return [record(row["type"], row["name"], row["content"], at, **_rest(row)) for at, row in enumerate(rows, first)]


def wished(rows: Sequence[dict[str, Any]], way: str) -> list[Any]:
    """The rows as wishes, their names in full."""
    return [records.wish({"on_conflict": way, **row, "name": in_full(row["name"])}, ZONE) for row in rows]


def in_full(name: str) -> str:
    """A name of the tests as the zone has it."""
    return ZONE if name == "@" else f"{name}.{ZONE}"


def _rest(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("type", "name", "content")}
