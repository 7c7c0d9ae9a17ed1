"""Asking machines and systems: reading host keys, trying connections. The network is asked between transactions, never
inside one."""

import time
from dataclasses import dataclass, field, replace

from sqlmodel import Session

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.audit.actions import Action
from orch_app.domains.audit.service import record
from orch_app.domains.inventory import connections, hosts, identities, queries
from orch_app.domains.inventory.engines import server_of
from orch_app.domains.inventory.models import Connection, Host
from orch_app.domains.inventory.targets import Target, credentials_of, jump_hop, route_to, target_with
from orch_app.domains.inventory.types import DockerPayload, GitPayload, Payload, SshPayload, SshSecret
from orch_app.domains.inventory.wire import HostStatus
from orch_app.integrations.docker.over_ssh import hop_of
from orch_app.integrations.git.remote import place_of
from orch_app.integrations.identity import Identity
from orch_app.integrations.ssh.client import LoginResult, scan_keys, scan_keys_behind, try_login
from orch_app.integrations.ssh.keys import KeyRefused, PublicKey
from orch_app.kit.clock import now
from orch_app.kit.db import reading, unit_of_work
from orch_app.kit.errors import Conflict, Invalid, Problem
from orch_app.kit.upstream_failures import UpstreamError
from orch_app.kit.wakeups import announce

_STATUS_OF: dict[str, HostStatus] = {
    "ok": "ok",
    "auth_failed": "auth_failed",
    "key_changed": "key_changed",
    "unreachable": "unreachable",
    "timeout": "unreachable",
}
SAID = {
    "complete": "The connection is complete; choose a host to try the login.",
    "no_jump_key": "The key of the jump host is not pinned: compare it, then save it.",
    "no_host_key": "The host key of the server is not pinned: compare it, then save it.",
    "known": "The system knows the secret.",
    "missing_rights": "The system knows the secret, which may do less than it should.",
}
"""What a test says in words of our own."""


@dataclass(frozen=True)
class Scan:
    """The keys that a host showed. None of them is trusted; `matches_pinned` is None while none is pinned."""

    host: Host
    keys: list[PublicKey]
    matches_pinned: bool | None


@dataclass(frozen=True)
class ProbeResult:
    """How a test of a connection went. `code`: ok, that of a login (`LoginResult`), of a failed call (`UpstreamError`),
    or of an address that is refused.

    `detail` is a sentence, and `detail_code` a word for it; the word is empty where the system's own words are shown.
    `jump_keys` and `host_keys` are what an unpinned jump host, or server of a repository or an engine, shows.
    """

    code: str
    detail: str
    detail_code: str = ""
    duration_ms: int = 0
    identity: Identity | None = None
    facts: dict[str, str] = field(default_factory=dict)
    jump_keys: list[PublicKey] = field(default_factory=list)
    host_keys: list[PublicKey] = field(default_factory=list)

    @property
    def is_ok(self) -> bool:
        return self.code == "ok"

    @classmethod
    def of_login(cls, login: LoginResult) -> "ProbeResult":
        """How a login went."""
        return cls(login.code, login.detail, login.detail_code, login.duration_ms)

    @classmethod
    def said(cls, code: str, word: str) -> "ProbeResult":
        """An outcome in words of our own."""
        return cls(code, SAID[word], word)


def scan_key(actor: Actor, host_id: str) -> Scan:
    """Read a host's keys, note what they mean for the pinned one, and pin nothing. Opens its own transactions.

    Raises:
        NotFound: there is no such host.
        Invalid: its address is not allowed or cannot be looked up.
        Conflict: it does not answer, or its jump host has no pinned key.
    """
    require(actor, Permission.HOSTS_WRITE)
    place, keys = _shown_keys(actor, host_id)
    with unit_of_work() as session:
        host = hosts.note_scan(session, actor, host_id, keys, place=place)
        pinned = hosts.pinned_fingerprint(host)
    if not keys:
        raise Conflict(host.status_detail, "host_unreachable")
    return Scan(host, keys, pinned in {key.fingerprint for key in keys} if pinned else None)


def scan_and_pin(actor: Actor, host_id: str, fingerprint: str) -> Scan:
    """Read a host's keys again and pin the one that a person has compared. Opens its own transactions.

    Raises:
        NotFound, Invalid, Conflict: as `scan_key`, and Conflict when the host shows no key with this fingerprint.
    """
    require(actor, Permission.HOSTS_WRITE)
    scan = scan_key(actor, host_id)
    with unit_of_work() as session:
        place = (scan.host.address, scan.host.port)
        host = hosts.pin_key(session, actor, host_id, fingerprint, scan.keys, place=place)
    return Scan(host, scan.keys, matches_pinned=True)


def probe_connection(actor: Actor, connection_id: str, host_id: str | None = None) -> ProbeResult:
    """Try a connection: ask its system who it is. One of type ssh logs in to the host, or without one looks at its key.

    Opens its own transactions.

    The outcome is kept with the connection and the host, and audited.

    Raises:
        NotFound: there is no such connection.
        Invalid: 422 at /hostId when the host is unknown, of another environment, has no pinned key, or is out of place.
    """
    require(actor, Permission.CONNECTIONS_USE)
    with reading() as session:
        connection = queries.get_connection(session, actor, connection_id)
        host = _host_to_try(session, actor, connection, host_id) if host_id else None
        payload = connections.unsealed(connection)
        target = target_with(host, connection) if host else None
    started = time.monotonic()
    result = _tried(connection.type, payload, target)
    took_ms = result.duration_ms or round((time.monotonic() - started) * 1000)
    result = replace(result, duration_ms=took_ms, facts=connection.public_json["facts"])
    with unit_of_work() as session:
        _note_probe(session, actor, connection, host, result)
    return result


def _shown_keys(actor: Actor, host_id: str) -> tuple[hosts.Place, list[PublicKey]]:
    """The keys that a host shows, and where it was asked."""
    with reading() as session:
        host = queries.get_host(session, actor, host_id)
        connection = queries.find_connection(session, actor, host.connection_id) if host.connection_id else None
        target = target_with(host, connection) if connection else _unopened(host)
    return (host.address, host.port), _ask_for_keys(target)


def _ask_for_keys(target: Target) -> list[PublicKey]:
    if target.secret.jump_host is None:
        return scan_keys(route_to(target).target)
    if not target.secret.jump_host.host_key:
        raise Conflict("The jump host of the connection has no pinned key yet.", "no_jump_key")
    try:
        return scan_keys_behind(route_to(target), credentials_of(target.secret))
    except KeyRefused as refused:
        raise Conflict(str(refused), refused.code) from refused


def _unopened(host: Host) -> Target:
    """A host as a target without any secret: enough to ask for its keys."""
    nobody = SshSecret(user=host.user)
    return Target(host.id, host.name, host.address, host.port, host.user, "", host.environment, "", nobody)


def _host_to_try(session: Session, actor: Actor, connection: Connection, host_id: str) -> Host:
    if connection.type != "ssh":
        raise _invalid("not_allowed", "Only a connection of type ssh is tried on a host.")
    host = queries.find_host(session, actor, host_id)
    if host is None:
        raise _invalid("host_not_found", "There is no such host.")
    if host.environment != connection.environment:
        raise _invalid("other_environment", f"The host is of {host.environment}.")
    if not host.host_key:
        raise _invalid("no_host_key", "The host key is not pinned yet: scan it first.")
    return host


def _invalid(code: str, detail: str) -> Invalid:
    return Invalid(detail, "validation", errors=(Problem("/hostId", code, detail),))


def _tried(kind: str, payload: Payload, target: Target | None) -> ProbeResult:
    """The outcome of the network part; a refused address and a system that does not answer are outcomes too."""
    try:
        if isinstance(payload, SshPayload):
            return _logged_in(SshSecret.of(payload), target)
        if isinstance(payload, GitPayload | DockerPayload) and payload.is_ssh and not payload.host_key:
            return _key_of_server(kind, payload)
        return _identified(identities.look(kind, payload))
    except UpstreamError as error:
        return ProbeResult(error.kind, error.detail)
    except Invalid as refused:
        return ProbeResult(refused.code, refused.detail, refused.code)


def _logged_in(secret: SshSecret, target: Target | None) -> ProbeResult:
    if secret.jump_host and not secret.jump_host.host_key:
        shown = scan_keys(jump_hop(secret, secret.jump_host))
        return replace(ProbeResult.said("no_jump_key", "no_jump_key"), jump_keys=shown)
    if target is None:
        return ProbeResult.said("ok", "complete")
    return ProbeResult.of_login(try_login(route_to(target), credentials_of(secret)))


def _key_of_server(kind: str, payload: GitPayload | DockerPayload) -> ProbeResult:
    """What the server of a repository or an engine shows; a secret is offered to it only after a person has compared
    the key."""
    allow = identities.allowed(kind, payload)
    is_git = isinstance(payload, GitPayload)
    shown = scan_keys(place_of(identities.remote_of(payload), allow) if is_git else hop_of(server_of(payload), allow))
    if not shown:
        raise UpstreamError("unreachable", "The server shows no host key.")
    return replace(ProbeResult.said("no_host_key", "no_host_key"), host_keys=shown)


def _identified(identity: Identity) -> ProbeResult:
    short = ProbeResult.said("insufficient_scopes", "missing_rights")
    return replace(short if identity.missing else ProbeResult.said("ok", "known"), identity=identity)


def _note_probe(session: Session, actor: Actor, connection: Connection, host: Host | None, result: ProbeResult) -> None:
    row = queries.find_connection(session, actor, connection.id)
    if row is not None and row.version == connection.version:  # else it is another connection by now
        row.last_test_at, row.last_test_ok = now(), result.is_ok
        row.last_test_detail, row.last_test_detail_code = result.detail, result.detail_code
        row.last_test_ms = result.duration_ms
        session.add(row)
    if host is not None and result.code in _STATUS_OF:
        said = hosts.NOTHING if result.is_ok else hosts.Said(result.detail, result.detail_code)
        hosts.set_status(session, actor, host.id, _STATUS_OF[result.code], said)
    metadata = {"name": connection.name, "host": host.name if host else None, "code": result.code}
    record(
        session,
        actor,
        Action.CONNECTION_TESTED,
        ("connection", connection.id),
        result="ok" if result.is_ok else "failed",
        environment=connection.environment,
        metadata=metadata,
    )
    announce(session, "connections")
