"""Getting the files of a source, by whatever kind it is. Calls other systems, and therefore holds no transaction."""

from dataclasses import dataclass, field
from datetime import datetime

from orch_app.domains.inventory.identities import allowed, remote_of
from orch_app.domains.inventory.types import GitPayload
from orch_app.domains.sources import places
from orch_app.domains.sources.models import RunbookSource
from orch_app.integrations.git import snapshot
from orch_app.integrations.git.remote import reached
from orch_app.integrations.git.snapshot import Ref
from orch_app.kit import file_tree
from orch_app.kit.errors import Invalid
from orch_app.kit.file_tree import TreeFile, TreeLimits

LIMITS = TreeLimits(files=5_000, size=32 << 20)


@dataclass(frozen=True)
class Fetched:
    """The files of a source at one moment, and the commit they are of, if of one."""

    files: dict[str, TreeFile]
    left_out: list[str]
    commit_id: str = ""
    author: str = ""
    subject: str = ""
    committed_at: datetime | None = field(default=None)


def fetch(source: RunbookSource, payload: GitPayload | None) -> Fetched:
    """What a source holds now; `payload` is the opened connection of one of kind git.

    Raises:
        UpstreamError: the server does not answer or refuses, or the branch is not there.
        Invalid: its address or folder is not allowed.
        TreeRefused: there are too many files, or they are too large.
        OSError: a folder cannot be read.
    """
    if payload is None:
        return _of_folder(source)
    return _of_repository(source, payload)


def _of_folder(source: RunbookSource) -> Fetched:
    folder = places.folder_at(source.path) / source.subfolder
    if not folder.resolve().is_relative_to(places.folder_at(source.path)):
        raise Invalid("The folder of the runbooks leads out of the source.", "validation")
    files, left_out = file_tree.read(folder, LIMITS)
    return Fetched(files, left_out)


def _of_repository(source: RunbookSource, payload: GitPayload) -> Fetched:
    prefix = f"{source.subfolder}/" if source.subfolder else ""
    ref = Ref("tag" if source.ref_kind == "tag" else "branch", source.ref)
    with reached(remote_of(payload), allowed("git", payload)) as access:
        found = snapshot.take(access, ref, lambda path: path.startswith(prefix), LIMITS)
    files = {path.removeprefix(prefix): file for path, file in found.files.items()}
    left_out = [path.removeprefix(prefix) for path in found.left_out]
    commit = found.commit
    return Fetched(files, left_out, commit.id, commit.author, commit.subject, commit.committed_at)
