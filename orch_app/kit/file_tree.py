"""A small tree of files in memory: counted while it is read, packed into one archive, and unpacked again unchanged.

Equal trees have equal archives, byte for byte, so that the SHA-256 of an archive names what is in it.
"""

import hashlib
import io
import os
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

MAX_PATH = 400


class TreeRefused(Exception):
    """Files that are too many, too large, or named in a way that no folder should hold; the message says which."""


@dataclass(frozen=True)
class TreeFile:
    """One file: its bytes, and whether it may be executed."""

    content: bytes = field(repr=False)
    is_executable: bool = False


Tree = Mapping[str, TreeFile]
"""Files by their path, with `/` between its parts and none before the first."""


@dataclass(frozen=True)
class TreeLimits:
    """How many files, and how many bytes of them together, are taken."""

    files: int
    size: int


class Counted:
    """Counts files before they are read, and refuses what would be too much."""

    def __init__(self, limits: TreeLimits) -> None:
        self._limits = limits
        self._files = self._size = 0

    def take(self, path: str, size: int) -> None:
        """Count one more file.

        Raises:
            TreeRefused: its path leads elsewhere, or it is one too many.
        """
        if not is_inside(path):
            message = f"the path {path[:MAX_PATH]!r} is not one that a folder may hold"
            raise TreeRefused(message)
        self._files, self._size = self._files + 1, self._size + size
        if self._files > self._limits.files:
            message = f"there are more than {self._limits.files} files"
            raise TreeRefused(message)
        if self._size > self._limits.size:
            message = f"the files are larger than {self._limits.size >> 20} MiB together"
            raise TreeRefused(message)


def is_inside(path: str) -> bool:
    """Whether a path stays in its folder, names no part of git's own, and can be printed on one line."""
    parts = path.split("/")
    odd = any(part in {"", ".", ".."} or part.lower() == ".git" for part in parts)
    return not odd and path.isprintable() and "\\" not in path and len(path.encode()) <= MAX_PATH


def pack(tree: Tree) -> bytes:
    """The archive of a tree (tar): sorted, without times, owners and links."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, file in sorted(tree.items()):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(file.content), 0o755 if file.is_executable else 0o644
            archive.addfile(entry, io.BytesIO(file.content))
    return plain.getvalue()


def sha256_of(packed: bytes) -> str:
    """The name of an archive (hex)."""
    return hashlib.sha256(packed).hexdigest()


def unpack(packed: bytes, limits: TreeLimits) -> dict[str, TreeFile]:
    """The tree of an archive that `pack` made.

    Raises:
        TreeRefused: it is damaged, or holds what `pack` never writes.
    """
    counted, found = Counted(limits), dict[str, TreeFile]()
    try:
        with tarfile.open(fileobj=io.BytesIO(packed), mode="r:") as archive:
            for entry in archive:
                file = archive.extractfile(entry) if entry.isreg() else None
                if file is None:
                    message = f"{entry.name[:MAX_PATH]!r} is no file"
                    raise TreeRefused(message)
                counted.take(entry.name, entry.size)
                found[entry.name] = TreeFile(file.read(), bool(entry.mode & 0o100))
    except (tarfile.TarError, OSError, EOFError) as error:
        raise TreeRefused("the archive is damaged") from error
    return found


def write(tree: Tree, folder: Path) -> None:
    """Write a tree into an empty folder, whoever may have put a link there."""
    for path, file in sorted(tree.items()):
        target = folder / PurePosixPath(path)
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        with os.fdopen(descriptor, "wb") as opened:
            os.fchmod(opened.fileno(), 0o755 if file.is_executable else 0o644)
            opened.write(file.content)


def read(folder: Path, limits: TreeLimits) -> tuple[dict[str, TreeFile], list[str]]:
    """The files of a folder, and the paths of what is left out: links and special files. Git's own folder is not seen.

    Raises:
        TreeRefused: there are too many, or they are too large.
        OSError: something cannot be read.
    """
    counted, found, left_out = Counted(limits), dict[str, TreeFile](), list[str]()
    for place, folders, names in os.walk(folder, onerror=_raise):
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        folders[:] = sorted(set(folders) - set(links) - {".git"})
        for name in sorted({*links, *names} - {".git"}):
            file = Path(place) / name
            path = file.relative_to(folder).as_posix()
            if file.is_symlink() or not file.is_file():
                left_out.append(path)
                continue
            facts = file.stat()
            counted.take(path, facts.st_size)
            found[path] = TreeFile(_bytes_of(file, facts.st_size), bool(facts.st_mode & 0o100))
    return found, left_out


def _bytes_of(file: Path, size: int) -> bytes:
    """No more than was counted, also of a file that grows meanwhile."""
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as opened:
        return opened.read(size)


def _raise(error: OSError) -> None:
    raise error
