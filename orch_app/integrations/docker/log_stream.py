"""A log as an engine sends it, taken apart into lines.

Without a terminal every piece has a header of eight bytes: the stream (1 output, 2 errors), three zeros, the length as
a big-endian number. With a terminal there is one stream and no header. Both come cut anywhere.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

Source = Literal["stdout", "stderr"]

HEADER = 8
LONGEST_LINE = 64 * 1024
LONGEST_HELD = LONGEST_LINE + 100  # and its time
LONGEST_PIECE = 16 << 20
CUT = " [cut]"
_SOURCES: dict[int, Source] = {0: "stdout", 1: "stdout", 2: "stderr", 3: "stderr"}
_STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) ?")
_TASK = "com.docker.swarm.task.id"


@dataclass(frozen=True)
class LogLine:
    """One line. `at` is the engine's time as it writes it, with nanoseconds; empty when none was asked for.

    `task` is the id of the task that wrote it, in the log of a service.
    """

    source: Source
    at: str
    text: str
    task: str = ""


def lines(chunks: Iterable[bytes], *, has_terminal: bool) -> Iterator[LogLine]:
    """The lines of a log, in the order in which they end."""
    pieces = _plain(chunks) if has_terminal else demultiplexed(chunks)
    rest: dict[Source, bytes] = {"stdout": b"", "stderr": b""}
    for source, piece in pieces:
        *whole, last = (rest[source] + piece).split(b"\n")
        yield from (_line(source, content) for content in whole)
        rest[source] = last[:LONGEST_HELD]
    yield from (_line(source, content) for source, content in rest.items() if content)


def demultiplexed(chunks: Iterable[bytes]) -> Iterator[tuple[Source, bytes]]:
    """The pieces of both streams without their headers; what is cut off at the end is left out.

    Where a header should be and is none, the rest is taken for plain output: the other side knew no streams.
    """
    coming = iter(chunks)
    held = b""
    for chunk in coming:
        held += chunk
        while len(held) >= HEADER:
            size = _size(held)
            if size is None:
                yield "stdout", held
                yield from _plain(coming)
                return
            if len(held) < HEADER + size:
                break
            yield _SOURCES[held[0]], held[HEADER : HEADER + size]
            held = held[HEADER + size :]


def by_task(found: Iterable[LogLine]) -> Iterator[LogLine]:
    """Lines of a service with their tasks, which a manager tells as `name=value,name=value ` before the text."""
    for line in found:
        told, _, text = line.text.partition(" ")
        pairs = (pair.partition("=") for pair in told.split(","))
        task = next((value for name, _, value in pairs if name == _TASK), "")
        yield replace(line, text=text, task=task) if task else line


def _plain(chunks: Iterable[bytes]) -> Iterator[tuple[Source, bytes]]:
    return (("stdout", chunk) for chunk in chunks)


def _size(held: bytes) -> int | None:
    """The length that a header tells; None where there is no header."""
    size = int.from_bytes(held[4:HEADER], "big")
    is_header = held[0] in _SOURCES and held[1:4] == bytes(3) and size <= LONGEST_PIECE
    return size if is_header else None


def _line(source: Source, content: bytes) -> LogLine:
    stamp = _STAMP.match(content)
    rest = content[stamp.end() :] if stamp else content
    text = rest[:LONGEST_LINE].rstrip(b"\r").decode("utf-8", "replace")
    return LogLine(source, stamp[1].decode() if stamp else "", text + CUT * (len(rest) > LONGEST_LINE))
