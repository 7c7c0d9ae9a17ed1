"""Files of a source for tests: a runbook as it lies in a repository, and trees made of texts."""

import json
from collections.abc import Mapping
from typing import Any

import yaml

from orch_app.kit.file_tree import TreeFile
from tests.domains.runbooks.folders import METADATA, PLAYBOOK, SCHEMA


def tree_of(texts: Mapping[str, str]) -> dict[str, TreeFile]:
    return {path: TreeFile(text.encode()) for path, text in texts.items()}


def runbook_files(name: str = "greet", root: str = "runbooks/", **changes: Any) -> dict[str, str]:
    """The files of a good runbook, by their path in the source; other changes go to runbook.yaml."""
    playbook = changes.pop("playbook", PLAYBOOK)
    files = {
        "runbook.yaml": yaml.safe_dump({**METADATA, "name": name, **changes}, allow_unicode=True),
        "playbook.yml": yaml.safe_dump(playbook),
        "schema.json": json.dumps(SCHEMA),
        "output.schema.json": json.dumps({"type": "object"}),
        "README.md": f"# {name}\n",
    }
    return {f"{root}{name}/{path}": text for path, text in files.items()}
