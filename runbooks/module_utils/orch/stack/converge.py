"""Waiting until services stand, and go on standing. The engine's answers to updates say nothing about that."""

from __future__ import annotations

import time
from typing import Any, Callable, Iterable, NamedTuple

from ansible.module_utils.orch.stack.engine import Engine
from ansible.module_utils.orch.stack.faults import code_of
from ansible.module_utils.orch.stack.judging import FAILED, STANDS, Sight, Verdict
from ansible.module_utils.orch.upstream import UpstreamError

LOOK_S = 1.0
NO_NODE_S = 30.0


class Pace(NamedTuple):
    """How long services have to come to stand, and how long they must go on standing; seconds."""

    timeout_s: float
    stable_s: float


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

    `updates` are the starts of their last updates before ours. Jobs and what stood before are judged alike.
    """

    def __init__(
        self,
        engine: Engine,
        stack: str,
        pace: Pace,
        *,
        updates: dict[str, str],
        goes_back: bool = False,
        clock: Any = time,
    ) -> None:
        self._engine, self._stack = engine, stack
        self._timeout_s, self._stable_s = pace.timeout_s, pace.stable_s
        self._updates, self._goes_back = updates, goes_back
        self._clock: Callable[[], float] = clock.monotonic
        self._sleep: Callable[[float], None] = clock.sleep
        self._since: dict[str, float] = {}
        self._stuck: dict[str, float] = {}

    def settle(self, services: Iterable[str], *, at_first_failure: bool) -> dict[str, Outcome]:
        """Wait; what became of each service by its name. With `at_first_failure` the others are not waited for."""
        start = self._clock()
        wanted = list(services)
        while wanted:
            found = self._look(wanted, start)
            failed = [one for one in found.values() if one.verdict.state == FAILED]
            is_over = self._clock() - start >= self._timeout_s
            if is_over or (failed and at_first_failure) or all(map(self._is_settled, found.values())):
                return self._ended(found, is_over)
            self._sleep(LOOK_S)
        return {}

    def _look(self, wanted: list[str], start: float) -> dict[str, Outcome]:
        documents = {one["Spec"]["Name"]: one for one in self._engine.services()}
        tasks = self._engine.tasks(self._stack)
        nodes = self._engine.get("/nodes") or []
        alive = [node["ID"] for node in nodes if (node.get("Status") or {}).get("State") == "ready"]
        found = {}
        for name in wanted:
            own = [task for task in tasks if name in documents and task["ServiceID"] == documents[name]["ID"]]
            sight = Sight(
                documents.get(name) or {"Spec": {}},
                own,
                alive,
                old_update=self._updates.get(name, ""),
                goes_back=self._goes_back,
            )
            verdict = (
                sight.judge() if name in documents else Verdict(FAILED, "conflict", "somebody has removed it meanwhile")
            )
            found[name] = Outcome(
                self._patient(name, verdict, sight, len(alive) == len(nodes)), self._clock() - start, sight
            )
            self._note(name, found[name])
        return found

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
        return outcome.verdict.state == FAILED or (
            outcome.verdict.state == STANDS and outcome.stood_s >= self._stable_s
        )

    def _ended(self, found: dict[str, Outcome], is_over: bool) -> dict[str, Outcome]:  # noqa: FBT001
        for outcome in found.values():
            if is_over and outcome.verdict.state not in (STANDS, FAILED):
                said = f"it does not stand after {self._timeout_s:g} s: {outcome.verdict.message}"
                outcome.verdict = outcome.sight.failure(said, "convergence_timeout")
            if outcome.verdict.state == FAILED:
                outcome.log = self._log_of(outcome.sight.service)
        return found

    def _log_of(self, service: dict[str, Any]) -> list[str]:
        container = (service.get("Spec", {}).get("TaskTemplate") or {}).get("ContainerSpec") or {}
        try:
            return self._engine.apart().log_of(service["ID"], bool(container.get("TTY"))) if service.get("ID") else []
        except UpstreamError as error:
            return [f"(the log cannot be read: {error})"]


def _waiting_errors(sight: Sight) -> list[str]:
    return [
        str(task["Status"].get("Err") or "")
        for task in sight.tasks
        if (task.get("Status") or {}).get("State") == "pending"
    ]
