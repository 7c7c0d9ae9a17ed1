"""An inventory of files: only what is data is copied to where Ansible reads it. What would run is left out.

Ansible's own plugins for YAML, INI and lists of hosts read it, with `group_vars` and `host_vars` beside it. There are
no scripts, no configurations of other plugins, and no key to what ansible-vault has encrypted.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Iterator

from ansible.module_utils.orch.inventory.asking import Question
from ansible.module_utils.orch.inventory.faults import Fault
from ansible.module_utils.orch.inventory.remarks import Remarks

PLUGINS = ("ansible.builtin.yaml", "ansible.builtin.ini", "ansible.builtin.host_list")
BESIDE = ("group_vars", "host_vars")
MAX_BYTES = 16 << 20
SHOWN = 20
DATA = "it must be data, in YAML or INI"
_PLUGIN = re.compile(rb"^plugin\s*:", re.MULTILINE)


def question(root: Path, path: str, folder: Path, remarks: Remarks) -> Question:
    """The inventory at `path` below `root`, copied into `folder`; raises Fault."""
    source = root / path
    if ".." in Path(path).parts or not source.exists():
        raise Fault("not_found", f"the trusted edition of the source has no {path}; of inventories it has {_all(root)}")
    target = folder / "source"
    if source.is_dir():
        _copy(source, target, path, remarks)
        _require_some(target, path)
        return Question(target, PLUGINS)
    target.mkdir(parents=True)
    _copy_one(source, target / source.name, path, remarks)
    if not (target / source.name).exists():
        raise Fault("validation", f"{path} is not an inventory that can be imported: {DATA}")
    for name in BESIDE:
        if (source.parent / name).is_dir():
            _copy(source.parent / name, target / name, str(Path(path).parent / name), remarks)
    return Question(target / source.name, PLUGINS)


def _copy(source: Path, target: Path, shown: str, remarks: Remarks) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for file in sorted(source.rglob("*")):
        inner = file.relative_to(source)
        if file.is_file():
            (target / inner).parent.mkdir(parents=True, exist_ok=True)
            _copy_one(file, target / inner, f"{shown}/{inner}", remarks)


def _copy_one(source: Path, target: Path, shown: str, remarks: Remarks) -> None:
    why = _unfit(source)
    if why:
        remarks.note(f"{why}, and is left out", shown)
    else:
        shutil.copyfile(source, target)


def _unfit(file: Path) -> str:
    """Why a file is not read; empty for one that is."""
    if file.is_symlink():
        return "it is a link"
    if file.stat().st_size > MAX_BYTES:
        return f"it is larger than {MAX_BYTES >> 20} MB"
    content = file.read_bytes()
    if content.startswith(b"$ANSIBLE_VAULT"):
        return "it is encrypted by ansible-vault; keep what is in it in a connection of type secrets"
    if content.startswith(b"#!"):
        return "it is a program, which an import never runs"
    if file.suffix in (".yml", ".yaml") and _PLUGIN.search(content):
        return "it is the configuration of a plugin, which an import never runs"
    return ""


def _require_some(folder: Path, path: str) -> None:
    held = [file for file in folder.rglob("*") if file.is_file() and not set(BESIDE) & set(file.parts)]
    if not held:
        raise Fault("not_found", f"{path} has no inventory that can be imported: {DATA}")


def _all(root: Path) -> str:
    names = list(_names(root))
    return ", ".join(names[:SHOWN]) or "none"


def _names(root: Path) -> Iterator[str]:
    for entry in sorted(root.iterdir()) if root.is_dir() else ():
        if entry.name not in BESIDE:
            yield f"{entry.name}/" if entry.is_dir() else entry.name
