"""Is everything there that jobs need? Answers without secrets, for load balancers, `up` and people."""

from dataclasses import dataclass

from orch_app.domains.jobs.queries import live_workers
from orch_app.kit import disk
from orch_app.kit.db import ping, reading
from orch_app.kit.errors import Unavailable
from orch_app.kit.queue import is_reachable


@dataclass(frozen=True)
class Check:
    """One part: whether it is well, and a short sentence."""

    ok: bool
    detail: str


def check_all() -> dict[str, Check]:
    """The state of the database, the queue, the disk and the workers."""
    database = ping()
    return {
        "db": Check(database, "answers" if database else "does not answer"),
        "queue": _queue(),
        "disk": _disk(),
        "workers": _workers() if database else Check(ok=False, detail="unknown without the database"),
    }


def _queue() -> Check:
    reachable = is_reachable()
    return Check(reachable, "answers" if reachable else "does not answer; jobs start at the next sweep")


def _disk() -> Check:
    return Check(not disk.is_full(), f"{disk.free_mb()} MiB free")


def _workers() -> Check:
    try:
        with reading() as session:
            alive = live_workers(session)
    except Unavailable as error:
        return Check(ok=False, detail=error.detail)
    slots = sum(worker.slots for worker in alive)
    busy = sum(worker.busy for worker in alive)
    return Check(bool(alive), f"{len(alive)} alive, {busy} of {slots} slots busy")
