"""The whole runbooks folder: every runbook that can run, and every one that cannot with its reason."""

from dataclasses import dataclass
from pathlib import Path

from orch_app.domains.runbooks.contract import SHARED_CODE, RunbookSpec, folder_revision, load_runbook
from orch_app.domains.runbooks.errors import RunbookBroken

_NOT_RUNBOOKS = frozenset({*SHARED_CODE, "__pycache__"})


@dataclass(frozen=True)
class BrokenRunbook:
    """A runbook folder that is listed but cannot run; `revision` is empty when even its files cannot be read."""

    folder: Path
    name: str
    reason: str
    revision: str = ""


def read_folder(root: Path) -> list[RunbookSpec | BrokenRunbook]:
    """Every runbook below `root`, by name; a broken one never takes the others down. A missing root is empty."""
    if not root.is_dir():
        return []
    folders = sorted(path for path in root.iterdir() if path.is_dir() and _is_runbook(path))
    return [read_one(folder) for folder in folders]


def read_one(folder: Path) -> RunbookSpec | BrokenRunbook:
    """One runbook, broken or not; never raises for what stands in the folder."""
    try:
        return load_runbook(folder)
    except RunbookBroken as error:
        return BrokenRunbook(folder, folder.name, error.reason, _revision(folder))
    except (OSError, RecursionError) as error:
        return BrokenRunbook(folder, folder.name, f"the folder cannot be read: {type(error).__name__}: {error}")


def _is_runbook(folder: Path) -> bool:
    return folder.name not in _NOT_RUNBOOKS and not folder.name.startswith((".", "_"))


def _revision(folder: Path) -> str:
    try:
        return folder_revision(folder)
    except (RunbookBroken, OSError):
        return ""
