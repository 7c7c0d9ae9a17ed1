"""From the files of a source to a folder of runbooks: what is taken, and what each runbook gets of what they share.

A runbook is a folder with a runbook.yaml, below `runbooks/` where the source has that folder, else at the top. Roles,
modules and plugins that stand beside the runbooks or at the top are put into each of them, so that a runbook is whole
by itself: its revision covers them, the rules are tried on them, and a job gets them with the one folder it is given.

Inventories at the top, where Ansible's own guides put them, are kept as they stand, in a folder that is no runbook.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from orch_app.kit.file_tree import Tree, TreeFile

RUNBOOKS = "runbooks"
MARK = "runbook.yaml"
SHARED = ("roles", "library", "module_utils", "action_plugins", "filter_plugins")
REQUIREMENTS = ("requirements.yml", "collections/requirements.yml", "roles/requirements.yml")
INVENTORIES = "_inventories"
_DEPTH_AT_TOP = 2
_OF_INVENTORIES = re.compile(
    r"(inventory|inventories)/.+|(hosts|inventory|production|staging|prod|stage)(\.ini|\.ya?ml)?"
)
BESIDE_INVENTORIES = ("group_vars", "host_vars")
_BESIDE = re.compile(rf"({'|'.join(BESIDE_INVENTORIES)})/.+")


@dataclass(frozen=True)
class Laid:
    """The tree that is kept, `<name>/<file>` each, and the files that ask for collections, by their path.

    In the tree are the runbooks by their names, and the inventories below `INVENTORIES`.
    """

    tree: dict[str, TreeFile]
    requirements: dict[str, TreeFile]


def lay_out(files: Tree, adopted: Mapping[str, Tree] = MappingProxyType({})) -> Laid:
    """The runbooks of a source, each whole, and its inventories; empty when it holds neither.

    `adopted` are the files of plain playbooks that are made into runbooks, by the runbook's name; a runbook that lies
    in the source goes before one of that name.
    """
    root = f"{RUNBOOKS}/" if any(_is_mark(path, f"{RUNBOOKS}/") for path in files) else ""
    names = sorted({path.removeprefix(root).partition("/")[0] for path in files if _is_mark(path, root)})
    shared = _shared(files, dict.fromkeys(("", root)))
    tree = _inventories(files)
    for name, its_files in adopted.items():
        if name not in names:
            tree |= {f"{name}/{path}": file for path, file in {**shared, **its_files}.items()}
    for name in names:
        own = {path.removeprefix(root): file for path, file in files.items() if path.startswith(f"{root}{name}/")}
        tree |= {f"{name}/{path}": file for path, file in shared.items()} | own
    return Laid(tree, {path: file for path, file in files.items() if _asks_for_collections(path)})


def _is_mark(path: str, root: str) -> bool:
    inner = path.removeprefix(root).split("/")
    return path.startswith(root) and len(inner) == _DEPTH_AT_TOP and inner[1] == MARK and inner[0] not in SHARED


def _shared(files: Tree, roots: Iterable[str]) -> dict[str, TreeFile]:
    """What all runbooks share, by its path in a runbook; what stands beside them wins over what stands at the top."""
    found: dict[str, TreeFile] = {}
    for root in roots:
        inner = {path.removeprefix(root): file for path, file in files.items() if path.startswith(root)}
        found |= {path: file for path, file in inner.items() if path.partition("/")[0] in SHARED and "/" in path}
    return {path: file for path, file in found.items() if path not in REQUIREMENTS}


def _inventories(files: Tree) -> dict[str, TreeFile]:
    """What an import can read, by its path in the tree; variables beside no inventory belong to playbooks."""
    found = [path for path in files if _OF_INVENTORIES.fullmatch(path)]
    if any("/" not in path for path in found):
        found += [path for path in files if _BESIDE.fullmatch(path)]
    return {f"{INVENTORIES}/{path}": files[path] for path in found}


def _asks_for_collections(path: str) -> bool:
    """At the top, beside the runbooks, or in one of them."""
    return any(path == name or path.endswith(f"/{name}") for name in REQUIREMENTS)
