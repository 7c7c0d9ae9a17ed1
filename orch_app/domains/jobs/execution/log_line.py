"""The lines of a job's log and the steps of its timeline, as the execution hands them over: clean, masked, bounded."""

import re
from dataclasses import dataclass
from enum import StrEnum

MESSAGE_LIMIT = 16 * 1024
"""Characters of one message; a longer one is cut and ends with `CUT_MARK`."""

RESULT_LIMIT = 500
"""Characters of what is kept as the message of one host in one task; the log has the rest."""

CUT_MARK = " … [cut]"

_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours and cursor movements
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles, links and other strings to the terminal
    r"|\x1b[ -/]*[0-~]"
    r"|[\x00-\x08\x0a-\x1f\x7f-\x9f]"
    r"|[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"  # marks that reorder or hide text
)


class LogLevel(StrEnum):
    """What a line is; the API's `level` filter takes these words."""

    TASK = "task"
    """A header: PLAY, TASK, HANDLER or RECAP."""
    OK = "ok"
    CHANGED = "changed"
    SKIPPED = "skipped"
    OUTPUT = "output"
    """What a program printed, and differences of files."""
    INFO = "info"
    WARNING = "warning"
    """Warnings, retries, and failures that the play ignores."""
    ERROR = "error"
    DEBUG = "debug"
    """Deprecations and other notes for the author of a runbook."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line. `at` is seconds since the epoch as the play saw them; `host` and `task` may be empty.

    `style` is where the message was coloured, see `colours`.
    """

    at: float
    level: LogLevel
    host: str
    task: str
    message: str
    style: str = ""


class StepKind(StrEnum):
    """A step of the timeline."""

    PLAY = "play"
    TASK = "task"
    HANDLER = "handler"


class StepStatus(StrEnum):
    """State of a step or of one host in it; `ignored` is a failure that the play tolerates."""

    RUNNING = "running"
    SKIPPED = "skipped"
    OK = "ok"
    CHANGED = "changed"
    IGNORED = "ignored"
    UNREACHABLE = "unreachable"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class HostResult:
    """How one host did in one task. `message` is the line that says most about it, often empty."""

    host: str
    status: StepStatus
    changed: bool
    duration_s: float | None
    message: str = ""


@dataclass(frozen=True, slots=True)
class StepUpdate:
    """The step as it is now; later updates with the same `uuid` replace it, and each `host` is added to it."""

    uuid: str
    kind: StepKind
    name: str
    play: str
    status: StepStatus
    started_at: float
    finished_at: float | None = None
    host: HostResult | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """The first thing that went wrong: what to show on top of a failed job."""

    host: str
    task: str
    message: str


def clean(text: str) -> str:
    """The text without colours, control characters and marks that make it look like another text."""
    return _CONTROL.sub("", text)


def cut(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """The text, or as much of its beginning as fits into the limit with a mark that says so."""
    return text if len(text) <= limit else text[: limit - len(CUT_MARK)] + CUT_MARK
