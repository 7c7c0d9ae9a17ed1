"""One line of a job's log, as it is stored, sent and archived."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its number, contiguous from 1 within its job. `ts` is in UTC.

    `style` tells where the message was coloured (`start:length:codes`, by blanks); only lines that were carry it on.
    """

    seq: int
    ts: datetime
    level: str
    host: str
    task: str
    message: str
    style: str = ""

    def to_wire(self) -> dict[str, Any]:
        """As every reader gets it: REST, SSE, websocket, browser and logs.ndjson alike."""
        told = {
            "seq": self.seq,
            "ts": self.ts.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": self.level,
            "host": self.host,
            "task": self.task,
            "message": self.message,
        }
        return told | {"style": self.style} if self.style else told

    @classmethod
    def from_wire(cls, item: dict[str, Any]) -> "Line":
        """The opposite, for archived logs."""
        return cls(
            int(item["seq"]),
            datetime.fromisoformat(item["ts"]),
            item["level"],
            item["host"],
            item["task"],
            item["message"],
            item.get("style", ""),
        )
