"""What differs between two folders of runbooks, file by file, as people read it."""

import difflib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from orch_app.domains.runbooks.trees import LIMITS
from orch_app.kit.file_tree import TreeFile, read

Change = Literal["added", "changed", "removed"]
Note = Literal["", "binary", "large", "mode"]
MAX_FILE = 128 * 1024
MAX_LINES = 3_000
MAX_SHOWN = 1024 * 1024
MOST_FILES = 1_000
_NOTHING = TreeFile(b"")


@dataclass(frozen=True)
class FileChange:
    """What became of a file. `note` says why there is no diff: it is no text, too large, or only its mode changed."""

    path: str
    change: Change
    diff: str = ""
    note: Note = ""


@dataclass(frozen=True)
class Difference:
    """The files that differ, by path; `truncated`: there are more, or some are shown without their lines."""

    files: list[FileChange]
    truncated: bool


def between(old: Path | None, new: Path) -> Difference:
    """What became of each file from one folder to another; None is an empty folder.

    Raises:
        OSError: one of them cannot be read.
        TreeRefused: one of them is not a tree that was kept.
    """
    before = read(old, LIMITS)[0] if old else dict[str, TreeFile]()
    after = read(new, LIMITS)[0]
    paths = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    room, files = MAX_SHOWN, list[FileChange]()
    for path in paths[:MOST_FILES]:
        found = _change(path, before.get(path), after.get(path))
        if len(found.diff) > room:
            found = FileChange(path, found.change, note="large")
        room -= len(found.diff)
        files.append(found)
    return Difference(files, len(paths) > MOST_FILES or any(one.note == "large" for one in files))


def _change(path: str, old: TreeFile | None, new: TreeFile | None) -> FileChange:
    change: Change = "added" if old is None else "removed" if new is None else "changed"
    before, after = (old or _NOTHING).content, (new or _NOTHING).content
    if before == after and change == "changed":
        return FileChange(path, change, note="mode")
    if max(len(before), len(after)) > MAX_FILE:
        return FileChange(path, change, note="large")
    texts = _as_text(before), _as_text(after)
    if None in texts:
        return FileChange(path, change, note="binary")
    lines = [(text or "").splitlines() for text in texts]
    if max(map(len, lines)) > MAX_LINES:
        return FileChange(path, change, note="large")
    return FileChange(path, change, "\n".join(_unified(path, *lines)))


def _as_text(content: bytes) -> str | None:
    """None for what nobody can read."""
    with suppress(UnicodeDecodeError):
        return None if b"\0" in content else content.decode("utf-8")
    return None


def _unified(path: str, before: list[str], after: list[str]) -> Iterator[str]:
    return difflib.unified_diff(before, after, f"a/{path}", f"b/{path}", lineterm="")
