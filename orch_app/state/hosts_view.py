"""Hosts as the screen shows them, and the texts of its form as the domain takes them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import ValidationError
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Permission
from orch_app.domains.inventory import queries
from orch_app.domains.inventory.group_queries import list_groups
from orch_app.domains.inventory.group_wire import GroupsQuery
from orch_app.domains.inventory.grouping import direct_names
from orch_app.domains.inventory.models import Connection, Host
from orch_app.domains.inventory.wire import ConnectionsQuery, HostAnswer, HostsQuery, HostStatus
from orch_app.integrations.ssh.keys import PublicKey
from orch_app.kit.errors import OrchError
from orch_app.state.address import page_href
from orch_app.state.session_view import Shown
from orch_app.state.variables_view import read_variables, variables_text

PAGE = 50
MOST_GROUPS = 200
SSH_PORT = 22
LONGEST_PORT = 6
STATUSES = get_args(HostStatus)
NO_HOST: Shown = {
    "id": "", "name": "", "address": "", "port": 22, "user": "", "connection_id": "", "connection": "",
    "environment": "stage", "labels": [], "label_text": "", "groups": [], "origin": "", "python": "",
    "fingerprint": "", "key_type": "", "pinned_at": "",
    "status": "unknown", "said": "", "seen_at": "", "created_at": "", "version": 0,
}  # fmt: skip
NO_VARIABLES: Shown = {"variables": "", "is_trusted_text": False}
STRENGTH = ("ssh-ed25519", "ecdsa", "ssh-rsa")


def read_hosts(session: Session, actor: Actor, asked: Mapping[str, str], environment: str) -> Shown:
    """One page of hosts for the filters of the address, with the connections that a form can offer."""
    page = queries.list_hosts(session, actor, _query(asked, environment))
    connections = _connections(session, actor)
    names = {row.id: row.name for row in connections}
    groups = direct_names(session, actor, [host.id for host in page.items])
    return {
        "rows": [show_host(host, names, groups.get(host.id, ())) for host in page.items],
        "total": page.total or 0,
        "connections": [{"value": row.id, "label": row.name, "environment": row.environment} for row in connections],
        "groups": _group_names(session, actor, environment),
        "next_href": page_href("/hosts", asked, page.next_cursor),
        "previous_href": page_href("/hosts", asked, page.prev_cursor),
    }


def read_host_variables(session: Session, actor: Actor, host_id: str) -> Shown:
    """The variables of one host as text, and whether templates in them are worked out.

    Raises:
        NotFound: there is no such host.
    """
    host = queries.get_host(session, actor, host_id)
    return {"variables": variables_text(host.variables), "is_trusted_text": host.is_trusted_text}


def _group_names(session: Session, actor: Actor, environment: str) -> list[str]:
    """The groups that the list can be filtered by."""
    places: Any = [environment] if environment else []
    found = list_groups(session, actor, GroupsQuery(environment=places, limit=MOST_GROUPS)).items
    return sorted({group.name for group in found})


def _query(asked: Mapping[str, str], environment: str) -> HostsQuery:
    """The filters of the address; what is no status and no id filters nothing."""
    return HostsQuery(
        q=asked["q"],
        status=[asked["status"]] if asked["status"] in STATUSES else [],  # pyright: ignore[reportArgumentType]
        group=[asked["group"]] if re.fullmatch(r"\w{1,63}", asked["group"], re.ASCII) else [],
        connection_id=asked["connection"] if asked["connection"].isidentifier() else "",
        environment=[environment] if environment else [],  # pyright: ignore[reportArgumentType]
        sort=asked["sort"],
        cursor=asked["cursor"],
        limit=PAGE,
        with_total=True,
    )


def show_host(host: Host, connection_names: Mapping[str, str], groups: Sequence[str] = ()) -> Shown:
    """A row of the list; the drawer and the form show the same values. `groups` are those it stands in itself."""
    answer = HostAnswer.of(host)
    return {
        "id": host.id,
        "name": host.name,
        "address": host.address,
        "port": host.port,
        "user": host.user,
        "connection_id": host.connection_id or "",
        "connection": connection_names.get(host.connection_id or "", ""),
        "environment": host.environment,
        "labels": [f"{key}={value}" if value else key for key, value in host.labels.items()],
        "label_text": "\n".join(f"{key}={value}" for key, value in host.labels.items()),
        "groups": list(groups),
        "origin": host.origin,
        "python": host.python,
        "fingerprint": answer.host_key.fingerprint if answer.host_key else "",
        "key_type": answer.host_key.type if answer.host_key else "",
        "pinned_at": host.host_key_pinned_at.isoformat() if host.host_key_pinned_at else "",
        "status": host.status,
        "said": said_of(host.status_detail_code, host.status_detail),
        "seen_at": host.last_seen_at.isoformat() if host.last_seen_at else "",
        "created_at": host.created_at.isoformat(),
        "version": host.version,
    }


def said_of(code: str, detail: str) -> str:
    """The word that the screen translates; where there is none, what the machine said."""
    return code or detail


def host_fields(values: Mapping[str, Any], connection_id: str) -> Shown:
    """The texts of the form as the domain's models take them.

    Raises:
        Invalid: the variables are no YAML.
    """
    port = str(values.get("port", "")).strip()[:LONGEST_PORT]
    return {
        "name": str(values.get("name", "")).strip(),
        "address": str(values.get("address", "")).strip(),
        "port": int(port) if port.isdecimal() else 0 if port else SSH_PORT,
        "user": str(values.get("user", "")).strip(),
        "connection_id": connection_id or None,
        "labels": labels_of(str(values.get("labels", ""))),
        "python": str(values.get("python", "")).strip(),
        "variables": read_variables(str(values.get("variables", ""))),
    }


def labels_of(text: str) -> dict[str, str]:
    """Labels from `key=value`, one a line or separated by commas."""
    parts = [part.strip() for part in text.replace(",", "\n").splitlines() if part.strip()]
    pairs = [part.partition("=") for part in parts]
    return {key.strip(): value.strip() for key, _, value in pairs}


def faults_of(error: OrchError | ValidationError) -> dict[str, str]:
    """The first fault of each field: the field's name, or a finer word, which the catalogue has a sentence for."""
    if isinstance(error, ValidationError):
        return {name: name for name in (_snake(fault["loc"]) for fault in error.errors(include_input=False))}
    found: dict[str, str] = {}
    for fault in error.errors:
        name = _snake(fault.pointer.strip("/").split("/"))
        found.setdefault(name, fault.code if fault.code in {"name_taken", "other_environment"} else name)
    return found


def show_keys(keys: Sequence[PublicKey]) -> list[Shown]:
    """The keys that a host showed, the strongest first."""

    def strength(key: PublicKey) -> int:
        return next((place for place, kind in enumerate(STRENGTH) if key.type.startswith(kind)), len(STRENGTH))

    return [{"value": key.fingerprint, "label": short_type(key.type)} for key in sorted(keys, key=strength)]


def short_type(key_type: str) -> str:
    """`ED25519` for `ssh-ed25519`, as people call it."""
    return key_type.removeprefix("ssh-").removeprefix("ecdsa-sha2-").upper()


def _connections(session: Session, actor: Actor) -> Sequence[Connection]:
    if not actor.may(Permission.CONNECTIONS_READ):
        return []
    return queries.list_connections(session, actor, ConnectionsQuery(type=["ssh"], limit=200)).items


def _snake(place: Sequence[int | str]) -> str:
    name = str(place[0]) if place else ""
    return {"connectionId": "connection_id"}.get(name, name)
