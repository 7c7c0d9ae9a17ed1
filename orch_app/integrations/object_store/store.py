"""One interface for both kinds of store. A key is `<folder>/<...>/<name>`; folders are what the first part says."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from orch_app.integrations.object_store.s3 import open_bucket
from orch_app.kit.errors import Unavailable
from orch_app.kit.settings import settings

if TYPE_CHECKING:
    from obstore import ObjectMeta  # a name for type checkers only

CHUNK = 4 << 20
RETRY_S = 5
_SHOWN = 300
_log = structlog.get_logger("object_store")


class ObjectStore:
    """Files under keys. Every method may raise Unavailable: the store does not answer, or refuses us.

    A key is there with all its bytes or not at all, and what `put` has kept survives a power cut.
    """

    def __init__(self, backend: LocalStore | S3Store, folder: Path | None = None) -> None:
        self._backend = backend
        self._folder = folder

    def put(self, files: Mapping[str, Path]) -> None:
        """Keep each file under its key; what was there before is replaced."""
        with _asking("put", missing_is_fault=True):
            for key, file in files.items():
                obstore.put(self._backend, key, file)
            if self._folder:
                _make_durable(self._folder, files)

    def size(self, key: str) -> int:
        """How many bytes are kept under the key.

        Raises:
            FileNotFoundError: nothing is.
        """
        with _asking("head"):
            return obstore.head(self._backend, key)["size"]

    def read(self, key: str, start: int = 0) -> Iterator[bytes]:
        """The bytes from `start` on, in pieces, each asked for by itself: a slow reader holds no connection open.

        Raises:
            FileNotFoundError: nothing is kept under the key, or no longer.
        """
        size = self.size(key)
        while start < size:
            with _asking("get"):
                piece = bytes(obstore.get_range(self._backend, key, start=start, length=min(CHUNK, size - start)))
            start += len(piece)
            yield piece

    def lines(self, key: str) -> Iterator[bytes]:
        """The lines of a text, without their ends.

        Raises:
            FileNotFoundError: nothing is kept under the key.
        """
        rest = b""
        for piece in self.read(key):
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole
        if rest:
            yield rest

    def folders(self) -> list[str]:
        """The first parts of all keys."""
        with _asking("list"):
            return sorted(obstore.list_with_delimiter(self._backend)["common_prefixes"])

    def changed_at(self, folder: str) -> datetime:
        """When something was last put into the folder; now for one that is just being made."""
        with _asking("list"):
            moments = [item["last_modified"] for item in self._items(folder)]
            if not moments and self._folder:
                moments = [datetime.fromtimestamp((self._folder / folder).stat().st_mtime, UTC)]
        return max(moments, default=datetime.now(UTC))

    def remove(self, folder: str) -> None:
        """Remove all keys of a folder; none is as good."""
        with _asking("delete"), suppress(FileNotFoundError):  # somebody else removes the same folder
            obstore.delete(self._backend, [item["path"] for item in self._items(folder)])
        if self._folder:
            shutil.rmtree(self._folder / folder, ignore_errors=True)  # what a killed put left is no key

    def _items(self, folder: str) -> "list[ObjectMeta]":
        return [item for part in obstore.list(self._backend, folder + "/") for item in part]


@lru_cache(maxsize=1)
def open_store() -> ObjectStore:
    """The store of artifacts that the settings name; nothing is asked of it yet."""
    folder = settings().artifacts_folder
    if folder is None:
        return ObjectStore(open_bucket())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return ObjectStore(LocalStore(folder, automatic_cleanup=True), folder)


@contextmanager
def _asking(what: str, *, missing_is_fault: bool = False) -> Iterator[None]:
    """Turn what the store's library raises into our own; the log says what it was."""
    try:
        yield
    except FileNotFoundError as error:
        if not missing_is_fault:
            raise
        raise _away(what, error) from error
    except (BaseError, OSError, ValueError) as error:
        raise _away(what, error) from error


def _away(what: str, error: Exception) -> Unavailable:
    _log.warning("object_store.failed", asked=what, error=type(error).__name__, detail=str(error)[:_SHOWN])
    message = "The store of artifacts does not answer at the moment. Try again in a few seconds."
    return Unavailable(message, "artifacts_unavailable", retry_after_s=RETRY_S)


def _make_durable(root: Path, keys: Iterable[str]) -> None:
    """Write through the files and, once each, the folders on the way to them."""
    files = [root / key for key in keys]
    folders = {folder for file in files for folder in file.parents if folder.is_relative_to(root)}
    for place in (*files, *folders):
        descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
