"""Whether a service stands as it should, from what Swarm tells about it. Nothing is asked or waited for here.

Counts of replicas are not looked at: they include tasks of dead nodes. A task counts when it runs what the service says
now, on a node that is alive; of a service that is to run once, also when it has come to its end.
"""

from __future__ import annotations

from typing import Any, Iterable

from ansible.module_utils.orch.stack.faults import code_of

STANDS, WAITS, FAILED = "stands", "waits", "failed"
NO_NODE = "it runs nowhere, for no node meets what it asks for"
MANY_REFUSALS = 3
_FAILED_UPDATE = {"paused", "rollback_paused", "rollback_completed"}
_RUNNING_UPDATE = {"updating", "rollback_started"}
_NEVER_RAN = {"new", "pending", "assigned", "accepted", "preparing", "ready", "starting"}
_CAME_TO_NOTHING = {"failed", "rejected"}
_ONCE = {"none", "on-failure"}
_KEPT_ERRORS = 5


class Verdict:
    """How a service stands: `state`, and for a failure its code and a sentence.

    One that stands with a sentence stands for want of anything to run.
    """

    def __init__(self, state: str, code: str = "", message: str = "") -> None:
        self.state = state
        self.code = code
        self.message = message


class Sight:
    """One look at a service: its own document, its tasks with the newest first, the ids of nodes that are alive.

    `old_update` is the start of the last update before ours, whose end says nothing about ours. `goes_back` is set
    where the way back is what was asked for.
    """

    def __init__(
        self,
        service: dict[str, Any],
        tasks: list[dict[str, Any]],
        alive: Iterable[str],
        *,
        old_update: str = "",
        goes_back: bool = False,
    ) -> None:
        self.service = service
        self.tasks = tasks
        self.alive = set(alive)
        self.goes_back = goes_back
        status = service.get("UpdateStatus") or {}
        self.update = {} if old_update and status.get("StartedAt") == old_update else status

    def errors(self) -> list[str]:
        """What the newest tasks that came to nothing say, each once, the newest first."""
        said = [
            str((task.get("Status") or {}).get("Err") or "")
            for task in self.tasks
            if not _is_wanted(task) or _has_error(task)
        ]
        return list(dict.fromkeys(error for error in said if error))[:_KEPT_ERRORS]

    def failed_runs(self) -> list[str]:
        """The ids of the tasks that ran and came to nothing, the newest first."""
        return [task["ID"] for task in self.tasks if (task.get("Status") or {}).get("State") == "failed"]

    def judge(self) -> Verdict:
        """How it stands now."""
        state = str(self.update.get("State") or "")
        is_back = self.goes_back and state == "rollback_completed"
        if state in _FAILED_UPDATE and not is_back:
            return self.failure(f"the update ended as {state}: {self.update.get('Message', '')}")
        refused = self._refusals()
        if refused:
            return refused
        if state in _RUNNING_UPDATE and not self.waits_for_the_lost:
            return Verdict(WAITS, message=f"Swarm says {state}")
        return self._judge_tasks()

    @property
    def waits_for_the_lost(self) -> bool:
        """Whether Swarm's update cannot end: it waits for a task to run that was given to a node that died then.

        The task has long been replaced, but the update looks for a sign of that very one, for as long as it is left.
        """
        goes_on = self.update.get("State") in _RUNNING_UPDATE
        return goes_on and any(self._is_lost(task) for task in self._current())

    def _is_lost(self, task: dict[str, Any]) -> bool:
        never_ran = (task.get("Status") or {}).get("State") in _NEVER_RAN
        return never_ran and not _is_wanted(task) and not self._is_there(task)

    def failure(self, message: str, otherwise: str = "verify_failed") -> Verdict:
        """A failure with the code that its tasks' errors mean."""
        errors = self.errors()
        code = next((code for code in (code_of(error, "") for error in errors) if code), otherwise)
        return Verdict(FAILED, code, f"{message}{'; last errors: ' + ' | '.join(errors) if errors else ''}")

    def _refusals(self) -> Any:
        """A failure where a node refused the same task again and again: it will not get better by waiting."""
        slots = [_slot(task) for task in self._current() if (task.get("Status") or {}).get("State") == "rejected"]
        most = max((slots.count(slot) for slot in slots), default=0)
        return self.failure("the nodes refuse its tasks") if most >= MANY_REFUSALS else None

    def _judge_tasks(self) -> Verdict:
        mode = self.service["Spec"].get("Mode") or {}
        if "ReplicatedJob" in mode or "GlobalJob" in mode:
            return self._judge_job(mode)
        slots = {_slot(task) for task in self._current() if self._is_running(task) or self._has_done_its_part(task)}
        count = self._count(mode, slots)
        older = [
            task for task in self.tasks if not self._is_current(task) and _is_wanted(task) and self._is_there(task)
        ]
        if len(slots) >= count and not older:
            return Verdict(STANDS, message=NO_NODE if "Global" in mode and not count else "")
        said = f"{len(slots)} of {count} tasks run what is wanted" + (
            f", {len(older)} older ones are left" if older else ""
        )
        return Verdict(WAITS, message=said)

    def _has_done_its_part(self, task: dict[str, Any]) -> bool:
        policy = (self.service["Spec"].get("TaskTemplate") or {}).get("RestartPolicy") or {}
        return policy.get("Condition") in _ONCE and (task.get("Status") or {}).get("State") == "complete"

    def _count(self, mode: dict[str, Any], done: set[str]) -> int:
        """How many tasks there should be; a service on every node has as many as Swarm has made."""
        if "Global" not in mode:
            return int((mode.get("Replicated") or {}).get("Replicas", 1))
        return len(done | {_slot(task) for task in self.tasks if _is_wanted(task) and self._is_there(task)})

    def _judge_job(self, mode: dict[str, Any]) -> Verdict:
        turn = ((self.service.get("JobStatus") or {}).get("JobIteration") or {}).get("Index", 0)
        ours = [task for task in self.tasks if (task.get("JobIteration") or {}).get("Index", 0) == turn]
        done = [task for task in ours if (task.get("Status") or {}).get("State") == "complete"]
        count = (mode.get("ReplicatedJob") or {}).get("TotalCompletions", 1) if "ReplicatedJob" in mode else len(ours)
        if len(done) >= count:
            return Verdict(STANDS, message="" if count else NO_NODE)
        return Verdict(WAITS, message=f"{len(done)} of {count} runs are complete")

    def _current(self) -> list[dict[str, Any]]:
        return [task for task in self.tasks if self._is_current(task)]

    def _is_current(self, task: dict[str, Any]) -> bool:
        return _work(task.get("Spec") or {}) == _work(self.service["Spec"].get("TaskTemplate") or {})

    def _is_there(self, task: dict[str, Any]) -> bool:
        return not task.get("NodeID") or task["NodeID"] in self.alive

    def _is_running(self, task: dict[str, Any]) -> bool:
        return _is_wanted(task) and (task.get("Status") or {}).get("State") == "running" and self._is_there(task)


def failure_of(template: dict[str, Any], tasks: Iterable[dict[str, Any]]) -> str:
    """With what the newest of the tasks ended that did this work and failed; empty where none is known to have."""
    ran = (task.get("Status") or {} for task in tasks if _work(task.get("Spec") or {}) == _work(template))
    return next((str(one["Err"]) for one in ran if one.get("State") in _CAME_TO_NOTHING and one.get("Err")), "")


def _work(template: dict[str, Any]) -> dict[str, Any]:
    """What a task does, apart from which nodes it may be on: one that is where it may be is not replaced."""
    placement = {name: value for name, value in (template.get("Placement") or {}).items() if name != "Constraints"}
    work = {**template, "Placement": {name: value for name, value in placement.items() if value}, "Runtime": ""}
    return {name: value for name, value in work.items() if value}


def _is_wanted(task: dict[str, Any]) -> bool:
    return task.get("DesiredState") in ("running", "ready", "accepted")


def _has_error(task: dict[str, Any]) -> bool:
    return bool((task.get("Status") or {}).get("Err"))


def _slot(task: dict[str, Any]) -> str:
    return str(task.get("Slot") or task.get("NodeID") or "")
