"""From what the execution says to what is stored: batches of lines get their numbers, updates become steps."""

from datetime import UTC, datetime

from orch_app.domains.jobs.execution import Batch, LogLevel, LogLine, StepStatus, StepUpdate
from orch_app.domains.jobs.log.lines import Line
from orch_app.domains.jobs.log.writer import LogWriter
from orch_app.domains.jobs.states import Status
from orch_app.domains.jobs.steps import HostChange, StepChange
from orch_app.kit.clock import now
from orch_app.kit.ids import new_id

_STATUS = {
    StepStatus.RUNNING: Status.RUNNING,
    StepStatus.FAILED: Status.ERROR,
    StepStatus.UNREACHABLE: Status.ERROR,
}
_HEADERS = ("PLAY [", "TASK [", "HANDLER [")


class Recorder:
    """Takes the batches of one play, in order, from the thread that reads its events.

    `after` is the place of the last step of earlier attempts; steps of this one stand behind it.
    """

    def __init__(self, writer: LogWriter, attempt: int = 1, after: int = 0) -> None:
        self._writer = writer
        self._attempt = attempt
        self._after = after
        self._ids: dict[str, str] = {}
        self._positions: dict[str, int] = {}
        self._first: dict[str, int] = {}
        self._plays: dict[str, str] = {}

    def take(self, batch: Batch) -> None:
        """Number the lines and pass everything on to be stored."""
        first = self._writer.next_seq
        lines = [_numbered(first + index, line) for index, line in enumerate(batch.lines)]
        headers = [line.seq for line in lines if line.level == LogLevel.TASK and line.message.startswith(_HEADERS)]
        self._writer.add(lines, [self._change(step, headers, first) for step in batch.steps])

    def say(self, level: LogLevel, message: str) -> None:
        """A line of the product's own."""
        self._writer.add([Line(self._writer.next_seq, now(), level.value, "", "", message)])

    def _change(self, step: StepUpdate, headers: list[int], first: int) -> StepChange:
        if step.uuid not in self._ids:
            self._ids[step.uuid] = new_id("stp")
            self._positions[step.uuid] = self._after + len(self._ids)
            self._first[step.uuid] = headers.pop(0) if headers else first
            if step.kind == "play":
                self._plays[step.uuid] = step.name
        return StepChange(
            id=self._ids[step.uuid],
            key=step.uuid,
            position=self._positions[step.uuid],
            kind=step.kind.value,
            name=step.name,
            play=self._plays.get(step.play, ""),
            status=_STATUS.get(step.status, Status.SUCCESS),
            first_seq=self._first[step.uuid],
            started_at=_moment(step.started_at),
            finished_at=_moment(step.finished_at) if step.finished_at is not None else None,
            host=_host(step),
            attempt=self._attempt,
        )


def _host(step: StepUpdate) -> HostChange | None:
    if step.host is None:
        return None
    duration = step.host.duration_s
    milliseconds = round(duration * 1000) if duration is not None else None
    return HostChange(step.host.host, step.host.status.value, step.host.changed, milliseconds, step.host.message)


def _numbered(seq: int, line: LogLine) -> Line:
    return Line(seq, _moment(line.at), line.level.value, line.host, line.task, line.message, line.style)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
