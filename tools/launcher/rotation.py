"""A log file with a limit: when it is full it becomes `.1`, the older ones move on, the oldest goes."""

from pathlib import Path

MAX_BYTES = 5 * 1024 * 1024
KEPT = 3


class RotatingLog:
    """Append lines to a file that never grows much beyond `max_bytes`."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, kept: int = KEPT) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._kept = kept
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = path.open("ab")

    def write(self, line: str) -> None:
        self._file.write(line.encode() + b"\n")
        self._file.flush()
        if self._file.tell() >= self._max_bytes:
            self._turn()

    def close(self) -> None:
        self._file.close()

    def _turn(self) -> None:
        self._file.close()
        for number in range(self._kept, 1, -1):
            older, newer = self._numbered(number), self._numbered(number - 1)
            if newer.exists():
                newer.replace(older)
        self.path.replace(self._numbered(1))
        self._file = self.path.open("ab")

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")
