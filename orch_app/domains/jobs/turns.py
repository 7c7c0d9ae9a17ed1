"""Fair turns: a job gets its place in the queue at its launch, so that nobody's many jobs stand before another's one.

A requester's jobs get turns one after the other; whoever has none waiting begins at the turn that is served now. A
queue in the order of turns therefore serves the requesters in rotation (start-time fair queueing), and no job can be
overtaken without end: turns only grow.
"""

from functools import lru_cache

from sqlalchemy import Executable, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, func, select

from orch_app.domains.jobs.models import Job, JobTurn
from orch_app.domains.jobs.states import Phase, Status
from orch_app.kit.db import carry_out

QUEUE = ""
IN_LINE = (col(Job.status) == Status.PENDING, col(Job.phase) != Phase.AWAITING_APPROVAL)
"""Which jobs wait for a worker; what awaits an approval waits for a person."""

_KNOWN = select(JobTurn.requester, JobTurn.turn).where(
    JobTurn.rank == bindparam("of_rank"), col(JobTurn.requester).in_([QUEUE, bindparam("of_requester")])
)


def requester_of(created_by: str | None, name: str) -> str:
    """Whose turns a job uses up: the account's, or the name's where there is no account."""
    return created_by or name or "-"


def draw(session: Session, requester: str, rank: int) -> int:
    """The next turn of this requester, used up; the caller holds the counter of jobs, so nobody else draws."""
    turn = _next(session, requester, rank)
    _put(session, requester, rank, turn)
    return turn


def place_again(session: Session, job: Job) -> int:
    """The turn of a job that comes back into the queue: behind what its requester has waiting."""
    return _next(session, requester_of(job.created_by, job.created_by_name), job.rank)


def note_served(session: Session, rank: int, turn: int) -> None:
    """Say which turn was served last; who begins to queue now begins there."""
    _put(session, QUEUE, rank, turn)


def _next(session: Session, requester: str, rank: int) -> int:
    turns = {row.requester: row.turn for row in carry_out(session, _KNOWN, of_rank=rank, of_requester=requester)}
    return max(turns.get(QUEUE, 0), turns.get(requester, -1) + 1)


def _put(session: Session, requester: str, rank: int, turn: int) -> None:
    statement = _put_statement(session.get_bind().dialect.name)
    carry_out(session, statement, requester=requester, rank=rank, turn=turn)


@lru_cache(maxsize=2)
def _put_statement(dialect: str) -> Executable:
    is_postgres = dialect == "postgresql"
    insert = (postgresql.insert if is_postgres else sqlite.insert)(JobTurn)
    greatest = func.greatest if is_postgres else func.max
    return insert.on_conflict_do_update(
        index_elements=["requester", "rank"], set_={"turn": greatest(JobTurn.turn, insert.excluded.turn)}
    )
