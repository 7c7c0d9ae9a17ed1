"""Waiting until services stand, and go on standing. The engine's answers to updates say nothing about that."""

from __future__ import annotations

import time
from typing import AbstractSet, Any, Callable, Iterable, Mapping, NamedTuple

from ansible.module_utils.orch.engine.redaction import LineRedactor, secret_values
from ansible.module_utils.orch.stack.engine import Engine
from ansible.module_utils.orch.stack.faults import code_of
from ansible.module_utils.orch.stack.judging import FAILED, STANDS, WAITS, Sight, Verdict
from ansible.module_utils.orch.stack.ways import anew
from ansible.module_utils.orch.upstream import UpstreamError

LOOK_S = 1.0
NO_NODE_S = 30.0
NOWHERE_S = 10.0
ASKED_TASKS = 3
_OVER = {"failed", "rejected", "orphaned"}


class Pace(NamedTuple):
    """How long services have to come to stand, and how long they must go on standing; seconds.

    `begin_s` is how long Swarm may take to begin what it has accepted: before that, what stands may be the old. It is
    nought where nothing was asked of it.
    """

    timeout_s: float
    stable_s: float
    begin_s: float = 3.0


class Before(NamedTuple):
    """What there was before a change: the starts of the services' last updates, and the ids of the stack's tasks.

    How those ended says nothing about the change.
    """

    updates: Mapping[str, str]
    tasks: AbstractSet[str]


class Outcome:
    """What became of a service: its last verdict, the seconds until it stood and since then, the log of a failure."""

    def __init__(self, verdict: Verdict, seconds: float, sight: Sight) -> None:
        self.verdict = verdict
        self.seconds = seconds
        self.stood_s = 0.0
        self.sight = sight
        self.log: list[str] = []

    @property
    def has_failed(self) -> bool:
        """Whether it will not stand; what was not waited for to the end has not."""
        return self.verdict.state == FAILED

    @property
    def stands(self) -> bool:
        """Whether it stands."""
        return self.verdict.state == STANDS


class Watch:
    """Looks at some services of a stack until each has stood for long enough, one has failed, or the time is up.

    Jobs and what stood before are judged alike. An update of Swarm's that cannot end is begun once more.
    """

    def __init__(
        self,
        engine: Engine,
        stack: str,
        pace: Pace,
        *,
        before: Before,
        goes_back: bool = False,
        clock: Any = time,
    ) -> None:
        self._engine, self._stack, self._pace = engine, stack, pace
        self._before, self._goes_back = before, goes_back
        self._clock: Callable[[], float] = clock.monotonic
        self._sleep: Callable[[float], None] = clock.sleep
        self._since: dict[str, float] = {}
        self._stuck: dict[str, float] = {}
        self._pushed: set[str] = set()

    def settle(self, services: Iterable[str], *, at_first_failure: bool) -> dict[str, Outcome]:
        """Wait; what became of each service by its name. With `at_first_failure` the others are not waited for.

        A look that fails is made again until the time is up: a Swarm whose leader has died answers nothing until the
        managers have chosen another. Raises UpstreamError where it goes on failing.
        """
        start = self._clock()
        wanted = list(services)
        while wanted:
            found = self._seen_by_now(wanted, start)
            failed = any(one.has_failed for one in found.values())
            is_over = self._is_over(self._clock() - start, found)
            if found and (is_over or (failed and at_first_failure) or all(map(self._is_settled, found.values()))):
                return self._ended(found, is_over)
            self._sleep(LOOK_S)
        return {}

    def _seen_by_now(self, wanted: list[str], start: float) -> dict[str, Outcome]:
        """A look; nothing where it failed and there is time for another one."""
        try:
            found = self._look(wanted, start)
            self._push(found)
            return found
        except UpstreamError as error:
            if not error.is_passing or self._clock() - start >= self._pace.timeout_s:
                raise
            return {}

    def _push(self, found: Mapping[str, Outcome]) -> None:
        """Have Swarm begin again where its update waits for a lost task and others are still to be replaced."""
        for name, one in found.items():
            if one.verdict.state == WAITS and one.sight.waits_for_the_lost and name not in self._pushed:
                self._engine.update_service(one.sight.service, anew(one.sight.service["Spec"]))
                self._pushed.add(name)

    def glance(self, services: Iterable[str]) -> dict[str, Verdict]:
        """How services stand at this moment; none is waited for."""
        return {name: one.verdict for name, one in self._look(list(services), self._clock()).items()}

    def _look(self, wanted: list[str], start: float) -> dict[str, Outcome]:
        engine = self._engine.apart()
        documents = {one["Spec"]["Name"]: one for one in engine.services()}
        tasks = [task for task in engine.tasks(self._stack) if not self._is_history(task)]
        nodes = engine.get("/nodes") or []
        alive = [node["ID"] for node in nodes if (node.get("Status") or {}).get("State") == "ready"]
        found = {}
        for name in wanted:
            sight, verdict = self._seen(name, documents.get(name), tasks, alive)
            patient = self._patient(name, verdict, sight, len(alive) == len(nodes))
            found[name] = Outcome(patient, self._clock() - start, sight)
            self._note(name, found[name])
        return found

    def _seen(self, name: str, document: Any, tasks: list[dict[str, Any]], alive: list[str]) -> tuple[Sight, Verdict]:
        if document is None:
            gone = Verdict(FAILED, "conflict", "somebody has removed it meanwhile")
            return Sight({"Spec": {}}, [], alive), gone
        own = [task for task in tasks if task["ServiceID"] == document["ID"]]
        sight = Sight(document, own, alive, old_update=self._before.updates.get(name, ""), goes_back=self._goes_back)
        return sight, sight.judge()

    def _is_history(self, task: dict[str, Any]) -> bool:
        return task["ID"] in self._before.tasks and (task.get("Status") or {}).get("State") in _OVER

    def _patient(self, name: str, verdict: Verdict, sight: Sight, all_alive: bool) -> Verdict:  # noqa: FBT001
        """A failure where no node has suited a task for long although all are there; else the verdict itself."""
        is_stuck = verdict.state not in (STANDS, FAILED) and any(
            code_of(error, "") in ("no_suitable_node", "port_in_use") for error in _waiting_errors(sight)
        )
        if not is_stuck or not all_alive:
            self._stuck.pop(name, None)
            return verdict
        since = self._stuck.setdefault(name, self._clock())
        return sight.failure("no node takes its tasks") if self._clock() - since >= NO_NODE_S else verdict

    def _note(self, name: str, outcome: Outcome) -> None:
        """Count from when it stands without a break."""
        if outcome.verdict.state == STANDS:
            outcome.stood_s = outcome.seconds - self._since.setdefault(name, outcome.seconds)
            outcome.seconds = self._since[name]
        else:
            self._since.pop(name, None)

    def _is_settled(self, outcome: Outcome) -> bool:
        return outcome.has_failed or (outcome.stands and outcome.stood_s >= self._hold_s(outcome))

    def _hold_s(self, outcome: Outcome) -> float:
        """How long it must stand before it is believed."""
        is_done = outcome.sight.update.get("State") == "completed"
        begin_s = 0 if is_done else self._pace.begin_s
        runs_nowhere_yet = bool(begin_s and outcome.verdict.message)
        return max(self._pace.stable_s, NOWHERE_S if runs_nowhere_yet else begin_s)

    def _is_over(self, passed_s: float, found: dict[str, Outcome]) -> bool:
        """Whether the time is up. What stands by then is watched until it is known whether it goes on standing."""
        is_late = passed_s >= self._pace.timeout_s
        waits = any(not one.stands and not one.has_failed for one in found.values())
        longest_s = max((self._hold_s(one) for one in found.values() if one.stands), default=0.0)
        return is_late and (waits or passed_s >= self._pace.timeout_s + longest_s)

    def _ended(self, found: dict[str, Outcome], is_over: bool) -> dict[str, Outcome]:  # noqa: FBT001
        for outcome in found.values():
            if is_over and not self._is_settled(outcome):
                outcome.verdict = outcome.sight.failure(self._said_late(outcome), "convergence_timeout")
            if outcome.has_failed:
                outcome.log = self._log_of(outcome.sight)
        return found

    def _said_late(self, outcome: Outcome) -> str:
        if outcome.stands:
            return (
                f"it does not go on standing: after {self._pace.timeout_s:g} s it has stood for {outcome.stood_s:.0f} s"
            )
        return f"it does not stand after {self._pace.timeout_s:g} s: {outcome.verdict.message}"

    def _log_of(self, sight: Sight) -> list[str]:
        """The end of its log, without what looks like a secret or is one of its environment."""
        container = (sight.service.get("Spec", {}).get("TaskTemplate") or {}).get("ContainerSpec") or {}
        hiding = LineRedactor(secret_values(container.get("Env") or []))
        try:
            lines = self._said_by(sight, bool(container.get("TTY")))
        except UpstreamError as error:
            return [f"(the log cannot be read: {error})"]
        return [hiding.line(line) for line in lines]

    def _said_by(self, sight: Sight, is_terminal: bool) -> list[str]:  # noqa: FBT001 - as the service says
        """What the tasks that failed said last: those that run well would talk louder in the service's log."""
        engine = self._engine.apart()
        for task in sight.failed_runs()[:ASKED_TASKS]:
            if said := engine.log_of("task", task, is_terminal=is_terminal):
                return said
        service = sight.service.get("ID")
        return engine.log_of("service", service, is_terminal=is_terminal) if service else []


def _waiting_errors(sight: Sight) -> list[str]:
    return [
        str(task["Status"].get("Err") or "")
        for task in sight.tasks
        if (task.get("Status") or {}).get("State") == "pending"
    ]
