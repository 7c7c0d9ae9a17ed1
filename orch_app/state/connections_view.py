"""Connections as the screen shows them, and the texts of its form as the domain takes them. No secret comes out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.inventory import connections, queries
from orch_app.domains.inventory.models import Host
from orch_app.domains.inventory.uses import ConnectionUse, list_uses
from orch_app.domains.inventory.wire import ConnectionAnswer, ConnectionsQuery, HostsQuery
from orch_app.kit.errors import OrchError
from orch_app.state.address import page_href
from orch_app.state.hosts_view import said_of
from orch_app.state.session_view import Shown

PAGE = 50
NO_CONNECTION: Shown = {
    "id": "", "name": "", "type": "ssh", "environment": "stage", "user": "", "is_open": False, "status": "untested",
    "tested_at": "", "tested_ms": 0, "said": "", "used_by": 0, "fingerprint": "", "public_key": "", "created_at": "",
    "created_by": "", "changed_at": "", "changed_by": "", "used_at": "", "version": 0, "values": {}, "set_at": {},
}  # fmt: skip
NO_TYPE: Shown = {"name": "", "title": "", "help": "", "helpPt": "", "policy": [], "fields": []}
PLACES = ("user", "url", "endpoint")
"""What a row shows below its name: the first of these fields that the connection has."""

SENTENCES = frozenset(
    {
        "certificate",
        "https_only",
        "missing",
        "name_taken",
        "no_tls",
        "pair",
        "required",
        "ssh_key",
        "ssh_only",
        "tls_key",
        "tls_key_other",
        "token",
        "too_short",
        "url",
        "url_parts",
        "url_path",
        "url_port",
        "url_secret",
        "url_user",
        "no_key",
        "single_line",
        "host",
        "host_key",
        "passphrase_required",
        "passphrase_unused",
        "wrong_passphrase",
        "weak_key",
        "not_a_private_key",
        "unsupported_key",
    }
)


def read_connections(session: Session, actor: Actor, asked: Mapping[str, str], environment: str) -> Shown:
    """One page of connections for the filters of the address, and the types with their forms."""
    wanted = ConnectionsQuery(
        q=asked["q"],
        environment=[environment] if environment else [],  # pyright: ignore[reportArgumentType]
        sort=asked["sort"],
        cursor=asked["cursor"],
        limit=PAGE,
        with_total=True,
    )
    page = queries.list_connections(session, actor, wanted)
    return {
        "rows": [show_connection(answer) for answer in connections.show(session, actor, page.items)],
        "total": page.total or 0,
        "types": [_type(kind) for kind in connections.list_types(actor)],
        "next_href": page_href("/connections", asked, page.next_cursor),
        "previous_href": page_href("/connections", asked, page.prev_cursor),
    }


def read_uses(session: Session, actor: Actor, connection_id: str) -> list[Shown]:
    """What uses a connection, each with the address of its page."""
    return [
        {"id": use.id, "kind": use.kind, "name": use.name, "status": use.status, "href": _href(use)}
        for use in list_uses(session, actor, connection_id)
    ]


def _href(use: ConnectionUse) -> str:
    pages = {"schedule": f"/schedules?q={quote(use.name)}", "pipeline": f"/pipelines?q={quote(use.name)}"}
    own = {"run": f"/pipelines/{use.id}", "job": f"/jobs/{use.id}", "host": f"/hosts?q={quote(use.name)}"}
    pages |= {"hook": f"/webhooks?q={quote(use.name)}", "source": "/sources"}
    return (pages | own)[use.kind]


def read_testable(session: Session, actor: Actor, connection_id: str) -> list[dict[str, str]]:
    """Hosts that a login can be tried on: of the same environment and with a pinned key, its own ones first."""
    row = queries.get_connection(session, actor, connection_id)
    query = HostsQuery(environment=[row.environment], limit=200)  # pyright: ignore[reportArgumentType]

    def is_other(host: Host) -> bool:
        return host.connection_id != connection_id

    hosts = sorted((host for host in queries.list_hosts(session, actor, query).items if host.host_key), key=is_other)
    return [{"value": host.id, "label": host.name} for host in hosts]


def show_connection(answer: ConnectionAnswer) -> Shown:
    """A row of the list; the form begins with the same values. Of secrets only since when they are set."""
    test = answer.last_test
    return {
        "id": answer.id,
        "name": answer.name,
        "type": answer.type,
        "environment": answer.environment,
        "user": next((str(answer.payload[name]) for name in PLACES if answer.payload.get(name)), ""),
        "is_open": answer.payload.get("tlsVerify") is False,
        "status": "untested" if test is None else "ok" if test.ok else "failed",
        "tested_at": test.at.isoformat() if test else "",
        "tested_ms": test.duration_ms if test else 0,
        "said": said_of(test.detail_code, test.detail) if test else "",
        "used_by": answer.used_by,
        "fingerprint": answer.facts.get("fingerprint", ""),
        "public_key": answer.facts.get("publicKey", ""),
        "created_at": answer.created_at.isoformat(),
        "created_by": answer.created_by_name,
        "changed_at": answer.updated_at.isoformat(),
        "changed_by": answer.updated_by_name,
        "used_at": answer.last_used_at.isoformat() if answer.last_used_at else "",
        "version": answer.version,
        "values": dict(_flat(answer.payload)),
        "set_at": {name: f.set_at.isoformat() for name, f in answer.masked_fields.items() if f.set and f.set_at},
    }


def payload_of(values: Mapping[str, Any], fields: Sequence[Shown], *, kept: Sequence[str], is_new: bool) -> Shown:
    """The form's texts as a payload: what is empty is left out (or cleared by null), `kept` secrets are not named."""
    payload: Shown = {}
    for field in fields:
        name = str(field["name"])
        if name in kept:
            continue
        value = _typed(values.get(name), field)
        group, _, inner = name.partition(".")
        if inner:
            payload[group] = (payload.get(group) or {}) | ({inner: value} if value is not None else {})
        elif value is not None or not is_new:
            payload[name] = value
    return {name: value if name not in _empty_groups(payload) else None for name, value in payload.items()}


def faults_of(error: OrchError | ValidationError) -> dict[str, str]:
    """The first fault of each field by the field's name; the word has a sentence in the catalogue."""
    if isinstance(error, ValidationError):
        return {str(fault["loc"][0]): "name" for fault in error.errors(include_input=False) if fault["loc"]}
    found: dict[str, str] = {}
    for fault in error.errors:
        name = fault.pointer.strip("/").removeprefix("payload/").replace("/", ".")
        found.setdefault(name, fault.code if fault.code in SENTENCES else "invalid")
    return found


def _empty_groups(payload: Mapping[str, Any]) -> set[str]:
    """Groups such as a jump host without an address: the group as a whole is not wanted."""
    return {name for name, value in payload.items() if isinstance(value, dict) and not value.get("address")}


def _typed(value: Any, field: Mapping[str, Any]) -> Any:
    """What was typed, as the field takes it. A secret is kept to the letter: blanks around it may belong to it."""
    if field["kind"] == "boolean":
        return value is True
    verbatim = field["secret"] or field["kind"] == "textarea"
    text = str(value or "") if verbatim else str(value or "").strip()
    if not text:
        return None
    if field["kind"] == "integer":
        return int(text) if str(text).isdecimal() and len(str(text)) < 8 else text  # noqa: PLR2004 - longer is no port
    return text


def _type(kind: Any) -> Shown:
    fields = list(_fields(kind.form(), "", "", ""))
    words = {"title": kind.title, "help": kind.help, "helpPt": kind.help_pt}
    return {"name": kind.name, **words, "policy": list(kind.policy), "fields": fields}


def _fields(nodes: Sequence[Mapping[str, Any]], above: str, group: str, group_pt: str) -> Iterator[Shown]:
    """The tree of nodes as a flat list; what is inside an object carries the object's title."""
    for node in nodes:
        name = f"{above}{node['name']}"
        if "fields" in node:
            yield from _fields(node["fields"], f"{name}.", node["title"], node["titlePt"])
            continue
        yield {
            "name": name,
            "kind": node["kind"],
            "title": node["title"],
            "titlePt": node["titlePt"],
            "help": node.get("help", ""),
            "helpPt": node.get("helpPt", ""),
            "group": group,
            "groupPt": group_pt,
            "required": bool(node["required"]) and not group,
            "secret": bool(node["secret"]),
            "default": _shown(node.get("default", "")),
            "options": [option["value"] for option in node.get("options", [])],
        }
        group = group_pt = ""


def _flat(payload: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in payload.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", _shown(value)


def _shown(value: Any) -> str:
    """A value as the form begins with it; a box is ticked by the word `true`."""
    return str(value).lower() if isinstance(value, bool) else str(value)
