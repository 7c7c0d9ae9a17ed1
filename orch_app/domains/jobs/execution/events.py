"""Translates the play's NDJSON events into log lines and steps; secrets are masked here, before anyone sees a line."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from orch_app.domains.jobs.execution.colours import style_of
from orch_app.domains.jobs.execution.log_line import (
    RESULT_LIMIT,
    Failure,
    HostResult,
    LogLevel,
    LogLine,
    StepKind,
    StepStatus,
    StepUpdate,
    clean,
    cut,
)

Event = dict[str, Any]
_WORDS = {StepStatus.OK: "ok", StepStatus.CHANGED: "changed", StepStatus.SKIPPED: "skipping"}
_LEVELS = {
    StepStatus.OK: LogLevel.OK,
    StepStatus.CHANGED: LogLevel.CHANGED,
    StepStatus.SKIPPED: LogLevel.SKIPPED,
    StepStatus.IGNORED: LogLevel.WARNING,
}
_FATAL = {StepStatus.FAILED: "fatal: FAILED!", StepStatus.UNREACHABLE: "fatal: UNREACHABLE!"}
_COMPLAINTS = (*_FATAL, StepStatus.IGNORED)
_HIDDEN = "output hidden (no_log)"
_RANK = list(StepStatus)
_RECAP = ("ok", "changed", "unreachable", "failures", "skipped", "rescued", "ignored")
_OUTPUT = ("stdout", "module_stdout", "stderr", "module_stderr")
_ITEM_LABEL = 200
_SAYS_NOTHING = "non-zero return code"
_END_OF_TIME = 1e11
_RAW_STARTS = (
    ("[WARNING]", LogLevel.WARNING),
    ("[DEPRECATION WARNING]", LogLevel.DEBUG),
    ("ERROR!", LogLevel.ERROR),
    ("[ERROR]", LogLevel.ERROR),
    ("Traceback (most recent", LogLevel.ERROR),
)


@dataclass
class Batch:
    """What became known together, in order."""

    lines: list[LogLine] = field(default_factory=list)
    steps: list[StepUpdate] = field(default_factory=list)


@dataclass
class _Step:
    """A task that has begun."""

    uuid: str
    kind: StepKind
    name: str
    play: str
    started_at: float
    status: StepStatus = StepStatus.SKIPPED
    is_open: bool = True

    def update(self, *, finished_at: float | None = None, host: HostResult | None = None) -> StepUpdate:
        status = StepStatus.RUNNING if self.is_open else self.status
        return StepUpdate(self.uuid, self.kind, self.name, self.play, status, self.started_at, finished_at, host)


class EventTranslator:
    """Keeps the thread of one play: which task an event belongs to, what failed first, and the final counts."""

    def __init__(self, mask: Callable[[str], str], clock: Callable[[], float] = time.time) -> None:
        self._mask = mask
        self._clock = clock
        self._steps: dict[str, _Step] = {}
        self._open: list[_Step] = []
        self._hosts: dict[str, str] = {}
        self._failed_items: dict[tuple[str, str], str] = {}
        self._play: _Step | None = None
        self._raw_level = {"stdout": LogLevel.OUTPUT, "stderr": LogLevel.ERROR}
        self.failure: Failure | None = None
        self.hosts: dict[str, dict[str, int]] = {}
        """Counts per host, known when the play has ended by itself."""

    def translate(self, line: bytes, batch: Batch) -> None:
        """Add what one NDJSON line says to the batch; a line that is no event is shown as it is."""
        try:
            event = json.loads(line)
            event["host"] = self._host(event.get("host", ""))
            event["t"] = _seconds(event["t"])
            getattr(self, f"_on_{event['e']}")(event, batch)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            # Code inside the play can write anything to the pipe; it may spoil its own log, not the worker.
            self.raw("stdout", line.decode(errors="replace"), batch)

    def raw(self, stream: str, text: str, batch: Batch) -> None:
        """What ansible-playbook itself printed: syntax errors, tracebacks, warnings before the first play."""
        coloured, text = text.rstrip(), clean(text).rstrip()
        if not text:
            return
        for start, level in _RAW_STARTS:
            if text.startswith(start):
                self._raw_level[stream] = level
        level = self._raw_level[stream]
        if level is LogLevel.ERROR and self.failure is None and text.startswith(("ERROR!", "[ERROR]")):
            self.failure = Failure("", "", self._safe(text))
        safe = self._safe(text)
        batch.lines.append(LogLine(self._clock(), level, "", "", safe, style_of(coloured, safe)))

    def note(self, text: str, batch: Batch) -> None:
        """A line of our own about the job."""
        batch.lines.append(LogLine(self._clock(), LogLevel.INFO, "", "", self._safe(text)))

    def complain(self, text: str, batch: Batch) -> None:
        """A line of our own that says why the job ended."""
        batch.lines.append(LogLine(self._clock(), LogLevel.ERROR, "", "", text))

    def finish(self, batch: Batch) -> None:
        """Close what the play left open, because it ended or was ended."""
        self._close_tasks(self._clock(), batch)
        self._close_play(self._clock(), batch)

    def _on_start(self, event: Event, batch: Batch) -> None:
        """The first event: nothing to show."""

    def _on_play(self, event: Event, batch: Batch) -> None:
        self._close_tasks(event["t"], batch)
        self._close_play(event["t"], batch)
        name = self._safe(event["name"])
        self._play = _Step(event["uuid"], StepKind.PLAY, name, event["uuid"], event["t"])
        batch.steps.append(self._play.update())
        mark = " [CHECK MODE]" if event.get("check") else ""
        batch.lines.append(LogLine(event["t"], LogLevel.TASK, "", "", f"PLAY [{name}]{mark}"))

    def _on_task(self, event: Event, batch: Batch) -> None:
        self._begin(event, StepKind.TASK, batch)

    def _on_handler(self, event: Event, batch: Batch) -> None:
        self._begin(event, StepKind.HANDLER, batch)

    def _begin(self, event: Event, kind: StepKind, batch: Batch) -> None:
        self._close_tasks(event["t"], batch)
        name = self._safe(event["name"])
        play = self._play.uuid if self._play else ""
        step = _Step(event["uuid"], kind, name, play, event["t"])
        self._steps[step.uuid] = step
        self._open.append(step)
        batch.steps.append(step.update())
        batch.lines.append(LogLine(event["t"], LogLevel.TASK, "", name, f"{kind.upper()} [{name}]"))

    def _on_result(self, event: Event, batch: Batch) -> None:
        status = _status(event)
        step = self._steps.get(event["task"])
        if step is not None:
            step.status = max(step.status, status, key=_RANK.index)
            duration, message = _seconds(event.get("duration_s")), cut(self._verdict(event, status), RESULT_LIMIT)
            host = HostResult(event["host"], status, bool(event["changed"]), duration, message)
            batch.steps.append(step.update(host=host, finished_at=None if step.is_open else event["t"]))
            if self._play is not None:
                self._play.status = max(self._play.status, status, key=_RANK.index)
        self._complain(event, batch)
        if not event.get("told"):
            self._tell(event, status, batch)
        self._note_failure(event, status)

    def _on_item(self, event: Event, batch: Batch) -> None:
        status = _status(event)
        if status in _FATAL:
            self._failed_items[event["host"], event["task"]] = self._verdict(event, status)
        self._complain(event, batch)
        self._tell(event, status, batch)

    def _on_retry(self, event: Event, batch: Batch) -> None:
        count = f"retrying ({event['attempt']}/{event['retries']})"
        self._say(event, LogLevel.WARNING, _joined(count, self._headline(event)), batch)

    def _on_poll(self, event: Event, batch: Batch) -> None:
        self._say(event, LogLevel.DEBUG, f"still running: {self._safe(str(event['job']))}", batch)

    def _on_include(self, event: Event, batch: Batch) -> None:
        text = f"included: {event['file']} for {', '.join(event['hosts'])}"
        batch.lines.append(LogLine(event["t"], LogLevel.INFO, "", "", self._safe(text)))

    def _on_note(self, event: Event, batch: Batch) -> None:
        batch.lines.append(LogLine(event["t"], LogLevel(event["level"]), "", "", self._safe(event["text"])))

    def _on_diff(self, event: Event, batch: Batch) -> None:
        for line in event["text"].splitlines():
            self._quote(event, LogLevel.OUTPUT, line, batch)

    def _on_stats(self, event: Event, batch: Batch) -> None:
        self._close_tasks(event["t"], batch)
        self._close_play(event["t"], batch)
        self.hosts = {
            self._host(name): {part: int(counts[part]) for part in _RECAP} for name, counts in event["hosts"].items()
        }
        batch.lines.append(LogLine(event["t"], LogLevel.TASK, "", "", "RECAP"))
        for host, counts in self.hosts.items():
            text = " ".join(f"{'failed' if name == 'failures' else name}={counts[name]}" for name in _RECAP)
            batch.lines.append(LogLine(event["t"], _recap_level(counts), host, "", text))

    def _close_tasks(self, at: float, batch: Batch) -> None:
        """Ansible does not say when a task ends: it has when the next thing begins."""
        for step in self._open:
            step.is_open = False
            batch.steps.append(step.update(finished_at=at))
        self._open.clear()

    def _close_play(self, at: float, batch: Batch) -> None:
        if self._play is not None and self._play.is_open:
            self._play.is_open = False
            batch.steps.append(self._play.update(finished_at=at))

    def _tell(self, event: Event, status: StepStatus, batch: Batch) -> None:
        """The line with the outcome, and below it what the module printed."""
        level = _LEVELS.get(status, LogLevel.ERROR)
        word = self._word(event, status)
        if event.get("censored"):
            self._say(event, level, _joined(word, _HIDDEN), batch)
            return
        first, *more = self._said(event)
        before = f"{word} " if word.endswith("!") else f"{word}: "
        self._quote(event, level, first, batch, before=before if first.strip() else word)
        for line in more:
            self._quote(event, LogLevel.OUTPUT, line, batch)
        self._print(event, status, batch)

    def _word(self, event: Event, status: StepStatus) -> str:
        word = _FATAL.get(status) or _WORDS.get(status) or "failed (ignored)"
        if "item" not in event:
            return word
        label = self._safe(str(event["item"]))[:_ITEM_LABEL]
        return f"{'failed' if status in _FATAL else word}: [{label}]"

    def _print(self, event: Event, status: StepStatus, batch: Batch) -> None:
        for key in _OUTPUT:
            level = LogLevel.ERROR if "stderr" in key and status in _FATAL else LogLevel.OUTPUT
            for line in event.get(key) or ():
                self._quote(event, level, line, batch)

    def _said(self, event: Event) -> list[str]:
        """The lines of what the module says, as it says them."""
        text: str = event.get("msg") or event.get("shown") or event.get("short") or ""
        return text.splitlines() or [""]

    def _message(self, event: Event) -> str:
        return self._safe(self._said(event)[0])

    def _headline(self, event: Event) -> str:
        """The one line that explains most: what the module says, unless it says nothing and its program does."""
        if event.get("msg", _SAYS_NOTHING) == _SAYS_NOTHING:
            for key in ("stderr", "stdout"):
                if event.get(key):
                    return self._safe(event[key][-1])
        return self._message(event)

    def _complain(self, event: Event, batch: Batch) -> None:
        for key, level in (("warnings", LogLevel.WARNING), ("deprecations", LogLevel.DEBUG)):
            for text in event.get(key) or ():
                for line in text.splitlines():
                    self._say(event, level, self._safe(line), batch)

    def _note_failure(self, event: Event, status: StepStatus) -> None:
        if status in _FATAL and self.failure is None:
            self.failure = Failure(event["host"], self._task_name(event), self._verdict(event, status))

    def _verdict(self, event: Event, status: StepStatus) -> str:
        """What is said about a result in one line; about the failure of a loop, what its last failed item said."""
        item = self._failed_items.get((event["host"], event["task"])) if event.get("told") else None
        if item or event.get("censored"):
            return item or _HIDDEN
        return self._headline(event) if status in _COMPLAINTS else self._message(event)

    def _say(self, event: Event, level: LogLevel, message: str, batch: Batch) -> None:
        batch.lines.append(LogLine(event["t"], level, event["host"], self._task_name(event), message))

    def _quote(self, event: Event, level: LogLevel, raw: str, batch: Batch, before: str = "") -> None:
        """Say what a program said, in its colours; `before` is a word of ours in front of it."""
        safe = self._safe(raw)
        style = style_of(raw, safe, len(before))
        line = LogLine(event["t"], level, event["host"], self._task_name(event), f"{before}{safe}", style)
        batch.lines.append(line)

    def _task_name(self, event: Event) -> str:
        step = self._steps.get(event["task"])
        return step.name if step else ""

    def _host(self, name: str) -> str:
        if name not in self._hosts:
            self._hosts[name] = self._safe(name)
        return self._hosts[name]

    def _safe(self, text: str) -> str:
        """In this order: colours cannot split a secret, and a cut cannot leave half of one."""
        return cut(self._mask(clean(text)))


def split_lines(buffer: bytearray) -> Iterator[bytes]:
    """Take the complete lines out of the buffer."""
    end = buffer.rfind(b"\n") + 1
    if end:
        complete = bytes(buffer[:end])
        del buffer[:end]
        yield from complete[:-1].split(b"\n")


def _seconds(value: Any) -> Any:
    """The number, if it is one that a clock can show."""
    if value is not None and not 0 <= float(value) < _END_OF_TIME:
        raise ValueError("not a time")
    return None if value is None else float(value)


def _status(event: Event) -> StepStatus:
    status = StepStatus(event["status"])
    if event.get("ignored") and status in _FATAL:
        return StepStatus.IGNORED
    return StepStatus.CHANGED if status is StepStatus.OK and event["changed"] else status


def _joined(word: str, text: str) -> str:
    return f"{word}: {text}" if text else word


def _recap_level(counts: dict[str, int]) -> LogLevel:
    if counts["failures"] or counts["unreachable"]:
        return LogLevel.ERROR
    return LogLevel.CHANGED if counts["changed"] else LogLevel.OK
