"""One run over a stack: plan, see whether it is the expected one, snapshot, steps, wait, verify; undo on failure."""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible.module_utils.orch.plan import Plan, Stale
from ansible.module_utils.orch.stack import live as swarm
from ansible.module_utils.orch.stack import planning, report, snapshot
from ansible.module_utils.orch.stack.applying import Applying, is_in_the_way
from ansible.module_utils.orch.stack.converge import Outcome, Pace, Watch
from ansible.module_utils.orch.stack.engine import Engine
from ansible.module_utils.orch.stack.live import Live
from ansible.module_utils.orch.stack.wanted import Wanted
from ansible.module_utils.orch.upstream import UpstreamError

AFTER_UNDO_S = 5


class Manner(NamedTuple):
    """How a run goes: `runbook` and `direction` as the plan names them, where files go, how long is waited.

    With `check` nothing is changed. `on_failure` is rollback, pause or leave; `goes_back` has Swarm go back by itself.
    """

    runbook: str
    direction: str
    folder: str
    expect: str
    check: bool
    pace: Pace
    on_failure: str
    goes_back: bool = False


class Run:
    """One run; `steps` are those of the plan where they are not what the goal's differences are."""

    def __init__(
        self, engine: Engine, live: Live, goal: Wanted, manner: Manner, *, steps: Any = None, keeper: Any = None
    ) -> None:
        self._engine, self._live, self._goal, self._manner = engine, live, goal, manner
        self._compares = steps is None
        self._steps: list[dict[str, Any]] = planning.items(goal, live) if steps is None else steps
        self._keeper = keeper
        self.plan = self._planned()
        self._report = report.Report(self._steps, live, goal, self.plan.sha256)
        self._applying = Applying(engine, live, goal, keeper, goes_back=manner.goes_back)

    def _planned(self) -> Plan:
        head = {
            "runbook": self._manner.runbook,
            "direction": self._manner.direction,
            "target": planning.target(self._live.stack),
        }
        facts = {"volumes": self._goal.volumes} if self._goal.volumes else None
        return Plan(head, self._steps, state=self._live.state(), warnings=self._goal.warnings, facts=facts)

    def result(self) -> dict[str, Any]:
        """Carry it out; what the module answers. Raises OSError where plan or snapshot cannot be written."""
        self.plan.write(self._manner.folder)
        try:
            self.plan.expect(self._manner.expect)
        except Stale as stale:
            self._report.fail(stale.code, str(stale))
            return self._report.result()
        self._report.changed = bool(self.plan.changes)
        if self.plan.changes and not self._manner.check:
            file = self._keeper.file if self._keeper else ""
            self._report.snapshot_ref = snapshot.write(self._manner.folder, self._live, self._manner.runbook, file)
            self._change()
        return self._report.result()

    def _change(self) -> None:
        todo = self.plan.changes
        self._report.mark(todo, report.NOT_DONE)
        late = [one for one in todo if one["action"] == "delete" and not is_in_the_way(one, self._live, self._goal)]
        early = [one for one in todo if one["action"] == "delete" and one not in late]
        first = early + [one for one in todo if one["action"] != "delete"]
        does_stand = self._take(first) and self._stands(self._applying.touched)
        if does_stand and self._take(late):
            self._verify()
        self._report.warnings += self._applying.warnings
        self._report.changed = bool(self._applying.done)
        if not does_stand and self._manner.on_failure == "rollback":
            self._undo()

    def _take(self, steps: list[dict[str, Any]]) -> bool:
        """Take steps; false, with the failure told, where one fails."""
        for step in steps:
            try:
                self._applying.take(step)
            except UpstreamError as error:
                self._report.blame(step["id"], error.code, str(error))
                self._report.fail(error.code, f"{step['id']} could not be {step['action']}d: {error}. {self._told()}")
                return False
            self._report.mark([step], report.DONE)
        return True

    def _told(self) -> str:
        done = [f"{one['action']} {one['id']}" for one in self._applying.done]
        return f"Done before: {', '.join(done)}." if done else "Nothing was changed."

    def _stands(self, services: list[str]) -> bool:
        """Wait for the services; false, with the failure told, where one does not come to stand."""
        outcomes = self._wait(services, at_first_failure=self._manner.on_failure == "rollback")
        if outcomes is None:
            return False
        self._report.note(outcomes)
        failed = {name: one for name, one in outcomes.items() if one.has_failed}
        if failed:
            said = "; ".join(f"{name}: {one.verdict.message}" for name, one in failed.items())
            self._report.fail(next(iter(failed.values())).verdict.code, said)
        return not failed

    def _wait(self, services: list[str], *, at_first_failure: bool) -> Any:
        updates = {
            name: str((one.get("UpdateStatus") or {}).get("StartedAt") or "")
            for name, one in self._live.services.items()
        }
        watch = Watch(
            self._engine,
            self._live.stack,
            self._manner.pace,
            updates=updates,
            goes_back=self._manner.goes_back,
        )
        try:
            return watch.settle(services, at_first_failure=at_first_failure)
        except UpstreamError as error:
            self._report.fail(error.code, f"whether the services stand cannot be seen: {error}. {self._told()}")
            return None

    def _verify(self) -> None:
        """Read all back and compare."""
        if not self._compares:
            return
        try:
            now = swarm.read(self._engine, self._live.stack)
        except UpstreamError as error:
            self._report.fail(error.code, f"all steps were taken, but reading back failed: {error}")
            return
        wrong = _differences(self._goal, now)
        if wrong:
            self._report.fail("verify_failed", f"all steps were taken, but this is not as planned: {'; '.join(wrong)}")

    def _undo(self) -> None:
        """Bring the services back, wait for them, and add to the failure what came of it."""
        failure = self._report.failure
        try:
            back = self._applying.undo()
            outcomes: Any = self._after_undo(back)
        except UpstreamError as error:
            said = f"Rolling back failed: {error}. Look at the stack and roll back from this job's snapshot."
            self._report.fail(failure["code"], f"{failure['message']} {said}")
            return
        bad = [f"{name}: {one.verdict.message}" for name, one in outcomes.items() if one.has_failed]
        self._report.mark([one for one in self._applying.done if one["kind"] == "service"], report.UNDONE)
        gone = [one["name"] for one in self._applying.done if one["kind"] == "service" and one["name"] not in back]
        parts = [
            f"Rolled back: {', '.join(back)}." if back else "",
            f"Removed again: {', '.join(gone)}." if gone else "",
        ]
        parts.append(f"After that these do not stand: {'; '.join(bad)}." if bad else "The stack is as it was before.")
        self._report.fail(failure["code"], " ".join([failure["message"].rstrip("."), "-", *filter(None, parts)]))

    def _after_undo(self, services: list[str]) -> dict[str, Outcome]:
        now = {one["Spec"]["Name"]: one for one in self._engine.services()}
        started = {name: str((one.get("UpdateStatus") or {}).get("StartedAt") or "") for name, one in now.items()}
        watch = Watch(
            self._engine,
            self._live.stack,
            self._manner.pace._replace(stable_s=min(self._manner.pace.stable_s, AFTER_UNDO_S)),
            updates={name: at for name, at in started.items() if _is_over(now[name])},
        )
        return watch.settle(services, at_first_failure=False)


def _is_over(service: dict[str, Any]) -> bool:
    """Whether Swarm itself has gone back already, which then is no failure."""
    return (service.get("UpdateStatus") or {}).get("State") in ("rollback_completed", "paused", "rollback_paused")


def _differences(goal: Wanted, now: Live) -> list[str]:
    """What is not as it should be, after all."""
    services = [one for one in planning.items_of_services(goal, now) if one["action"] != "noop"]
    left = [f"{kind} {name} is still there" for kind, name in goal.leftover if _is_there(kind, name, now)]
    return [f"{one['name']} differs in {', '.join(one['fields']) or 'everything'}" for one in services] + left


def _is_there(kind: str, name: str, now: Live) -> bool:
    return name in now.services if kind == "service" else bool(now.thing(kind, name))
