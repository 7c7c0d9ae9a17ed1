"""Collects what a finished job leaves behind: its output, its log, and a bundle of the files it made.

They are laid out in the workspace, from where the caller takes them to the store.

The play's folder is hostile ground: links are never followed, only regular files are taken, and count and size are
bounded. Nothing of the environment, the variables or the command line is ever part of it.
"""

import hashlib
import io
import os
import stat
import tarfile
import tempfile
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from orch_app.domains.jobs.execution.workspace import Workspace, remove_tree
from orch_app.kit.redact import ByteMasker

OUTPUT_NAME = "output.json"
LOG_NAME = "logs.ndjson"
BUNDLE_NAME = "artifacts.tar.gz"
MANIFEST_NAME = "MANIFEST.sha256"

_OUTPUT_BYTES = 16 << 20
_FILES = 1_000
_DEPTH = 16
_TOTAL_BYTES = 512 << 20
_COMPRESSION = 6
_CHUNK = 1 << 20
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class ArtifactsRefused(Exception):
    """The job left something that cannot be kept; the message names it."""


@dataclass(frozen=True)
class ArtifactInfo:
    """One downloadable file of a job: its name, size in bytes and SHA-256 as hexadecimal digits."""

    name: str
    size: int
    sha256: str


def read_output(workspace: Workspace) -> bytes | None:
    """The play's output.json; see `read_result`."""
    return read_result(workspace, OUTPUT_NAME, _OUTPUT_BYTES)


def read_result(workspace: Workspace, name: str, most_bytes: int) -> bytes | None:
    """A file that the play left under a name of the contract; None when it wrote none.

    Raises:
        ArtifactsRefused: it is not a regular file, or too large.
    """
    folder = os.open(workspace.artifacts, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        descriptor = os.open(name, _OPEN, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ArtifactsRefused(f"{name}: {error.strerror}") from error
    finally:
        os.close(folder)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ArtifactsRefused(f"{name} is not a regular file")
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise ArtifactsRefused(f"{name} is larger than {most_bytes} bytes")
    return data


def collect(
    workspace: Workspace,
    log_lines: Iterable[bytes],
    results: Mapping[str, bytes] | None = None,
    secrets: Iterable[str] = (),
    *,
    withheld: Iterable[str] = (),
) -> list[ArtifactInfo]:
    """Write what is to be kept into the workspace's folder `kept`; calling it again replaces that.

    `log_lines` are the NDJSON lines of the log without their line ends, already masked; `results` are the files that
    the caller has read, masked and checked, by name. In the others that the play made `secrets` are masked here, and
    those named in `withheld` are left out.

    Raises:
        ArtifactsRefused: the files are too many or too large.
    """
    remove_tree(workspace.kept)
    workspace.kept.mkdir(mode=0o700)
    infos = _write_texts(workspace.kept, log_lines, results or {})
    infos.append(_bundle(workspace, infos, ByteMasker(secrets), {OUTPUT_NAME, *withheld}))
    infos.append(_write(workspace.kept / MANIFEST_NAME, [_manifest(infos)]))
    return infos


def _write_texts(draft: Path, log_lines: Iterable[bytes], results: Mapping[str, bytes]) -> list[ArtifactInfo]:
    infos = [_write(draft / name, [content]) for name, content in results.items()]
    return [*infos, _write(draft / LOG_NAME, (line + b"\n" for line in log_lines))]


def _manifest(infos: Iterable[ArtifactInfo]) -> bytes:
    """In the form `sha256sum -c` reads, with the sizes as comments, which it passes over."""
    return "".join(map(_entry, infos)).encode("utf-8", "surrogateescape")


def _entry(info: ArtifactInfo) -> str:
    """A name cannot add a line of its own: it is written as `sha256sum` itself writes such names."""
    name = info.name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "" if name == info.name else "\\"
    return f"# {info.size} bytes: {name}\n{mark}{info.sha256}  {name}\n"


def _write(path: Path, chunks: Iterable[bytes]) -> ArtifactInfo:
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
    return ArtifactInfo(path.name, size, digest.hexdigest())


def _bundle(workspace: Workspace, infos: list[ArtifactInfo], masker: ByteMasker, withheld: set[str]) -> ArtifactInfo:
    """Results, log and the job's own files but for some under `files/`, with a manifest of all of them inside."""
    draft = workspace.kept
    results = {info.name for info in infos} - {LOG_NAME}
    path = draft / BUNDLE_NAME
    inside = [ArtifactInfo(info.name, info.size, info.sha256) for info in infos]
    with tarfile.open(path, "x:gz", compresslevel=_COMPRESSION) as tar:
        for info in infos:
            with (draft / info.name).open("rb") as file:
                _add(tar, info.name, file, info.size)
        for name, descriptor in _job_files(workspace.artifacts, {*withheld, *results}):
            with os.fdopen(descriptor, "rb") as file, tempfile.TemporaryFile(dir=draft) as masked:
                masked.writelines(masker.masked(iter(lambda file=file: file.read(_CHUNK), b"")))
                inside.append(_add_hostile(tar, f"files/{name}", masked))
        manifest = _manifest(inside)
        _add(tar, MANIFEST_NAME, io.BytesIO(manifest), len(manifest))
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ArtifactInfo(BUNDLE_NAME, path.stat().st_size, digest)


def _add(tar: tarfile.TarFile, name: str, file: IO[bytes], size: int) -> None:
    """A member without owner, rights and time, so that the same files make the same bundle."""
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    tar.addfile(member, file)


def _add_hostile(tar: tarfile.TarFile, name: str, file: IO[bytes]) -> ArtifactInfo:
    size, digest = file.tell(), hashlib.sha256()
    file.seek(0)
    for chunk in iter(lambda: file.read(_CHUNK), b""):
        digest.update(chunk)
    file.seek(0)
    _add(tar, name, file, size)
    return ArtifactInfo(name, size, digest.hexdigest())


def _job_files(folder: Path, but: Container[str]) -> Iterator[tuple[str, int]]:
    """Open descriptors of the regular files below the folder, with relative names; without those named."""
    count = total = 0
    for top, folders, names, handle in os.fwalk(folder, follow_symlinks=False):
        folders.sort()
        relative = PurePosixPath(Path(top).relative_to(folder))
        if len(relative.parts) > _DEPTH:
            raise ArtifactsRefused(f"the job's folders are deeper than {_DEPTH}")
        for name in sorted(names):
            inner = str(relative / name)
            descriptor = _open_regular(name, handle)
            if descriptor is None:
                continue
            if inner in but:
                os.close(descriptor)
                continue
            count, total = count + 1, total + os.fstat(descriptor).st_size
            if count > _FILES or total > _TOTAL_BYTES:
                os.close(descriptor)
                raise ArtifactsRefused(f"the job left more than {_FILES} files or {_TOTAL_BYTES} bytes")
            yield inner, descriptor


def _open_regular(name: str, folder: int) -> int | None:
    """None for everything that is not a regular file: links, sockets, devices, pipes, and files without a reader."""
    try:
        descriptor = os.open(name, _OPEN, dir_fd=folder)
    except OSError:
        return None
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None
