"""What has a name has it alone in its environment."""

from sqlmodel import Session, col, select

from orch_app.domains.inventory.models import Connection, Host, HostGroup
from orch_app.kit import naming

Named = Connection | Host | HostGroup


def write_named(session: Session, row: Named, noun: str) -> None:
    """Write the row now, so that a taken name is answered and not found at commit.

    Raises:
        Conflict: the environment has another of that name.
    """
    table = type(row)
    twins = select(col(table.id)).where(
        col(table.environment) == row.environment, col(table.name) == row.name, col(table.id) != row.id
    )
    naming.write_named(session, row, twins, f"There is already a {noun} named {row.name} in {row.environment}.")
