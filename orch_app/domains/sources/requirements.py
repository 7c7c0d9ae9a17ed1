"""Collections that a source asks for: those that are installed with the product, in a version it can use, or refused.

Nothing is installed for a source. What runs is what was tried with the product, and a job needs no network for it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from orch_app.domains.runbooks.errors import RunbookBroken
from orch_app.domains.runbooks.yaml_source import MAX_BYTES, parse_yaml
from orch_app.kit.file_tree import TreeFile

Version = tuple[int, ...]
_NAME = re.compile(r"[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*")
_BOUND = re.compile(r"(==|!=|>=|<=|>|<|)\s*(\d+(?:\.\d+){0,2})(?:[-+][0-9A-Za-z.+-]*)?")
_PARTS = 3


def fault_in(requirements: Mapping[str, TreeFile]) -> str:
    """Why the collections that these files ask for cannot be had, in one sentence; empty when all can."""
    return next((fault for path, file in sorted(requirements.items()) for fault in _faults(path, file)), "")


def _faults(path: str, file: TreeFile) -> Iterator[str]:
    if len(file.content) > MAX_BYTES:
        yield f"{path} is larger than {MAX_BYTES // 1024} KB"
        return
    try:
        asked = parse_yaml(file.content.decode("utf-8"), path)
    except (RunbookBroken, UnicodeDecodeError) as error:
        yield str(error)
        return
    yield from (f"{path}{fault}" for fault in _faults_of(asked))


def _faults_of(asked: Any) -> Iterator[str]:
    """What is wrong with the content of a file, each as it goes on after the file's name."""
    if isinstance(asked, list) or (isinstance(asked, dict) and asked.get("roles")):
        yield " asks for roles: put them into roles/ of the source"
        return
    collections = (asked.get("collections") if isinstance(asked, dict) else None) or []
    if not isinstance(collections, list):
        yield ": collections is not a list"
        return
    yield from (f": {fault}" for fault in map(_fault, collections) if fault)


def _fault(asked: Any) -> str:
    """What is wrong with one entry: a name, or a mapping with a name and perhaps a version."""
    entry = asked if isinstance(asked, dict) else {"name": asked}
    name, wanted = str(entry.get("name", "")), str(entry.get("version", "*"))
    if entry.get("type", "galaxy") != "galaxy" or "source" in entry or not _NAME.fullmatch(name):
        return f"{name or asked!r} is not the name of a collection; only those of the installed set can be used"
    found = installed().get(name)
    if found is None:
        return f"the collection {name} is not in the installed set"
    try:
        fits = all(_fits(found, bound.strip()) for bound in wanted.split(","))
    except ValueError:
        return f"the version {wanted!r} of {name} cannot be read"
    return "" if fits else f"{name} is installed in version {'.'.join(map(str, found))}, and {wanted} is asked for"


def _fits(found: Version, bound: str) -> bool:
    if bound in {"*", ""}:
        return True
    read = _BOUND.fullmatch(bound)
    if read is None:
        raise ValueError(bound)
    sign, version = read.group(1), _version(read.group(2))
    return {
        "": found == version,
        "==": found == version,
        "!=": found != version,
        ">=": found >= version,
        "<=": found <= version,
        ">": found > version,
        "<": found < version,
    }[sign]


def _version(text: str) -> Version:
    numbers = tuple(int(part) for part in text.split("-", maxsplit=1)[0].split("+", maxsplit=1)[0].split("."))
    return (*numbers, *(0,) * (_PARTS - len(numbers)))


@lru_cache(maxsize=1)
def installed() -> dict[str, Version]:
    """The collections that plays of the product find, with their versions."""
    spec = find_spec("ansible_collections")
    folders = [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    manifests = [file for folder in folders for file in folder.glob("*/*/MANIFEST.json")]
    return {f"{file.parts[-3]}.{file.parts[-2]}": _manifest_version(file) for file in manifests}


def _manifest_version(file: Path) -> Version:
    about = json.loads(file.read_text("utf-8"))["collection_info"]
    return _version(str(about["version"]))
