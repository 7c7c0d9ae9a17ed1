"""Taking a run back that failed: every service as it was, seen to stand again, and told."""

from __future__ import annotations

from ansible.module_utils.orch.stack import live as swarm
from ansible.module_utils.orch.stack import report
from ansible.module_utils.orch.stack.applying import Applying
from ansible.module_utils.orch.stack.converge import Before, Outcome, Pace, Watch
from ansible.module_utils.orch.upstream import UpstreamError

STABLE_S = 5
_IS_OVER = ("rollback_completed", "paused", "rollback_paused")


class Undoing:
    """What was applied, to be taken back; the report has the failure already that is the reason."""

    def __init__(self, applying: Applying, told: report.Report, pace: Pace) -> None:
        self._applying, self._report = applying, told
        self._pace = pace._replace(stable_s=min(pace.stable_s, STABLE_S))

    def undo(self) -> None:
        """Bring the services back, wait for them, and add to the failure what came of it."""
        try:
            back = self._applying.undo()
            outcomes = self._waited(back)
        except UpstreamError as error:
            self._tell([f"Rolling back failed: {error}. Look at the stack and roll back from this job's snapshot."])
            return
        bad = [f"{name}: {one.verdict.message}" for name, one in outcomes.items() if one.has_failed]
        services = [one for one in self._applying.done if one["kind"] == "service"]
        self._report.mark(services, report.UNDONE)
        gone = [one["name"] for one in services if one["name"] not in back]
        self._tell(
            [
                f"Rolled back: {', '.join(back)}." if back else "",
                f"Removed again: {', '.join(gone)}." if gone else "",
                f"After that these do not stand: {'; '.join(bad)}." if bad else "The stack is as it was before.",
            ]
        )

    def _tell(self, parts: list[str]) -> None:
        failure = self._report.failure
        said = " ".join([failure["message"].rstrip("."), "-", *filter(None, parts)])
        self._report.fail(failure["code"], said)

    def _waited(self, services: list[str]) -> dict[str, Outcome]:
        """Where Swarm itself has gone back already, the end of its update is no failure."""
        engine, stack = self._applying.engine, self._applying.live.stack
        now = {one["Spec"]["Name"]: one for one in engine.services()}
        ended = {name: one for name, one in now.items() if (one.get("UpdateStatus") or {}).get("State") in _IS_OVER}
        tasks = frozenset(task["ID"] for task in engine.tasks(stack))
        before = Before({name: swarm.update_of(one) for name, one in ended.items()}, tasks)
        return Watch(engine, stack, self._pace, before=before).settle(services, at_first_failure=False)
