"""What has a name has it alone in its environment."""

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from orch_app.domains.inventory.models import Connection, Host, HostGroup
from orch_app.kit.errors import Conflict, Problem

Named = Connection | Host | HostGroup


def write_named(session: Session, row: Named, noun: str) -> None:
    """Write the row now, so that a taken name is answered and not found at commit.

    Raises:
        Conflict: the environment has another of that name.
    """
    table = type(row)
    twin = select(col(table.id)).where(
        col(table.environment) == row.environment, col(table.name) == row.name, col(table.id) != row.id
    )
    taken = Conflict(
        f"There is already a {noun} named {row.name} in {row.environment}.",
        "name_taken",
        errors=(Problem("/name", "name_taken", "This name is taken."),),
    )
    with session.no_autoflush:
        if session.exec(twin).first():
            raise taken
    try:
        session.add(row)
        session.flush()
    except IntegrityError as error:  # somebody took the name, or removed what the row refers to, in this moment
        raise taken from error
