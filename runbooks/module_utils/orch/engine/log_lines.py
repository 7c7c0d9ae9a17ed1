"""Logs as an engine sends them, taken apart, put in order over several sources, searched, counted and limited."""

from __future__ import annotations

import heapq
import re
import signal
from typing import Any, Callable, Iterable, Iterator

HEADER = 8
MAX_BYTES = 20 << 20
LONGEST_LINE = 64 * 1024
LONGEST_PIECE = 16 << 20
GREP_S = 20.0
_STREAMS = {0: "stdout", 1: "stdout", 2: "stderr", 3: "stderr"}
_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) ?")
# Service logs carry who wrote a line, as labels between its time and its text.
_WRITER = re.compile(r"((?:[\w.-]+=[^\s,]*,?)*com\.docker\.swarm\.task\.id=(\w+)[^\s]*) ")
_LEVELS = (
    ("error", re.compile(r"(?i)\b(?:error|fatal|panic|critical|emerg(?:ency)?|alert|exception)\b")),
    ("warning", re.compile(r"(?i)\bwarn(?:ing)?\b")),
    ("debug", re.compile(r"(?i)\b(?:debug|trace)\b")),
    ("info", re.compile(r"(?i)\b(?:info|notice)\b")),
)


class Line:
    """One line: the engine's time, where it comes from, which stream, and the text."""

    __slots__ = ("at", "source", "stream", "text")

    def __init__(self, at: str, source: str, stream: str, text: str) -> None:
        self.at, self.source, self.stream, self.text = at, source, stream, text


class BadPattern(Exception):
    """The pattern cannot be searched for."""

    code = "validation"


def demultiplexed(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The pieces of output and errors without their headers; what has no header is passed on as it is."""
    start = 0
    while len(content) - start >= HEADER:
        size = int.from_bytes(content[start + 4 : start + HEADER], "big")
        if content[start] not in _STREAMS or content[start + 1 : start + 4] != bytes(3) or size > LONGEST_PIECE:
            yield "stdout", content[start:]
            return
        end = start + HEADER + size
        if end > len(content):
            return
        yield _STREAMS[content[start]], content[start + HEADER : end]
        start = end


def lines(content: bytes, source: str, *, has_terminal: bool) -> list[Line]:
    """The lines of one log in the order of their times."""
    joined: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
    for stream, piece in [("stdout", content)] if has_terminal else demultiplexed(content):
        joined[stream].append(piece)
    found = [
        _line(raw, source, stream)
        for stream, pieces in joined.items()
        for raw in b"".join(pieces).split(b"\n")
        if raw.strip()
    ]
    return sorted(found, key=lambda line: line.at)


def _line(raw: bytes, source: str, stream: str) -> Line:
    text = raw[: LONGEST_LINE + 100].decode("utf-8", "replace").rstrip("\r")
    stamp = _STAMP.match(text)
    return Line(stamp.group(1) if stamp else "", source, stream, text[stamp.end() if stamp else 0 :][:LONGEST_LINE])


def by_task(found: Iterable[Line], names: dict[str, str]) -> Iterator[Line]:
    """Lines of a service named by their tasks, `service.slot`, without the labels that say so."""
    for line in found:
        writer = _WRITER.match(line.text)
        if writer:
            line.source = names.get(writer.group(2), line.source)
            line.text = line.text[writer.end() :]
        yield line


def merged(logs: Iterable[list[Line]]) -> Iterator[Line]:
    """The lines of several logs in the order of their times; those without a time stay where they were."""
    return heapq.merge(*logs, key=lambda line: line.at)


def matching(pattern: str, *, invert: bool, ignore_case: bool) -> Callable[[str], bool]:
    """Whether a text has the pattern, or has it not; raises BadPattern."""
    if re.search(r"\(\?[=!<]|\\[1-9]|\(\?P=", pattern):
        raise BadPattern("the pattern may not look around or refer back")
    try:
        wanted = re.compile(pattern, re.IGNORECASE if ignore_case else 0)
    except re.error as error:
        raise BadPattern(f"the pattern cannot be read: {error}") from None
    return lambda text: bool(wanted.search(text)) != invert


def searched(found: Iterable[Line], wanted: Callable[[str], bool]) -> list[Line]:
    """The lines that are wanted; raises BadPattern when the search takes too long."""

    def too_long(_number: int, _frame: Any) -> None:
        raise BadPattern(f"searching took longer than {GREP_S:g} s; write a simpler pattern")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, GREP_S)
    try:
        return [line for line in found if wanted(line.text)]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def level_of(text: str) -> str:
    """error, warning, info, debug, or other."""
    return next((level for level, shape in _LEVELS if shape.search(text)), "other")


def written(found: Iterable[Line], *, timestamps: bool, prefixes: bool) -> tuple[bytes, int, bool]:
    """The file's content, how many lines are in it, and whether there was more than fits."""
    parts: list[bytes] = []
    size = 0
    for line in found:
        words = (line.at if timestamps else "", f"{line.source} |" if prefixes else "", line.text)
        part = (" ".join(word for word in words if word) + "\n").encode()
        if size + len(part) > MAX_BYTES:
            return b"".join(parts), len(parts), True
        parts.append(part)
        size += len(part)
    return b"".join(parts), len(parts), False
