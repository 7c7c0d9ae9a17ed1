"""Sources within the product: its hosts and its connections."""

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.inventory.queries import find_connection, find_host, list_connections, list_hosts
from orch_app.domains.inventory.wire import ConnectionsQuery, HostsQuery
from orch_app.domains.runbooks.choices.found import MOST_SHOWN, Asked, Choice, Found


def hosts(session: Session, actor: Actor, asked: Asked) -> Found:
    """Hosts of the environment, by name or address; `by: name` gives names instead of ids."""
    wanted = HostsQuery.model_validate({"environment": [asked.environment], "limit": MOST_SHOWN, "q": asked.text})
    page = list_hosts(session, actor, wanted)
    by_name = asked.params.get("by") == "name"
    found = (Choice(host.name if by_name else host.id, host.name, host.address) for host in page.items)
    return Found(tuple(found), truncated=page.next_cursor is not None)


def has_host(session: Session, actor: Actor, asked: Asked, value: str | int) -> bool:
    """Whether there is such a host in the environment."""
    if asked.params.get("by") == "name":
        wanted = HostsQuery.model_validate({"environment": [asked.environment], "q": str(value)})
        return any(host.name == value for host in list_hosts(session, actor, wanted).items)
    host = find_host(session, actor, str(value))
    return host is not None and host.environment == asked.environment


def connections(session: Session, actor: Actor, asked: Asked) -> Found:
    """Connections of the environment, of one `type` where it is given."""
    kinds = [str(asked.params["type"])] if "type" in asked.params else []
    wanted = ConnectionsQuery.model_validate(
        {"environment": [asked.environment], "type": kinds, "limit": MOST_SHOWN, "q": asked.text}
    )
    page = list_connections(session, actor, wanted)
    found = (Choice(row.id, row.name, row.type) for row in page.items)
    return Found(tuple(found), truncated=page.next_cursor is not None)


def has_connection(session: Session, actor: Actor, asked: Asked, value: str | int) -> bool:
    """Whether there is such a connection in the environment, of the type."""
    row = find_connection(session, actor, str(value))
    if row is None or row.environment != asked.environment:
        return False
    return asked.params.get("type", row.type) == row.type
