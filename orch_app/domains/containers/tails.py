"""The logs of several containers and services followed together: lines in the order of their times, with their sources.

Every source has a thread of its own, because an engine sends a log as a stream that is read by waiting. What breaks off
is begun again where it ended, so that no line is missing and none comes twice. Of a service, whose tasks on several
machines are heard one behind the other, a little of what was before is asked for again, and what is known passed over.
"""

import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from orch_app.domains.access.actor import Actor, require
from orch_app.domains.access.permissions import Permission
from orch_app.domains.containers.levels import Level, level_of
from orch_app.domains.containers.logs import LogSource, ServiceSource, follow_log
from orch_app.integrations.docker.engine import LogTail, LogWish
from orch_app.integrations.docker.log_stream import LogLine
from orch_app.integrations.docker.reading import nanoseconds
from orch_app.kit.errors import OrchError

MOST_SOURCES = 40
"""Logs that one reader follows at the same time; each is a connection to an engine and a thread."""
REFUSED = "too_many_logs"
"""What is said of a source that is one too many."""
MOST_IN_ALL = 200
"""Logs that all readers of this process follow."""
TAIL = 200
BEFORE = 4_000
"""Lines of before that a reader begins with: of each log the last `TAIL`, of many logs fewer."""
MOST_WAITING = 5_000
AT_ONCE = 1_000
PAUSES_S = (1.0, 2.0, 5.0, 10.0)
"""Between attempts to hear a source that cannot be heard."""
QUIET_S = 3.0
"""After a log has ended, because its container has: so long until it is looked whether it runs again."""
HELD_BACK_S = 2.0
"""At most so long the first lines wait for those of slower sources, which belong between them."""
LATE_NS = 10 * 10**9
"""So much later one machine's lines may reach the manager of a Swarm than another one's, in nanoseconds."""

_slots = threading.BoundedSemaphore(MOST_IN_ALL)


@dataclass(frozen=True)
class Heard:
    """One line of one source; `at` is the engine's time as it writes it, `moment` the same in nanoseconds.

    `task` is the id of the task that wrote it, where the source is a service.
    """

    source: str
    at: str
    moment: int
    level: Level
    text: str
    task: str = ""


@contextmanager
def follow_together(actor: Actor, marks: Mapping[str, int] | None = None) -> Generator["Tails"]:
    """Logs to follow until the block ends; `marks` are the moments up to which a source was heard before."""
    require(actor, Permission.CONNECTIONS_USE)
    tails = Tails(actor, marks or {})
    try:
        yield tails
    finally:
        tails.follow({})


class Tails:
    """What one reader follows: sources by names of the reader's choice."""

    def __init__(self, actor: Actor, marks: Mapping[str, int]) -> None:
        self._actor = actor
        self._marks = dict(marks)
        self._listeners: dict[str, _Listener] = {}
        self._refused: set[str] = set()
        self._waiting = _Waiting()
        self._held_until = 0.0

    def follow(self, sources: Mapping[str, LogSource]) -> None:
        """Follow these and no others; of what is new the last lines come first."""
        for name in self._listeners.keys() - sources.keys():
            self._listeners.pop(name).stop()
        begun = [name for name in sources if name not in self._listeners][: MOST_SOURCES - len(self._listeners)]
        self._refused = sources.keys() - self._listeners.keys() - set(begun)
        tail = min(TAIL, BEFORE // max(1, len(begun)))
        self._held_until = time.monotonic() + HELD_BACK_S if begun else self._held_until
        for name in begun:
            if not _slots.acquire(blocking=False):
                self._refused.add(name)
                continue
            place = _Place(name, sources[name], tail, self._marks.get(name, 0))
            self._listeners[name] = _Listener(self._actor, place, self._waiting)

    def take(self) -> list[Heard]:
        """What has come since, in the order of times; what comes first waits until every source has begun."""
        have_begun = all(listener.has_begun.is_set() for listener in self._listeners.values())
        if not have_begun and time.monotonic() < self._held_until:
            return []
        lines = sorted(self._waiting.take(AT_ONCE), key=lambda line: line.moment)
        for line in lines:
            self._marks[line.source] = max(line.moment, self._marks.get(line.source, 0))
        return lines

    @property
    def marks(self) -> dict[str, int]:
        """The moment of the last line taken of each source."""
        return dict(self._marks)

    @property
    def troubles(self) -> dict[str, str]:
        """The sources that cannot be heard at the moment, each with the code of the problem or `REFUSED`."""
        broken = {name: listener.trouble for name, listener in self._listeners.items() if listener.trouble}
        return broken | dict.fromkeys(self._refused, REFUSED)


@dataclass(frozen=True)
class _Place:
    """Where one log is, and from where on it is wanted."""

    name: str
    source: LogSource
    tail: int
    heard_until: int


class _Waiting:
    """Lines that nobody has taken yet; who brings more than fit waits until some are taken."""

    def __init__(self) -> None:
        self._lines: list[Heard] = []
        self._changed = threading.Condition()

    def put(self, line: Heard, stopped: threading.Event) -> None:
        with self._changed:
            while len(self._lines) >= MOST_WAITING and not stopped.is_set():
                self._changed.wait(PAUSES_S[0])
            self._lines.append(line)

    def take(self, most: int) -> list[Heard]:
        with self._changed:
            taken, self._lines = self._lines[:most], self._lines[most:]
            self._changed.notify_all()
        return taken


class _Listener:
    """One source, heard by a thread until `stop`: first what there is, then what comes, again when it breaks off.

    `trouble` is the code of the problem that keeps it from being heard.
    """

    def __init__(self, actor: Actor, place: _Place, waiting: _Waiting) -> None:
        self.trouble = ""
        self.has_begun = threading.Event()
        self._actor = actor
        self._place = place
        self._waiting = waiting
        self._heard: dict[str, int] = {}
        self._stopped = threading.Event()
        self._tail: LogTail | None = None
        threading.Thread(target=self._run, name="log", daemon=True).start()

    def stop(self) -> None:
        """Hear nothing more, also while waiting for the next line."""
        self._stopped.set()
        if self._tail is not None:
            self._tail.stop()

    def _run(self) -> None:
        failures = 0
        try:
            while not self._stopped.is_set():
                failures = 0 if self._listens() else min(failures + 1, len(PAUSES_S))
                self.has_begun.set()
                self._stopped.wait(PAUSES_S[failures - 1] if failures else QUIET_S)
        finally:
            _slots.release()

    def _listens(self) -> bool:
        """Whether the log could be read, for as long as it went on."""
        try:
            if not self.has_begun.is_set():
                self._hear(self._wish(follow=False))
                self.has_begun.set()
            self._hear(self._wish(follow=True))
        except OrchError as error:
            self.trouble = "" if self._stopped.is_set() else error.code
            return False
        return True

    def _wish(self, *, follow: bool) -> LogWish:
        """All since the last line; where none was heard before, only the end."""
        until = max(self._heard.values(), default=self._place.heard_until)
        if not until:
            return LogWish(self._place.tail, follow=follow)
        since = until - LATE_NS if isinstance(self._place.source, ServiceSource) else until
        return LogWish(None, f"{since // 10**9}.{since % 10**9:09}", follow=follow)

    def _hear(self, wish: LogWish) -> None:
        """Hand lines on; the engine begins with what was heard already, which is passed over."""
        before = dict(self._heard)
        with follow_log(self._actor, self._place.source, wish) as tail:
            self._tail = tail
            if self._stopped.is_set():
                return  # before there was anything that could be stopped
            self.trouble = ""
            for line in tail.lines:
                if self._stopped.is_set():
                    return
                moment = nanoseconds(line.at)
                if moment > before.get(line.task, self._place.heard_until) or not moment:
                    self._tell(line, moment)

    def _tell(self, line: LogLine, moment: int) -> None:
        self._heard[line.task] = max(moment, self._heard.get(line.task, 0))
        heard = Heard(self._place.name, line.at, moment, level_of(line.text), line.text, line.task)
        self._waiting.put(heard, self._stopped)
