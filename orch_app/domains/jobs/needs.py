"""What a job needs to start, rendered from its runbook at the launch: locks, a limit, rates; and its dedup key."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, delete

from orch_app.domains.jobs.models import JobNeed
from orch_app.domains.jobs.orders import Checked, Order
from orch_app.domains.jobs.states import Mode, Need
from orch_app.domains.runbooks.models import Runbook
from orch_app.domains.runbooks.templates import TooManyTextsError, render, render_one, scope_of
from orch_app.kit.db import carry_out
from orch_app.kit.errors import Invalid, Problem

_IS_OF_JOB = col(JobNeed.job_id) == bindparam("of_job")
_OF_JOB = (
    select_columns(
        col(JobNeed.kind), col(JobNeed.name), col(JobNeed.capacity), col(JobNeed.window_ms), col(JobNeed.on_full)
    )
    .where(_IS_OF_JOB)
    .order_by(col(JobNeed.name))
)
_FORGET = delete(JobNeed).where(_IS_OF_JOB)


@dataclass(frozen=True)
class Wanted:
    """One thing that a job must have: see `models.JobNeed`."""

    kind: Need
    name: str
    capacity: int = 1
    window_ms: int = 0
    on_full: str = "queue"


@dataclass(frozen=True)
class Rules:
    """What the runbook's rules mean for one job. `dedup_key` is None where the runbook declares none."""

    needs: list[Wanted]
    dedup_key: str | None

    @property
    def locks(self) -> list[str]:
        """The names of the locks."""
        return [one.name for one in self.needs if one.kind is Need.LOCK]


def rules_for(checked: Checked, hosts: list[str]) -> Rules:
    """Render what the runbook declares; `hosts` are their names.

    A preview changes nothing: it needs no lock, and what it would be one with is another preview only.

    Raises:
        Invalid: the inputs would give thousands of locks.
    """
    order, runbook = checked.order, checked.runbook
    scope = {**scope_of(runbook.name, order.environment, hosts, order.connections), **checked.inputs}
    try:
        needs = {(one.kind, one.name): one for one in _needs(runbook, scope)}
        key = _dedup_key(runbook, order, scope)
    except TooManyTextsError as error:
        raise Invalid(f"Too many locks or keys: {error}.", "validation", errors=(_too_many(error),)) from error
    is_preview = order.mode == Mode.PREVIEW
    return Rules([one for one in needs.values() if not (is_preview and one.kind is Need.LOCK)], key)


def _needs(runbook: Runbook, scope: Mapping[str, Any]) -> Iterator[Wanted]:
    for template in runbook.meta.get("locks", []):
        yield from (Wanted(Need.LOCK, name) for name in render(template, scope))
    limit, rate = runbook.meta.get("concurrency"), runbook.meta.get("rate")
    if limit:
        key = render_one(limit.get("key", ""), scope)
        yield Wanted(Need.LIMIT, _named(runbook, key), limit["limit"], on_full=limit.get("on_full", "queue"))
    if rate:
        for key in render(rate.get("key", ""), scope):
            yield Wanted(Need.RATE, _named(runbook, key), rate["limit"], rate["per_s"] * 1000)


def _named(runbook: Runbook, key: str) -> str:
    """Limits and rates are a runbook's own; locks are everybody's."""
    return f"{runbook.name}:{key}" if key else runbook.name


def _dedup_key(runbook: Runbook, order: Order, scope: Mapping[str, Any]) -> str | None:
    """A run that only looks, or that undoes, is not the same work as one that does."""
    template = runbook.meta.get("dedup", "")
    if not template:
        return None
    other = "" if order.mode == Mode.APPLY else f"/{order.mode}:{order.rollback_of or ''}"
    return f"{runbook.name}/{order.environment}/{render_one(template, scope)}{other}"


def _too_many(error: TooManyTextsError) -> Problem:
    return Problem("/inputs", "maxItems", str(error))


def store(session: Session, job_id: str, wanted: list[Wanted]) -> None:
    """Write down what the job needs."""
    session.add_all(
        JobNeed(
            job_id=job_id,
            kind=one.kind,
            name=one.name,
            capacity=one.capacity,
            window_ms=one.window_ms,
            on_full=one.on_full,
        )
        for one in wanted
    )
    session.flush()


def of_job(session: Session, job_id: str) -> list[Wanted]:
    """What a job that is not over needs."""
    return [Wanted(Need(kind), *more) for kind, *more in carry_out(session, _OF_JOB, of_job=job_id)]


def forget(session: Session, job_id: str) -> None:
    """The job is over: it needs nothing any more."""
    carry_out(session, _FORGET, of_job=job_id)
