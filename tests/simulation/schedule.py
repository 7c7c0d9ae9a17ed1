"""One thread that plays many: tasks that give up control at chosen points, a clock that only this module moves.

A task is a greenlet of a simulated process. It stops wherever the product would wait or begin a transaction; the dice
then say which of the tasks that could go on does. The same dice give the same order, always.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

import greenlet

FOREVER = 1 << 60


class ProcessKilled(BaseException):
    """Goes through a task when its process is killed; nothing of the product catches it."""


@dataclass
class Process:
    """What dies together. `switched_to` puts the process's own globals in place before one of its tasks goes on."""

    name: str
    dead: bool = False
    paused_until: int = 0
    skew_ms: int = 0
    tasks: list["Task"] = field(default_factory=list)
    slots: Any = None
    switched_to: Callable[[], None] = lambda: None


@dataclass
class Task:
    """One thread of a process: since when it could go on, and under which condition it may earlier."""

    process: Process
    name: str
    glet: Any = None
    wake: int = 0
    until: Callable[[], bool] | None = None
    done: bool = False
    held: Any = None

    def __str__(self) -> str:
        return f"{self.process.name}/{self.name}"


class Hub:
    """The scheduler. Times are virtual milliseconds since the simulation began."""

    def __init__(self, dice: random.Random, on_error: Callable[[Task, Exception], None]) -> None:
        self.now = 0
        self.current: Task | None = None
        self._dice = dice
        self._on_error = on_error
        self._tasks: list[Task] = []
        self._glet = greenlet.getcurrent()

    def spawn(self, process: Process, name: str, work: Callable[[], object], after_ms: int = 0) -> Task:
        """A new task of the process, ready after so many milliseconds."""
        task = Task(process, name, wake=self.now + after_ms)
        task.glet = greenlet.greenlet(lambda: self._body(task, work), self._glet)
        process.tasks.append(task)
        self._tasks.append(task)
        return task

    def _body(self, task: Task, work: Callable[[], object]) -> None:
        try:
            if not task.process.dead:
                work()
        except ProcessKilled:
            pass
        except Exception as error:  # noqa: BLE001 - whatever ends a thread of the product is judged by the caller
            self._on_error(task, error)
        finally:
            task.done = True

    def stop_here(self, wake_ms: int = 0, until: Callable[[], bool] | None = None) -> None:
        """Give up control until the time has come or the condition holds; a killed process ends here."""
        task = self.current
        if task is None:
            return
        if not task.process.dead:
            task.wake = self.now + wake_ms if wake_ms < FOREVER else FOREVER
            task.until = until
            self._glet.switch()
        if task.process.dead:
            raise ProcessKilled

    def step(self) -> Task | None:
        """Let one task go on to its next stop, moving the clock when none is ready; None when nothing ever will."""
        ready = self._ready()
        while not ready:
            coming = [max(t.wake, t.process.paused_until) for t in self._tasks if t.wake < FOREVER]
            if not coming:
                return None
            self.now = max(self.now + 1, min(coming))
            ready = self._ready()
        task = ready[int(self._dice.random() * len(ready))] if len(ready) > 1 else ready[0]
        self.resume(task)
        return task

    def resume(self, task: Task) -> None:
        """Switch to the task, and clean up after a process that died meanwhile."""
        self.current = task
        task.process.switched_to()
        task.glet.switch()
        if task.process.dead:
            self.bury(task.process)
        elif task.done:
            self._tasks.remove(task)
        self.current = None

    def bury(self, process: Process) -> None:
        """Unwind every task of a killed process: no code of it that touches the world runs any more."""
        process.dead = True
        for task in process.tasks:
            if not task.done and task is not self.current:
                before, self.current = self.current, task
                process.switched_to()
                if task.glet:
                    task.glet.throw(ProcessKilled)
                task.done = True
                self.current = before
        self._tasks = [task for task in self._tasks if task.process is not process]

    def _ready(self) -> list[Task]:
        now = self.now
        return [
            t
            for t in self._tasks
            if t.process.paused_until <= now and (t.wake <= now or (t.until is not None and t.until()))
        ]


class Event:
    """As threading's."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._is_set = False

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        self._is_set = True

    def wait(self, timeout: float | None = None) -> bool:
        self._hub.stop_here(_ms(timeout), self.is_set)
        return self._is_set


class Condition:
    """As threading's; nobody else runs inside its block, so there is nothing to lock."""

    def __init__(self, hub: Hub, _lock: object = None) -> None:
        self._hub = hub
        self._rung = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def notify_all(self) -> None:
        self._rung += 1

    def wait(self, timeout: float | None = None) -> bool:
        before = self._rung
        self._hub.stop_here(_ms(timeout), lambda: self._rung != before)
        return self._rung != before

    def wait_for(self, holds: Callable[[], bool], timeout: float | None = None) -> bool:
        if not holds():
            self._hub.stop_here(_ms(timeout), holds)
        return holds()


class Thread:
    """As threading's: a task of the process that starts it."""

    def __init__(self, hub: Hub, target: Callable[..., object], name: str = "", **more: Any) -> None:
        self._hub = hub
        self._work = lambda: target(*more.get("args", ()))
        self._name = name
        self._held = getattr(getattr(target, "__self__", None), "_held", None)
        self._task: Task | None = None

    def start(self) -> None:
        assert self._hub.current is not None
        self._task = self._hub.spawn(self._hub.current.process, self._name, self._work)
        self._task.held = self._held

    def join(self, timeout: float | None = None) -> None:
        task = self._task
        if task is not None and not task.done:
            self._hub.stop_here(_ms(timeout), lambda: task.done)


class Threading:
    """Stands where the product says `threading`: same names, but waiting gives control to the hub."""

    def __init__(self, hub: Hub) -> None:
        self.Event = partial(Event, hub)
        self.Condition = self.Lock = partial(Condition, hub)
        self.Thread = partial(Thread, hub)


def _ms(timeout_s: float | None) -> int:
    return FOREVER if timeout_s is None else max(1, round(timeout_s * 1000))
