"""What a branch or tag of a repository holds at this moment, without ever checking it out.

The objects are fetched into a bare repository that is gone afterwards, and their bytes are read from it. There is no
work tree: no hook, no filter, no attribute and no link has any effect, and the files are those of the commit to the
byte.
"""

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from orch_app.integrations.git.remote import ALONE, Access, failure
from orch_app.kit.file_tree import Counted, TreeFile, TreeLimits
from orch_app.kit.process import Finished, run
from orch_app.kit.upstream_failures import UpstreamError

FETCH_S = 60.0
READ_S = 30.0
MAX_PACK = 100 << 20
MAX_LIST = 16 << 20
WANTED = "refs/orch/wanted"
FOLDERS = {"branch": "refs/heads/", "tag": "refs/tags/"}
SUBJECT = 200
_QUIET = (
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "fetch.fsckObjects=true"),
    *("-c", "fetch.unpackLimit=1"),
    *("-c", "transfer.bundleURI=false"),
    *("-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false"),
)
"""Nothing runs beside the fetch, and what comes is one checked pack, whose size the kernel limits."""

_ENTRY = re.compile(rb"(\d{6}) (\w+) ([0-9a-f]{40,64}) +(\d+|-)\t(.+)", re.DOTALL)
_FILE, _PROGRAM = b"100644", b"100755"
RefKind = Literal["branch", "tag"]


@dataclass(frozen=True)
class Ref:
    """A branch or a tag by its short name."""

    kind: RefKind
    name: str

    @property
    def full(self) -> str:
        """The name as git knows it."""
        return FOLDERS[self.kind] + self.name


@dataclass(frozen=True)
class Commit:
    """Which commit a ref names, and what it says about itself."""

    id: str
    author: str
    committed_at: datetime
    subject: str


@dataclass(frozen=True)
class Snapshot:
    """A commit with the files that were wanted of it; `left_out` are wanted paths that are links or submodules."""

    commit: Commit
    files: dict[str, TreeFile]
    left_out: list[str]


@dataclass(frozen=True)
class _Entry:
    object_id: bytes
    path: str
    size: int
    is_executable: bool


def take(access: Access, ref: Ref, wanted: Callable[[str], bool], limits: TreeLimits) -> Snapshot:
    """Fetch the commit that a ref names now, and read the wanted files of it.

    Raises:
        UpstreamError: the server does not answer or refuses, there is no such ref, or what comes is too large.
        TreeRefused: the wanted files are too many or too large.
    """
    with tempfile.TemporaryDirectory(prefix="orch-git-") as folder:
        repository = _Repository(Path(folder) / "objects.git")
        repository.fetch(access, ref)
        commit = repository.fetched()
        files, left_out = repository.entries(wanted, limits)
        return Snapshot(commit, repository.read(files), left_out)


class _Repository:
    """A bare repository of this moment."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._git = folder, ("git", f"--git-dir={folder}")
        make = ("git", "init", "--quiet", "--bare", "--template=", str(folder))
        _must(run(make, timeout_s=READ_S, environment=ALONE))

    def fetch(self, access: Access, ref: Ref) -> None:
        what = ("--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
        limit = ("prlimit", f"--fsize={MAX_PACK}", "--")
        command = (*limit, *self._git, *access.arguments, *_QUIET, "fetch", *what)
        finished = run(
            (*command, "--", access.url, f"+{ref.full}:{WANTED}"), timeout_s=FETCH_S, environment=access.environment
        )
        if finished.is_ok:
            return
        if "couldn't find remote ref" in finished.error_text:
            raise UpstreamError("not_found", f"Git: there is no {ref.kind} {ref.name}.")
        if self._has_met_the_limit():
            raise UpstreamError("validation", f"Git: what was to be fetched is larger than {MAX_PACK >> 20} MiB.")
        raise failure(finished)

    def _has_met_the_limit(self) -> bool:
        """The kernel ends what writes more, and git says only that it ended."""
        return any(file.stat().st_size >= MAX_PACK for file in self._folder.glob("objects/pack/*"))

    def fetched(self) -> Commit:
        facts = ("--no-show-signature", "--format=%H%x00%an%x00%cI%x00%s")
        finished = self._ask("log", "-1", *facts, f"{WANTED}^{{commit}}", "--")
        if not finished.is_ok:
            raise UpstreamError("validation", "Git: the tag names no commit.")
        name, author, moment, subject = finished.text.rstrip("\n").split("\0", 3)
        return Commit(name, author[:SUBJECT], datetime.fromisoformat(moment), subject[:SUBJECT])

    def entries(self, wanted: Callable[[str], bool], limits: TreeLimits) -> tuple[list[_Entry], list[str]]:
        finished = _must(self._ask("ls-tree", "-r", "-z", "-l", "--full-tree", f"{WANTED}^{{commit}}"))
        counted, files, left_out = Counted(limits), list[_Entry](), list[str]()
        for mode, object_id, size, path in _lines(finished.stdout):
            if not wanted(path):
                continue
            if mode not in {_FILE, _PROGRAM}:
                left_out.append(path)
                continue
            counted.take(path, size)
            files.append(_Entry(object_id, path, size, mode == _PROGRAM))
        return files, left_out

    def read(self, files: Sequence[_Entry]) -> dict[str, TreeFile]:
        asked = b"".join(entry.object_id + b"\n" for entry in files)
        room = sum(entry.size for entry in files) + 100 * (len(files) + 1)
        command = (*self._git, "cat-file", "--batch", "--buffer")
        said = _must(run(command, timeout_s=READ_S, stdin=asked, max_bytes=room, environment=ALONE)).stdout
        found, at = dict[str, TreeFile](), 0
        for entry in files:
            begin = said.index(b"\n", at) + 1
            if said[at:begin] != b"%s blob %d\n" % (entry.object_id, entry.size):
                raise UpstreamError("validation", "Git: a file of the commit is missing.")
            at = begin + entry.size + 1
            found[entry.path] = TreeFile(said[begin : at - 1], entry.is_executable)
        return found

    def _ask(self, *command: str) -> Finished:
        return run((*self._git, *command), timeout_s=READ_S, max_bytes=MAX_LIST, environment=ALONE)


def _lines(said: bytes) -> Iterator[tuple[bytes, bytes, int, str]]:
    """Mode, object, size and path of each entry; a path that is no text is none that anybody wants."""
    for line in said.split(b"\0"):
        found = _ENTRY.fullmatch(line)
        if found:
            mode, _, object_id, size, path = found.groups()
            yield mode, object_id, int(size) if size.isdigit() else 0, path.decode("utf-8", "backslashreplace")


def _must(finished: Finished) -> Finished:
    if not finished.is_ok:
        raise failure(finished)
    return finished
