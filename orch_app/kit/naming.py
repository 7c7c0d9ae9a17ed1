"""Names that only one row may have: a taken one is told at its field, and not found at commit."""

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel
from sqlmodel.sql.expression import SelectOfScalar

from orch_app.kit.errors import Conflict, Problem


def write_named(session: Session, row: SQLModel, twins: SelectOfScalar[str], said: str) -> None:
    """Write the row now. `twins` finds the others that have its name, `said` tells of them in one sentence.

    Raises:
        Conflict: there is such another.
    """
    fault = Problem("/name", "name_taken", "This name is taken.", "Este nome já existe.")
    taken = Conflict(said, "name_taken", errors=(fault,))
    with session.no_autoflush:
        if session.exec(twins).first():
            raise taken
    try:
        session.add(row)
        session.flush()
    except IntegrityError as error:  # somebody took the name, or removed what the row refers to, in this moment
        raise taken from error
