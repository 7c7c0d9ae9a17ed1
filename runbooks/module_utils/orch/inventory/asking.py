"""Ansible asked what is in an inventory: `ansible-inventory` as a program, with a configuration of ours alone.

Nothing secret is an argument or in its environment: what it needs lies in a folder that only this user opens.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterable

from ansible.module_utils.orch.inventory.faults import Fault

TIMEOUT_S = 900
MAX_BYTES = 256 << 20
SHOWN = 600
UNSAFE = "__ansible_unsafe"
_HIDDEN = "***"


@dataclass(frozen=True)
class Question:
    """What is asked for: `source` is the inventory, `plugins` are those that may read it.

    `clean_names` has Ansible put `_` for what it finds odd in names of groups. `packages` is a folder of more modules
    for Python, `secrets` must not be in what is said.
    """

    source: Path
    plugins: tuple[str, ...]
    clean_names: bool = False
    packages: Path | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Listing:
    """The document of `ansible-inventory --list --export`, and what was said meanwhile."""

    document: dict[str, Any]
    said: str

    @property
    def data(self) -> dict[str, Any]:
        """The document of a plugin that asks another system: all of it is data, so that no text is marked as unsafe."""
        return _unmarked(self.document)


def _unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        inner = {name: _unmarked(item) for name, item in value.items()}
        return inner.get(UNSAFE, inner)
    return [_unmarked(item) for item in value] if isinstance(value, list) else value


def ask(question: Question, folder: Path) -> Listing:
    """List an inventory, with `folder` for files in between; raises Fault."""
    configuration, output = folder / "ansible.cfg", folder / "inventory.json"
    configuration.write_text(_configuration(question), encoding="utf-8")
    argv = [sys.executable, "-m", "ansible", "inventory", "-i", str(question.source), "--list", "--export"]
    try:
        done = subprocess.run(
            [*argv, "--output", str(output)],
            cwd=folder,
            env=_environment(folder, configuration, question.packages),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Fault("timeout", f"Ansible did not list the inventory within {TIMEOUT_S} s") from None
    except OSError as error:
        raise Fault("inventory_unreadable", f"Ansible cannot be run on this worker: {error.strerror}") from None
    said = _told(done.stdout + done.stderr, [str(folder), *question.secrets])
    if done.returncode:
        raise Unlisted(said)
    return Listing(_document(output), said)


class Unlisted(Fault):
    """Ansible gave up; `said` is all that it told."""

    def __init__(self, said: str) -> None:
        super().__init__("inventory_unreadable", f"Ansible could not read the inventory: {_errors_in(said)}")
        self.said = said


def _configuration(question: Question) -> str:
    names = "always" if question.clean_names else "ignore"
    return (
        f"[defaults]\nforce_valid_group_names = {names}\nretry_files_enabled = False\nnocolor = True\n"
        f"local_tmp = {question.source.parent}\nvars_plugins_enabled = host_group_vars\n"
        f"[inventory]\nenable_plugins = {', '.join(question.plugins)}\ncache = False\n"
        "unparsed_is_failed = True\nany_unparsed_is_failed = True\n"
    )


def _environment(folder: Path, configuration: Path, packages: Path | None) -> dict[str, str]:
    alone = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(configuration),
        "ANSIBLE_HOME": str(folder),
    }
    return {**alone, **({"PYTHONPATH": str(packages)} if packages else {})}


def _document(path: Path) -> dict[str, Any]:
    if path.stat().st_size > MAX_BYTES:
        raise Fault("validation", f"the inventory is larger than {MAX_BYTES >> 20} MB: narrow it down")
    found = json.loads(path.read_text(encoding="utf-8"))
    return found if isinstance(found, dict) else {}


def _told(raw: bytes, hidden: Iterable[str]) -> str:
    text = raw.decode("utf-8", "replace")
    for one in hidden:
        text = text.replace(f"{one}/", "").replace(one, _HIDDEN)
    return " ".join(text.split())


def _errors_in(said: str) -> str:
    """From where it says why; before that there are other warnings."""
    places = [place for place in map(said.find, ("Failed to parse", "[ERROR]")) if place >= 0]
    return said[min(places, default=0) :][:SHOWN] or "it did not say why"
