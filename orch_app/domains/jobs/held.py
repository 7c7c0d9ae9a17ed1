"""A claim, and writing under it: every change names owner and fence, and touches nothing once the claim is gone."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, SQLColumnExpression, Update, bindparam
from sqlmodel import Session, and_, col, update

from orch_app.domains.jobs.models import Job
from orch_app.domains.jobs.states import Status
from orch_app.kit.db import carry_out, now_ms
from orch_app.kit.settings import settings


@dataclass(frozen=True)
class Claim:
    """The right of one worker to run one job, as long as its lease lives."""

    job_id: str
    owner: str
    fence: int
    worker: str = ""
    attempt: int = 1

    @property
    def name(self) -> str:
        """Names this very run of the job: its private folder is called so."""
        return f"{self.job_id}.{self.fence}"


LEASE = now_ms() + bindparam("lease_ms")
IS_HELD = and_(
    col(Job.id) == bindparam("held_job"),
    col(Job.owner) == bindparam("held_owner"),
    col(Job.fence) == bindparam("held_fence"),
    col(Job.status) == Status.RUNNING,
)


def lease_ms() -> int:
    """What `LEASE` adds to the database's clock."""
    return int(settings().lease_s * 1000)


def write(session: Session, held: Claim, *, renews: bool = False, **values: Any) -> Row[Any] | None:
    """Change the held job: its id and since when it is told to stop; None when the claim is gone.

    `renews` makes the lease a whole one again.
    """
    written = {name: value for name, value in values.items() if isinstance(value, SQLColumnExpression)}
    given = {f"to_{name}": value for name, value in values.items() if name not in written}
    statement = update_held(tuple(name for name in values if name not in written), renews=renews)
    if written:
        statement = statement.values(**written)
    return carry_out(session, statement, **given | named(held) | ({"lease_ms": lease_ms()} if renews else {})).first()


def named(held: Claim) -> dict[str, Any]:
    """The claim as `IS_HELD` asks for it."""
    return {"held_job": held.job_id, "held_owner": held.owner, "held_fence": held.fence}


@lru_cache(maxsize=64)
def update_held(names: tuple[str, ...], *, renews: bool) -> Update:
    """The statement that changes these columns: kept, because to write it takes longer than to carry it out."""
    values: dict[str, Any] = {name: bindparam(f"to_{name}") for name in names}
    if renews:
        values["lease_until"] = LEASE
    statement: Any = update(Job).where(IS_HELD).values(**values)
    return statement.returning(col(Job.id), col(Job.cancel_requested_at))
