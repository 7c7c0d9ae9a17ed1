"""Folders of runbooks that came from elsewhere, kept so that none of them ever changes.

A tree is one archive in the store that all machines share. A machine that needs it unpacks it once, under the archive's
SHA-256; what was trusted on one machine is to the byte what runs on another.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from orch_app.domains.runbooks.errors import RunbookBroken
from orch_app.domains.runbooks.models import Runbook
from orch_app.integrations.object_store import open_store
from orch_app.kit.file_tree import TreeLimits, TreeRefused, sha256_of, unpack, write
from orch_app.kit.settings import settings

LIMITS = TreeLimits(files=20_000, size=64 << 20)
PACKED_LIMIT = 128 << 20
_FOLDER = "trees"
_NAME = "tree.tar"


@dataclass(frozen=True)
class KeptTree:
    """A tree in the store: under which id, and the SHA-256 of its archive."""

    id: str
    sha256: str


def keep(tree_id: str, packed: bytes) -> KeptTree:
    """Put an archive into the store.

    Raises:
        Unavailable: the store does not answer.
    """
    with tempfile.TemporaryDirectory(prefix="orch-tree-") as place:
        file = Path(place) / _NAME
        file.write_bytes(packed)
        open_store().put({_key(tree_id): file})
    return KeptTree(tree_id, sha256_of(packed))


def forget(tree_id: str) -> None:
    """Remove an archive from the store; what machines have unpacked goes when they clean up.

    Raises:
        Unavailable: the store does not answer.
    """
    open_store().remove(tree_id)


def folder_of(runbook: Runbook) -> Path:
    """The folder of a runbook on this machine.

    Raises:
        RunbookBroken: its tree is gone or damaged.
        Unavailable: the store does not answer.
    """
    if not runbook.tree_id:
        return Path(runbook.path)
    return unpacked(KeptTree(runbook.tree_id, runbook.tree_sha256)) / runbook.path


def unpacked(tree: KeptTree) -> Path:
    """The folder of a tree on this machine, unpacked if it was not yet.

    Raises:
        RunbookBroken: the archive is gone, or is not the one that was kept.
        Unavailable: the store does not answer.
    """
    folder = _place() / tree.sha256
    if not folder.is_dir():
        _unpack_into(folder, _fetched(tree))
    return folder


def sweep(known: Collection[str]) -> list[str]:
    """Remove unpacked trees that nothing needs any more, by the SHA-256 of those that something does."""
    gone = [path for path in _place().iterdir() if path.is_dir() and path.name not in known]
    for path in gone:
        shutil.rmtree(path, ignore_errors=True)
    return sorted(path.name for path in gone)


def _fetched(tree: KeptTree) -> bytes:
    packed = bytearray()
    try:
        for piece in open_store().read(_key(tree.id)):
            packed += piece
            if len(packed) > PACKED_LIMIT:
                raise RunbookBroken("the kept files of its source are larger than what was kept")
    except FileNotFoundError as error:
        raise RunbookBroken("the kept files of its source are gone; synchronise and trust the source again") from error
    if sha256_of(bytes(packed)) != tree.sha256:
        raise RunbookBroken("the kept files of its source were altered")
    return bytes(packed)


def _unpack_into(folder: Path, packed: bytes) -> None:
    """There with all its files or not at all; two who unpack at once make the same folder."""
    try:
        tree = unpack(packed, LIMITS)
    except TreeRefused as refused:
        message = f"the kept files of its source cannot be used: {refused}"
        raise RunbookBroken(message) from refused
    with tempfile.TemporaryDirectory(prefix=".", dir=_place()) as draft:
        whole = Path(draft) / "tree"
        whole.mkdir(mode=0o755)
        write(tree, whole)
        with contextlib.suppress(OSError):  # somebody was faster: it is there
            whole.rename(folder)
    if not folder.is_dir():
        raise RunbookBroken("the kept files of its source cannot be unpacked on this machine")


def _place() -> Path:
    folder = settings().data_dir / _FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _key(tree_id: str) -> str:
    return f"{tree_id}/{_NAME}"
