"""An installation in which nobody is killed: whatever else befalls it, each job ends as it should."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from tests.chaos.parts import installation
from tests.chaos.rows import rows_of
from tests.chaos.scene import Scene
from tests.chaos.verdict import Say, Verdict, hush

LEASE_S = 60  # longer than the longest outage, as it is where nobody has shortened it
GRACE_S = 90
SLOTS = 5
EVERY_S = 3.0


class Deed(Protocol):
    """What is done to an installation so often."""

    def __call__(self, scene: Scene, times: int, *, say: Say) -> None:
        """Do it, and note in the scene's verdict what came of it."""
        ...


@contextmanager
def calm(verdict: Verdict, *, workers: int = 1, every_s: float = EVERY_S) -> Iterator[Scene]:
    """A new installation with people and jobs; several deeds may follow each other on it before it is judged.

    `every_s` are the seconds between two orders.
    """
    with (
        installation(
            verdict.backend, ORCH_LEASE_S=str(LEASE_S), ORCH_GRACE_S=str(GRACE_S), ORCH_WORKER_SLOTS=str(SLOTS)
        ) as made,
        Scene(made, verdict, workers=workers, every_s=every_s) as scene,
    ):
        yield scene
        scene.settle()
        ends = {row[0]: (row[1], row[2]) for row in rows_of("SELECT id, status, reason FROM jobs")}
        wrong = [job for job, end in ends.items() if end != scene.ends_of(job)]
        verdict.promises["jobs that ended otherwise than they should"] = len(wrong)


def alone(name: str, deed: Deed, backend: str, seed: int, times: int, *, say: Say = hush, **scene: Any) -> Verdict:
    """One deed on an installation of its own; `scene` as `calm` takes it."""
    verdict = Verdict(name, backend, seed)
    with calm(verdict, **scene) as made:
        deed(made, times, say=say)
    return verdict
