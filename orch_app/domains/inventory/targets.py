"""The machines of a job: hosts with everything that a run over ssh needs."""

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Any

from sqlmodel import Session, col, select

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.inventory import connections
from orch_app.domains.inventory.models import Connection, Host
from orch_app.domains.inventory.types import JumpHost, SshSecret
from orch_app.integrations.ssh.workspace import Credentials, Hop, Route
from orch_app.kit.allow_list import endpoint
from orch_app.kit.clock import now
from orch_app.kit.egress import LOOKUPS, EgressRefused, is_address, judge, resolve
from orch_app.kit.errors import Invalid, Problem
from orch_app.kit.settings import settings

LOOK_UP_ALL_S = 15.0


@dataclass(frozen=True)
class Target:
    """One machine. `host_key` is the pinned `type base64`; `secret` is what opens it and stays out of the repr.

    `python` is empty for the usual interpreter; `is_trusted_text` is said of the variables.
    """

    host_id: str
    name: str
    address: str
    port: int
    user: str
    host_key: str
    environment: str
    connection_id: str
    secret: SshSecret = field(repr=False)
    labels: dict[str, str] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    is_trusted_text: bool = False
    python: str = ""


def check_targets(session: Session, actor: Actor, host_ids: Sequence[str], environment: str) -> list[Host]:
    """The hosts of these ids in their order, when a job of this environment may work on all of them.

    Opens no secret: for the moment a job is launched.

    Raises:
        Invalid: 422 with `/hosts/<index>` for each that is unknown, doubled, of another environment, has no connection
            or one of another environment, has no pinned key, or has shown another key than the pinned one.
    """
    require(actor, Permission.HOSTS_READ)
    return [host for host, _ in _usable(session, host_ids, environment)]


def targets_for(session: Session, actor: Actor, host_ids: Sequence[str], environment: str) -> list[Target]:
    """The same with the secrets opened and their use noted: for the worker that is about to run the job.

    Raises:
        Invalid: as `check_targets`.
        Conflict: the master key is not the one that sealed a connection, or its row was altered.
    """
    require(actor, Permission.CONNECTIONS_USE, environment=environment)
    pairs = _usable(session, host_ids, environment)
    opened = {connection.id: connection for _, connection in pairs}
    secrets = {connection_id: connections.ssh_secret(row) for connection_id, row in opened.items()}
    for row in opened.values():
        row.last_used_at = now()
        session.add(row)
    return [_target(host, secrets[connection.id], connection.id) for host, connection in pairs]


def target_with(host: Host, connection: Connection) -> Target:
    """The target of a host through a chosen connection that the caller was allowed to use.

    Raises:
        Conflict: the master key is not the one that sealed the connection, or its row was altered.
    """
    return _target(host, connections.ssh_secret(connection), connection.id)


def route_to(target: Target) -> Route:
    """Where to connect, each address judged by the egress guard and looked up only here. Makes network calls.

    A host or jump host that was registered is the allow-list's entry for its own address and port. The name of a host
    behind a jump host is looked up by the jump host.

    Raises:
        EgressRefused: an address that the product does not connect to.
        Invalid: a name that cannot be looked up.
    """
    jump = target.secret.jump_host
    if jump is None:
        return Route(Hop(_judged(target.address, target.port), target.port, target.user, target.host_key))
    if is_address(target.address):
        judge(target.address, target.port)
    return Route(Hop(target.address, target.port, target.user, target.host_key), jump_hop(target.secret, jump))


def all_reached(targets: Sequence[Target]) -> list[Target]:
    """Each target as `reached` gives it, in order, looked up side by side; makes network calls.

    It takes at most `LOOK_UP_ALL_S` seconds: what is not known by then counts as a name that nobody can look up.

    Raises:
        EgressRefused: an address that the product does not connect to.
    """
    pool = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="reach")
    try:
        found = [pool.submit(reached, target) for target in targets]
        wait(found, LOOK_UP_ALL_S, return_when=FIRST_EXCEPTION)
        failed = next((one for one in found if one.done() and one.exception()), None)
        if failed:
            failed.result()
        pairs = zip(found, targets, strict=True)
        return [one.result() if one.done() else _unreachable(target) for one, target in pairs]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def reached(target: Target) -> Target:
    """The target with the judged address in place of each name that we look up. Makes network calls.

    A name that nobody can look up now becomes one that nobody ever can (`.invalid`), so that ssh fails for this host
    alone and cannot find an address that was not judged.

    Raises:
        EgressRefused: an address that the product does not connect to.
    """
    try:
        route = route_to(target)
    except EgressRefused:
        raise
    except Invalid:
        return _unreachable(target)
    if route.jump is None or target.secret.jump_host is None:
        return replace(target, address=route.target.address)
    return _behind(target, route.jump.address)


def jump_hop(secret: SshSecret, jump: JumpHost) -> Hop:
    """A jump host as a place to connect to, judged like any other. Makes network calls.

    Raises:
        Invalid: an address that the product does not connect to, or a name that cannot be looked up.
    """
    return Hop(_judged(jump.address, jump.port), jump.port, jump.user or secret.user, jump.host_key or "")


def credentials_of(secret: SshSecret) -> Credentials:
    """What the ssh client needs of a secret."""
    return Credentials(secret.private_key, secret.passphrase, secret.password)


def _unreachable(target: Target) -> Target:
    jump = target.secret.jump_host
    name = f"{(jump.address if jump else target.address).rstrip('.')[:240]}.invalid"
    return _behind(target, name) if jump else replace(target, address=name)


def _behind(target: Target, address: str) -> Target:
    """The target behind its jump host, which is at this address."""
    jump = target.secret.jump_host
    moved = jump.model_copy(update={"address": address}) if jump else None
    return replace(target, secret=replace(target.secret, jump_host=moved))


def _judged(address: str, port: int) -> str:
    return resolve(address, port, [*settings().egress_allow, endpoint(address, port)])[0]


def _target(host: Host, secret: SshSecret, connection_id: str) -> Target:
    return Target(
        host_id=host.id,
        name=host.name,
        address=host.address,
        port=host.port,
        user=host.user or secret.user,
        host_key=host.host_key or "",
        environment=host.environment,
        connection_id=connection_id,
        secret=secret,
        labels=host.labels,
        variables=host.variables,
        is_trusted_text=host.is_trusted_text,
        python=host.python,
    )


def _usable(session: Session, host_ids: Sequence[str], environment: str) -> list[tuple[Host, Connection]]:
    pairs = _pairs(session, host_ids)
    problems: list[Problem] = []
    for index, (host, connection) in enumerate(pairs):
        doubled = [("duplicate", "This host is already in the list.")] if host_ids[index] in host_ids[:index] else []
        faults = [*doubled, *_faults(host, connection, environment)]
        problems += [Problem(f"/hosts/{index}", code, detail) for code, detail in faults[:1]]
    if problems:
        raise Invalid("The job cannot work on these hosts.", "validation", errors=tuple(problems))
    return [(host, connection) for host, connection in pairs if host and connection]


def _pairs(session: Session, host_ids: Sequence[str]) -> list[tuple[Host | None, Connection | None]]:
    """Each host with its connection, in the order of the ids."""
    hosts = {host.id: host for host in session.exec(select(Host).where(col(Host.id).in_(set(host_ids)))).all()}
    used = {host.connection_id for host in hosts.values() if host.connection_id}
    rows = {row.id: row for row in session.exec(select(Connection).where(col(Connection.id).in_(used))).all()}
    found = [hosts.get(host_id) for host_id in host_ids]
    return [(host, rows.get(host.connection_id or "") if host else None) for host in found]


def _faults(host: Host | None, connection: Connection | None, environment: str) -> Iterator[tuple[str, str]]:
    """Why a job of this environment cannot work on the host, the weightiest first."""
    if host is None:
        yield "host_not_found", "There is no such host."
        return
    if host.environment != environment:
        yield "other_environment", f"{host.name} is of {host.environment}, the job of {environment}."
    if connection is None:
        yield "no_connection", f"{host.name} has no connection."
    elif connection.environment != environment:
        yield "other_environment", f"The connection of {host.name} is of {connection.environment}."
    if not host.host_key:
        yield "no_host_key", f"The host key of {host.name} is not pinned yet."
    if host.status == "key_changed":
        yield "host_key_changed", f"{host.name} shows another key than the pinned one."
