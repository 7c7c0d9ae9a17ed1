"""Writing runbook folders for tests: a good one, and the same with something changed."""

import json
from pathlib import Path
from typing import Any

import yaml

METADATA: dict[str, Any] = {
    "name": "demo",
    "version": "1.2.3",
    "title": "Demo",
    "title_pt": "Demonstração",
    "category": "diagnostics",
    "risk": "low",
    "mutates": False,
    "target": "localhost",
    "timeout_s": 60,
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"word": {"type": "string", "maxLength": 20, "default": "hello"}},
}
PLAYBOOK: list[dict[str, Any]] = [
    {
        "name": "Demo",
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [{"name": "Say it", "ansible.builtin.debug": {"msg": "{{ inputs.word }}"}}],
    }
]


def write_runbook(root: Path, name: str = "demo", **changes: Any) -> Path:
    """A runbook folder below `root`; `playbook` and `schema` replace these, other changes go to runbook.yaml."""
    folder = root / name
    (folder / "tests").mkdir(parents=True)
    playbook, schema = changes.pop("playbook", PLAYBOOK), changes.pop("schema", SCHEMA)
    metadata = {**METADATA, "name": name, **changes}
    present = {key: value for key, value in metadata.items() if value is not None}
    (folder / "runbook.yaml").write_text(yaml.safe_dump(present, allow_unicode=True))
    (folder / "playbook.yml").write_text(yaml.safe_dump(playbook))
    (folder / "schema.json").write_text(json.dumps(schema))
    (folder / "output.schema.json").write_text(json.dumps({"type": "object"}))
    (folder / "README.md").write_text("# Demo\n")
    return folder
