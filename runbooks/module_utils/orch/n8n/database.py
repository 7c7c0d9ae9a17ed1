"""The whole database as n8n itself exports it: every table, encrypted with the server's own key.

Nobody reads in it without that key, so nothing of it can be compared with the export before: each one is kept.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import Any

from ansible.module_utils.orch.n8n.command import Command
from ansible.module_utils.orch.n8n.faults import Fault

FILE, KIND = "entities.zip", "database"
NONE, WITH_EXECUTIONS = "none", "with_executions"
BY_CLI = "the whole database is exported by n8n's command line: choose the method cli, or leave the database out"
# Every export has it, and an import asks it whether the versions of both servers fit.
_ALWAYS = "migrations.jsonl"


def steps(choice: str) -> list[dict[str, Any]]:
    """What the plan says of it; nothing is exported for that."""
    if choice == NONE:
        return []
    step = {"id": KIND, "action": "create", "kind": KIND, "name": FILE, "before": None, "fields": []}
    return [{**step, "after": {"executions": choice == WITH_EXECUTIONS}}]


def taken(command: Command, choice: str) -> bytes:
    """The export, every file in it read to the end; raises UpstreamError and Fault."""
    content = command.database(FILE, executions=choice == WITH_EXECUTIONS)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            is_whole = archive.testzip() is None and _ALWAYS in archive.namelist()
    except (zipfile.BadZipFile, EOFError, OSError):
        is_whole = False
    if not is_whole:
        raise Fault("verify_failed", "the export of the database cannot be read back; nothing was kept")
    return content


def entry(content: bytes) -> dict[str, Any]:
    """Its line in manifest and output."""
    return {
        "kind": KIND,
        "id": KIND,
        "name": FILE,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
    }
