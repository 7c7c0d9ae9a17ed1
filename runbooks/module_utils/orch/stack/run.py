"""One run over a stack: plan, see whether it is the expected one, snapshot, steps, wait, verify; undo on failure."""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible.module_utils.orch.plan import Plan, Stale
from ansible.module_utils.orch.stack import live as swarm
from ansible.module_utils.orch.stack import planning, report, snapshot, ways
from ansible.module_utils.orch.stack.applying import Applying, is_in_the_way
from ansible.module_utils.orch.stack.converge import Before, Pace, Watch
from ansible.module_utils.orch.stack.engine import Engine
from ansible.module_utils.orch.stack.judging import STANDS
from ansible.module_utils.orch.stack.live import Live
from ansible.module_utils.orch.stack.undoing import Undoing
from ansible.module_utils.orch.stack.wanted import Wanted
from ansible.module_utils.orch.upstream import UpstreamError


class Manner(NamedTuple):
    """How a run goes: `runbook` and `direction` as the plan names them, where files go, how long is waited.

    With `check` nothing is changed, nor with more changes than `most`. `on_failure` is rollback, pause or leave;
    `goes_back` has Swarm go back by itself. `swarm` is the id of the Swarm, where there may be several.
    """

    runbook: str
    direction: str
    folder: str
    expect: str
    check: bool
    pace: Pace
    on_failure: str
    most: int
    goes_back: bool = False
    swarm: str = ""


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
        self._before = Before({name: swarm.update_of(one) for name, one in live.services.items()}, frozenset())

    def _planned(self) -> Plan:
        head = {
            "runbook": self._manner.runbook,
            "direction": self._manner.direction,
            "target": planning.target(self._live.stack, self._manner.swarm),
        }
        facts = {**self._goal.facts, "services_sha256": planning.outcome(self._goal, self._live)}
        return Plan(head, self._steps, state=self._live.state(), warnings=self._goal.warnings, facts=facts)

    def result(self) -> dict[str, Any]:
        """Carry it out; what the module answers. Raises OSError where plan or snapshot cannot be written."""
        self.plan.write(self._manner.folder)
        if not self._may_go_on():
            return self._report.result()
        self._report.changed = bool(self.plan.changes)
        if self._manner.check:
            return self._report.result()
        if self.plan.changes:
            kept = self._keeper.kept if self._keeper else None
            self._report.snapshot_ref = snapshot.write(self._manner.folder, self._live, self._manner.runbook, kept)
            self._change()
        else:
            self._stands(ways.standing(self._goal), at_first_failure=False, at_once=True)
        return self._report.result()

    def _may_go_on(self) -> bool:
        """Whether this is the plan that was seen, and a small enough one; else the failure is told."""
        changes = len(self.plan.changes)
        try:
            self.plan.expect(self._manner.expect)
        except Stale as stale:
            self._report.fail(stale.code, str(stale))
        else:
            if changes <= self._manner.most:
                return True
            said = f"the plan has {changes} changes, and max_changes allows {self._manner.most}; nothing was done"
            self._report.fail("validation", said)
        self._report.mark(self.plan.changes, report.NOT_DONE)
        return False

    def _change(self) -> None:
        todo = self.plan.changes
        self._report.mark(todo, report.NOT_DONE)
        late = [one for one in todo if one["action"] == "delete" and not is_in_the_way(one, self._live, self._goal)]
        early = [one for one in todo if one["action"] == "delete" and one not in late]
        first = early + [one for one in todo if one["action"] != "delete"]
        goes_back = self._manner.on_failure == "rollback"
        does_stand = self._begin() and self._take(first) and self._keep()
        does_stand = does_stand and self._stands(self._applying.touched, at_first_failure=goes_back)
        if does_stand and self._take(late):
            self._verify()
        self._report.warnings += self._applying.warnings
        self._report.changed = bool(self._applying.tried)
        if not does_stand and self._applying.tried:
            self._after_failure()

    def _after_failure(self) -> None:
        """Take everything back where that is wanted; else say that nothing was, and what can be done."""
        if self._manner.on_failure == "rollback":
            Undoing(self._applying, self._report, self._manner.pace).undo()
            return
        failure = self._report.failure
        left = "The stack was left as it is now. To have it as it was before, roll this job back."
        self._report.fail(failure["code"], f"{failure['message'].rstrip('.')}. {left}")

    def _begin(self) -> bool:
        """Note what ran before; false, with the failure told, where that cannot be seen."""
        try:
            tasks = self._engine.tasks(self._live.stack)
        except UpstreamError as error:
            self._report.fail(error.code, f"the tasks of the stack cannot be seen: {error}. Nothing was changed.")
            return False
        self._before = self._before._replace(tasks=frozenset(task["ID"] for task in tasks))
        return True

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

    def _keep(self) -> bool:
        """Have Portainer keep the file; false, with the failure told, where it does not."""
        try:
            self._applying.keep()
        except UpstreamError as error:
            self._report.fail(error.code, f"Portainer does not keep the file: {error}. {self._told()}")
            return False
        return True

    def _told(self) -> str:
        done = [f"{one['action']} {one['id']}" for one in self._applying.done]
        return f"Done before: {', '.join(done)}." if done else "Nothing was changed before."

    def _stands(self, services: list[str], *, at_first_failure: bool, at_once: bool = False) -> bool:
        """Wait for the services; false, with the failure told, where one does not come to stand.

        With `at_once` they need not go on standing: nothing has changed that may still break them.
        """
        try:
            outcomes = self._watch(at_once=at_once).settle(services, at_first_failure=at_first_failure)
        except UpstreamError as error:
            self._report.fail(error.code, f"whether the services stand cannot be seen: {error}. {self._told()}")
            return False
        self._report.note(outcomes)
        failed = {name: one for name, one in outcomes.items() if one.has_failed}
        if failed:
            said = "; ".join(f"{name}: {one.verdict.message}" for name, one in failed.items())
            self._report.fail(next(iter(failed.values())).verdict.code, said)
        return not failed

    def _watch(self, *, at_once: bool) -> Watch:
        pace, goes_back = self._manner.pace, self._manner.goes_back
        pace = pace._replace(stable_s=0, begin_s=0) if at_once else pace
        return Watch(self._engine, self._live.stack, pace, before=self._before, goes_back=goes_back)

    def _verify(self) -> None:
        """Read all back and compare, and look at the services that were not touched."""
        try:
            now = swarm.read(self._engine, self._live.stack)
            wrong = self._differences(now) if self._compares else []
            others = [name for name in ways.standing(self._goal) if name not in self._applying.touched]
            lying = {name: one for name, one in self._watch(at_once=True).glance(others).items() if one.state != STANDS}
        except UpstreamError as error:
            self._report.fail(error.code, f"all steps were taken, but reading back failed: {error}")
            return
        self._report.warnings += [
            f"service {name}: it was not touched, and does not stand: {one.message}" for name, one in lying.items()
        ]
        if wrong:
            self._report.fail("verify_failed", f"all steps were taken, but this is not as planned: {'; '.join(wrong)}")

    def _differences(self, now: Live) -> list[str]:
        """What is not as it should be, after all. Portainer looks digests up itself, or none."""
        services = planning.items_of_services(self._goal, now)
        wrong = {one["name"]: one["fields"] or ["everything"] for one in services if one["action"] != "noop"}
        if self._keeper:
            wrong = {name: [field for field in fields if field != "image"] for name, fields in wrong.items()}
        left = [f"{kind} {name} is still there" for kind, name in self._goal.leftover if _is_there(kind, name, now)]
        return [f"{name} differs in {', '.join(fields)}" for name, fields in wrong.items() if fields] + left


def _is_there(kind: str, name: str, now: Live) -> bool:
    return name in now.services if kind == "service" else bool(now.thing(kind, name))
