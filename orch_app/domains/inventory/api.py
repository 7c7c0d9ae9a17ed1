"""Connections and hosts over REST. Scans and tests call machines and therefore hold no transaction meanwhile."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response, status
from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.accounts.edge import SignedIn
from orch_app.domains.inventory import connections, hosts, probes, queries
from orch_app.domains.inventory.grouping import direct_names
from orch_app.domains.inventory.models import Connection, Host
from orch_app.domains.inventory.probes import ProbeResult
from orch_app.domains.inventory.uses import list_uses
from orch_app.domains.inventory.wire import (
    ConnectionAnswer,
    ConnectionChange,
    ConnectionPage,
    ConnectionProbe,
    ConnectionsQuery,
    ConnectionTypeAnswer,
    HostAnswer,
    HostChange,
    HostKey,
    HostPage,
    HostsQuery,
    KeyScan,
    NewConnection,
    NewHost,
    ProbeAnswer,
    ScanAnswer,
    Use,
    Uses,
)
from orch_app.integrations.identity import Identity
from orch_app.kit.db import reading
from orch_app.kit.pages import next_link
from orch_app.kit.rest import Reading, Transaction, etag

router = APIRouter(prefix="/v1", tags=["inventory"])

IfMatch = Annotated[str | None, Header(max_length=200)]


@router.get("/connection-types")
def list_connection_types(actor: SignedIn) -> list[ConnectionTypeAnswer]:
    """Every type of connection with its form."""
    return [
        ConnectionTypeAnswer(
            name=kind.name,
            title=kind.title,
            title_pt=kind.title_pt,
            help=kind.help,
            help_pt=kind.help_pt,
            secret_fields=kind.payload.secret_names(),
            policy=list(kind.policy),
            payload_schema=kind.payload.model_json_schema(by_alias=True),
            form=kind.form(),
        )
        for kind in connections.list_types(actor)
    ]


@router.get("/connections")
def list_connections(
    query: Annotated[ConnectionsQuery, Query()], actor: SignedIn, session: Reading, request: Request, response: Response
) -> ConnectionPage:
    """Connections by name, a page at a time, without their secrets."""
    page = queries.list_connections(session, actor, query)
    response.headers.update(next_link(request, page.next_cursor))
    return ConnectionPage(
        items=connections.show(session, actor, page.items),
        next_cursor=page.next_cursor,
        prev_cursor=page.prev_cursor,
        total=page.total,
    )


@router.post("/connections", status_code=status.HTTP_201_CREATED)
def create_connection(
    body: NewConnection, actor: SignedIn, session: Transaction, response: Response
) -> ConnectionAnswer:
    """Keep a new connection; its secrets never come back."""
    row = connections.create(session, actor, body)
    response.headers["Location"] = f"/v1/connections/{row.id}"
    return _connection(session, actor, row, response)


@router.get("/connections/{connection_id}")
def get_connection(connection_id: str, actor: SignedIn, session: Reading, response: Response) -> ConnectionAnswer:
    """One connection without its secrets."""
    return _connection(session, actor, queries.get_connection(session, actor, connection_id), response)


@router.patch("/connections/{connection_id}")
def update_connection(
    connection_id: str,
    body: ConnectionChange,
    actor: SignedIn,
    session: Transaction,
    response: Response,
    if_match: IfMatch = None,
) -> ConnectionAnswer:
    """Change the name and the given fields of the payload; null clears one."""
    row = connections.update(session, actor, connection_id, body, if_match=if_match)
    return _connection(session, actor, row, response)


@router.delete("/connections/{connection_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_connection(connection_id: str, actor: SignedIn, session: Transaction, if_match: IfMatch = None) -> None:
    """Remove a connection that nothing uses."""
    connections.delete(session, actor, connection_id, if_match=if_match)


@router.get("/connections/{connection_id}/usage")
def get_connection_usage(connection_id: str, actor: SignedIn, session: Reading) -> Uses:
    """What uses a connection: hosts, schedules, pipelines and their runs under way, jobs that have not ended."""
    names = ("kind", "id", "name", "environment")
    found = list_uses(session, actor, connection_id)
    return Uses(items=[Use.model_validate({name: getattr(use, name) for name in names}) for use in found])


@router.post("/connections/{connection_id}/test")
def probe_connection(connection_id: str, actor: SignedIn, body: ConnectionProbe | None = None) -> ProbeAnswer:
    """Ask the system of a connection who it is; one of type ssh logs in to a host, or without one looks at its key."""
    return _outcome(probes.probe_connection(actor, connection_id, body.host_id if body else None))


@router.get("/hosts")
def list_hosts(
    query: Annotated[HostsQuery, Query()], actor: SignedIn, session: Reading, request: Request, response: Response
) -> HostPage:
    """Hosts by name, a page at a time."""
    page = queries.list_hosts(session, actor, query)
    response.headers.update(next_link(request, page.next_cursor))
    return HostPage(
        items=_hosts(session, actor, page.items),
        next_cursor=page.next_cursor,
        prev_cursor=page.prev_cursor,
        total=page.total,
    )


@router.post("/hosts", status_code=status.HTTP_201_CREATED)
def create_host(body: NewHost, actor: SignedIn, session: Transaction, response: Response) -> HostAnswer:
    """Add a host; its key is pinned after a person has compared it."""
    row = hosts.create(session, actor, body)
    response.headers["Location"] = f"/v1/hosts/{row.id}"
    return _host(session, actor, row, response)


@router.get("/hosts/{host_id}")
def get_host(host_id: str, actor: SignedIn, session: Reading, response: Response) -> HostAnswer:
    """One host."""
    return _host(session, actor, queries.get_host(session, actor, host_id), response)


@router.patch("/hosts/{host_id}")
def update_host(
    host_id: str,
    body: HostChange,
    actor: SignedIn,
    session: Transaction,
    response: Response,
    if_match: IfMatch = None,
) -> HostAnswer:
    """Change the given fields; another address or port forgets the pinned key."""
    return _host(session, actor, hosts.update(session, actor, host_id, body, if_match=if_match), response)


@router.delete("/hosts/{host_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_host(host_id: str, actor: SignedIn, session: Transaction, if_match: IfMatch = None) -> None:
    """Remove a host."""
    hosts.delete(session, actor, host_id, if_match=if_match)


@router.post("/hosts/{host_id}/scan-key")
def scan_host_key(host_id: str, actor: SignedIn, body: KeyScan | None = None) -> ScanAnswer:
    """Show a host's keys; with `pin`, pin the key of that fingerprint if the host still shows it."""
    pin = body.pin if body else None
    scan = probes.scan_and_pin(actor, host_id, pin) if pin else probes.scan_key(actor, host_id)
    keys = [HostKey.of(key) for key in scan.keys]
    with reading() as session:
        (host,) = _hosts(session, actor, [scan.host])
    return ScanAnswer(host=host, keys=keys, matches_pinned=scan.matches_pinned)


def _outcome(result: ProbeResult) -> ProbeAnswer:
    told = result.identity or Identity("")
    return ProbeAnswer(
        ok=result.is_ok,
        code=result.code,
        detail=result.detail,
        detail_code=result.detail_code,
        duration_ms=result.duration_ms,
        facts=result.facts,
        identity=told.who,
        granted=list(told.granted),
        missing=list(told.missing),
        jump_host_keys=[HostKey.of(key) for key in result.jump_keys],
        host_keys=[HostKey.of(key) for key in result.host_keys],
    )


def _connection(session: Session, actor: Actor, row: Connection, response: Response) -> ConnectionAnswer:
    response.headers["ETag"] = etag(row.id, row.version)
    return connections.show(session, actor, [row])[0]


def _host(session: Session, actor: Actor, row: Host, response: Response) -> HostAnswer:
    response.headers["ETag"] = etag(row.id, row.version)
    return _hosts(session, actor, [row])[0]


def _hosts(session: Session, actor: Actor, rows: Sequence[Host]) -> list[HostAnswer]:
    groups = direct_names(session, actor, [row.id for row in rows])
    return [HostAnswer.of(row, groups.get(row.id, ())) for row in rows]
