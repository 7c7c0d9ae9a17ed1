"""With which connections a job works, in the words of whoever reads its page: an approval is of these and no others."""

from sqlmodel import Session

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Permission
from orch_app.domains.inventory.queries import find_connection
from orch_app.domains.jobs.models import Job


def read_connections(session: Session, actor: Actor, job: Job) -> list[str]:
    """`slot: name` of each, by its id where it is gone; nothing for those who may see no connections."""
    if not actor.may(Permission.CONNECTIONS_READ):
        return []
    found = {slot: find_connection(session, actor, id_) for slot, id_ in job.connection_ids.items()}
    return [f"{slot}: {row.name if row else job.connection_ids[slot]}" for slot, row in sorted(found.items())]
