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
    """What fills one slot. `document` is the whole file, secrets in clear; `secrets` are those that must be masked.

    `key` is the private key of an ssh connection as ssh reads it without a question, for a play that makes its host.
    """

    slot: str
    name: str
    type: str
    document: dict[str, Any] = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    key: str = field(default="", repr=False)


def write_connections(workspace: Workspace, connections: Sequence[SlotConnection]) -> dict[str, dict[str, str]]:
    """Write the files and return what the play is told of each by its slot: `{path, name, type}`, with `key_path`
    where there is a key."""
    folder = workspace.secrets / FOLDER
    folder.mkdir(mode=0o700)
    return {one.slot: {"name": one.name, "type": one.type, **_written(folder, one)} for one in connections}


def _written(folder: Path, one: SlotConnection) -> dict[str, str]:
    document = write_secret(folder / f"{one.slot}.json", json.dumps(one.document, ensure_ascii=False))
    if not one.key:
        return {"path": str(document)}
    return {"path": str(document), "key_path": str(write_secret(folder / f"{one.slot}.key", one.key))}
