"""Plain playbooks made into runbooks: the files that are missing are written, and the plays work on the job's targets.

The playbook keeps every character but the values of its `hosts`. Its inputs are variables by their own names, as `-e`
would set them, so that it needs to know nothing of this product.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import yaml

from orch_app.domains.runbooks.errors import RunbookBroken
from orch_app.domains.runbooks.yaml_source import MAX_BYTES, compose_yaml, parse_yaml
from orch_app.domains.sources.layout import SHARED
from orch_app.domains.sources.models import SourceAdoption
from orch_app.kit.file_tree import Tree, TreeFile

BESIDE = frozenset({*SHARED, "files", "group_vars", "handlers", "tasks", "templates", "vars"})
PLACES = frozenset({"", "playbooks"})
LOCAL = frozenset({"localhost", "127.0.0.1"})
MOST_CANDIDATES = 100
MAX_CANDIDATE = 64 * 1024  # a tenth of a second to read; nobody has asked for this one yet


@dataclass(frozen=True)
class Candidate:
    """A plain playbook: where it lies, on what it works, and the variables that it asks or sets for itself."""

    path: str
    hosts: tuple[str, ...]
    variables: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As it is kept with an edition."""
        return {"path": self.path, "hosts": list(self.hosts), "variables": list(self.variables)}


def candidates(files: Tree) -> list[Candidate]:
    """The playbooks at the top and in `playbooks/` that could be adopted."""
    places = sorted(path for path in files if path.endswith((".yml", ".yaml")) and _folder_of(path) in PLACES)
    return [one for path in places[:MOST_CANDIDATES] if (one := _candidate(path, files[path]))]


def adopt(files: Tree, adoption: SourceAdoption) -> dict[str, TreeFile]:
    """The runbook of an adopted playbook, by the paths in its own folder, with what lies beside the playbook.

    A playbook that is gone, or cannot be read, leaves a runbook without one, which is listed as broken.
    """
    found = dict(_beside(files, adoption.playbook))
    described: dict[str, Any] = {**adoption.meta, "name": adoption.name, "inputs_as_variables": True}
    readme = f"# {described['title']}\n\nThe playbook `{adoption.playbook}` of its source.\n"
    found["runbook.yaml"] = _text(yaml.safe_dump(described, allow_unicode=True, sort_keys=True))
    found["schema.json"] = _text(json.dumps(adoption.input_schema, ensure_ascii=False, indent=2))
    found["README.md"] = _text(readme)
    playbook = files.get(adoption.playbook)
    if playbook is not None:
        found["playbook.yml"] = _on_targets(playbook, described["target"])
    return found


def _candidate(path: str, file: TreeFile) -> Candidate | None:
    try:
        plays = parse_yaml(_read(file, MAX_CANDIDATE), path)
    except (RunbookBroken, UnicodeDecodeError):
        return None
    if not isinstance(plays, list) or not plays or not all(isinstance(one, dict) and "hosts" in one for one in plays):
        return None
    hosts = dict.fromkeys(str(play["hosts"]) for play in plays)
    return Candidate(path, tuple(hosts), tuple(dict.fromkeys(name for play in plays for name in _variables(play))))


def _variables(play: Mapping[str, Any]) -> Iterator[str]:
    asked = play.get("vars_prompt")
    for one in asked if isinstance(asked, list) else []:
        if isinstance(one, dict) and "name" in one:
            yield str(one["name"])
    own = play.get("vars")
    yield from (str(name) for name in own) if isinstance(own, dict) else ()


def _beside(files: Tree, playbook: str) -> Iterator[tuple[str, TreeFile]]:
    """What a playbook finds without saying where: the usual folders beside it."""
    folder = _folder_of(playbook)
    prefix = f"{folder}/" if folder else ""
    for path, file in files.items():
        inner = path.removeprefix(prefix)
        if path.startswith(prefix) and inner.partition("/")[0] in BESIDE and "/" in inner:
            yield inner, file


def _on_targets(playbook: TreeFile, target: str) -> TreeFile:
    """The playbook with the targets of the job in place of its hosts; a play on localhost stays there."""
    try:
        text = _read(playbook)
        root = compose_yaml(text, "playbook.yml")
    except (RunbookBroken, UnicodeDecodeError):
        return playbook  # what is wrong with it is said where runbooks are read
    name = "targets" if target in {"hosts", "both"} else "localhost"
    places = [node for node in _hosts_of(root) if str(node.value) not in LOCAL]
    for node in sorted(places, key=lambda node: node.start_mark.index, reverse=True):
        text = text[: node.start_mark.index] + name + _after(text, node)
    return TreeFile(text.encode(), playbook.is_executable)


def _after(text: str, node: yaml.Node) -> str:
    """What follows a value; a list in block form ends where the next key begins, so that its line end is missing."""
    is_block = isinstance(node, yaml.SequenceNode) and not node.flow_style
    return f"\n{' ' * node.end_mark.column}{text[node.end_mark.index :]}" if is_block else text[node.end_mark.index :]


def _hosts_of(root: yaml.Node | None) -> Iterator[yaml.Node]:
    plays = root.value if isinstance(root, yaml.SequenceNode) else []
    for play in plays:
        for key, value in play.value if isinstance(play, yaml.MappingNode) else []:
            if key.value == "hosts":
                yield value


def _read(file: TreeFile, max_bytes: int = MAX_BYTES) -> str:
    if len(file.content) > max_bytes:
        raise RunbookBroken("it is too large")
    return file.content.decode("utf-8")


def _folder_of(path: str) -> str:
    folder = PurePosixPath(path).parent.as_posix()
    return "" if folder == "." else folder


def _text(text: str) -> TreeFile:
    return TreeFile(text.encode())
