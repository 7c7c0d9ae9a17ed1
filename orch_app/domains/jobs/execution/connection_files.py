"""The connections of a job as its play finds them: one private file for each filled slot, beside the keys of its hosts.

Nothing of their content is a variable: a play knows where a file lies, what the connection is called and of which type.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orch_app.domains.jobs.execution.workspace import Workspace, write_secret

FOLDER = "connections"


@dataclass(frozen=True)
class SlotConnection:
    """What fills one slot. `document` is the whole file, secrets in clear; `secrets` are those that must be masked."""

    slot: str
    name: str
    type: str
    document: dict[str, Any] = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


def write_connections(workspace: Workspace, connections: Sequence[SlotConnection]) -> dict[str, dict[str, str]]:
    """Write the files and return what the play is told of each by its slot: `{path, name, type}`."""
    folder = workspace.secrets / FOLDER
    folder.mkdir(mode=0o700)
    return {one.slot: {"path": _written(folder, one), "name": one.name, "type": one.type} for one in connections}


def _written(folder: Path, one: SlotConnection) -> str:
    return str(write_secret(folder / f"{one.slot}.json", json.dumps(one.document, ensure_ascii=False)))
