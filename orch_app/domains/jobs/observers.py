"""Who wants to know that a job has ended: domains above this one, which the wiring makes known.

An observer is called in the transaction that writes the end, so it may only note something for after the commit: a
lost note is found again by the observer's own sweep.
"""

from collections.abc import Callable

from sqlmodel import Session

from orch_app.domains.jobs.models import Job

Observer = Callable[[Session, Job], None]
_on_end: list[Observer] = []


def observe_ends(*observers: Observer) -> None:
    """Say who is told of every end of a job; called once, by the wiring."""
    _on_end[:] = observers


def tell_of_end(session: Session, job: Job) -> None:
    """Tell everybody who asked that this job ends with this transaction."""
    for observer in _on_end:
        observer(session, job)
