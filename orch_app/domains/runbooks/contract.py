"""One runbook folder, read and checked as a whole: `load_runbook` answers a RunbookSpec or says why it cannot."""

import hashlib
import json
import pickle
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from orch_app.domains.runbooks.errors import RunbookBroken
from orch_app.domains.runbooks.inputs import check_inputs
from orch_app.domains.runbooks.playbook_lint import require_safe_playbook
from orch_app.domains.runbooks.schema_rules import MAX_SCHEMA_BYTES, Schema, require_acceptable, walk
from orch_app.domains.runbooks.templates import fault_in
from orch_app.domains.runbooks.yaml_source import read_text, read_yaml

METADATA_SCHEMA = Path(__file__).parents[3] / "runbooks" / "runbook.schema.json"
SHARED_CODE = ("library", "module_utils", "action_plugins", "roles")
MAX_FOLDER_BYTES = 8 * 1024 * 1024
MAX_FOLDER_FILES = 500

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_WORDS_OF_PLAYS = frozenset({"environment", "groups", "hosts", "lookup", "query", "q", "now", "range", "true", "false"})

Stamp = tuple[int, int, int, int]
"""Inode, size, and the moments of the last change of content and of anything, of which nobody can choose the last."""

Risk = Literal["low", "medium", "high"]
Target = Literal["none", "localhost", "hosts", "both"]


@dataclass(frozen=True)
class ConnectionSlot:
    """A place in the run form where a stored connection is chosen; one `after` another appears when that is filled."""

    slot: str
    type: str
    required: bool
    after: str


@dataclass(frozen=True)
class Supports:
    """Which run modes mean something."""

    check: bool
    diff: bool
    rollback: bool


@dataclass(frozen=True)
class Retries:
    """How often and after which failure codes a job is tried again; times in seconds."""

    max: int
    backoff: str
    base_s: float
    cap_s: float
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Roles:
    """The least role that may execute and the least that may approve."""

    execute: str
    approve: str


@dataclass(frozen=True)
class Approval:
    """`none`, `required` or `required_other_person` per environment."""

    prod: str
    stage: str


@dataclass(frozen=True)
class Retention:
    """Days a finished job's rows and artifacts are kept."""

    success_days: int
    failed_days: int


@dataclass(frozen=True)
class Limits:
    """What one run may use."""

    memory_mb: int
    processes: int
    log_mb: int
    disk_mb: int
    file_mb: int
    output_mb: int
    input_kb: int


@dataclass(frozen=True)
class Rate:
    """At most `limit` starts per `per_s` seconds, counted per `key`; more wait until it is time."""

    limit: int
    per_s: int
    key: str = ""


@dataclass(frozen=True)
class Concurrency:
    """At most `limit` running jobs per `key`; a job that finds it full waits, or ends as `on_full` says."""

    limit: int
    on_full: Literal["queue", "cancel", "fail"]
    key: str = ""


@dataclass(frozen=True)
class Earlier:
    """Whose snapshot a play is given: of the job in the input `input`, or the newest of `target` by `runbook`."""

    runbook: str
    target: str
    input: str = ""


@dataclass(frozen=True)
class RunbookSpec:
    """A runbook that can be run. `metadata` is runbook.yaml with the defaults; `revision` names this very content."""

    folder: Path
    name: str
    version: str
    title: str
    title_pt: str
    description: str
    description_pt: str
    category: str
    tags: tuple[str, ...]
    risk: Risk
    graver: tuple[Mapping[str, Any], ...]
    mutates: bool
    target: Target
    default_environment: str
    supports: Supports
    connections: tuple[ConnectionSlot, ...]
    timeout_s: int
    retries: Retries
    roles: Roles
    approval: Approval
    retention: Retention
    snapshot: str
    on_worker_loss: Literal["interrupt", "retry"]
    strategy: str
    play_tags: tuple[str, ...]
    inputs_as_variables: bool
    facts_cache_s: int
    network: Literal["none", "egress", "full"]
    isolation: Literal["default", "host_view"]
    limits: Limits
    rate: Rate | None
    locks: tuple[str, ...]
    concurrency: Concurrency | None
    earlier: Earlier | None
    dedup: str
    registers: tuple[str, ...]
    gives: tuple[str, ...]
    schema: dict[str, Any]
    output_schema: dict[str, Any]
    readme: str
    revision: str
    metadata: dict[str, Any]

    @property
    def playbook(self) -> Path:
        """The playbook's path."""
        return self.folder / "playbook.yml"


def load_runbook(folder: Path) -> RunbookSpec:
    """Read and check one runbook folder; raises RunbookBroken with one sentence for a person.

    What was read and found good is not read again while no file of it changes.
    """
    return pickle.loads(_load(folder, folder_revision(folder)))  # noqa: S301 - what this process itself has read


@lru_cache(maxsize=256)
def _load(folder: Path, revision: str) -> bytes:
    """The runbook, packed: each who asks gets one of his own, ten times as fast as a deep copy."""
    metadata = read_metadata(folder)
    schema = _read_schema(folder, "schema.json", closed=True)
    has_output = (folder / "output.schema.json").exists()
    output_schema = _read_schema(folder, "output.schema.json", closed=False) if has_output else {}
    _require_good_defaults(schema)
    _require_good_templates(metadata, schema)
    if metadata["inputs_as_variables"]:
        require_variable_names(schema)
        _require_variable(metadata)
    readme = read_text(folder / "README.md")
    require_safe_playbook(folder, metadata["target"])
    if folder_revision(folder) != revision:
        raise RunbookBroken("its files changed while they were read; synchronise again")
    return pickle.dumps(
        _spec(folder, metadata, schema=schema, output_schema=output_schema, readme=readme, revision=revision)
    )


def _require_variable(metadata: dict[str, Any]) -> None:
    if "inputs" in metadata["gives"]:
        raise RunbookBroken("runbook.yaml: inputs that are given as a file cannot be variables by their own names")


def read_metadata(folder: Path) -> dict[str, Any]:
    """runbook.yaml with its defaults filled in; raises RunbookBroken."""
    values = require_acceptable_metadata(read_yaml(folder / "runbook.yaml"))
    if values["name"] != folder.name:
        raise RunbookBroken(f"runbook.yaml /name: is '{values['name']}' but the folder is '{folder.name}'")
    return values


def require_acceptable_metadata(raw: Any) -> dict[str, Any]:
    """What a runbook says about itself, with the defaults filled in; raises RunbookBroken when it may not say so."""
    if not _is_json(raw):
        raise RunbookBroken("runbook.yaml holds a value that JSON does not know, such as a date; put it in quotes")
    checked = check_inputs(_metadata_schema(), raw)
    if checked.problems:
        first = checked.problems[0]
        raise RunbookBroken(f"runbook.yaml {first.pointer or 'as a whole'}: {first.detail}")
    _require_good_slots(checked.values["connections"])
    return checked.values


def _is_json(raw: Any) -> bool:
    """Whether YAML gave nothing that JSON has no word for: dates, sets, bytes, keys that are no text."""
    try:
        return json.loads(json.dumps(raw)) == raw
    except (TypeError, ValueError):
        return False


def _require_good_slots(connections: Sequence[Mapping[str, Any]]) -> None:
    """No slot twice, and those that wait for another one wait for one that stands above them."""
    above: set[str] = set()
    for number, slot in enumerate(connections):
        if slot["slot"] in above:
            raise RunbookBroken("runbook.yaml /connections: two connections have the same slot")
        if slot["after"] and slot["after"] not in above:
            raise RunbookBroken(f"runbook.yaml /connections/{number}/after: no slot above is {slot['after']}")
        above.add(slot["slot"])


def folder_revision(folder: Path) -> str:
    """SHA-256 (hex) over every file of the runbook and over the modules all runbooks share."""
    bases = (folder, *(folder.parent / shared for shared in SHARED_CODE))
    return hashlib.sha256(b"".join(_digest(base, tuple(_content(base))) for base in bases)).hexdigest()


@lru_cache(maxsize=512)
def _digest(base: Path, content: tuple[tuple[Path, Stamp], ...]) -> bytes:
    """SHA-256 over names and contents; what all runbooks share is read once for all of them, until a stamp changes."""
    digest = hashlib.sha256()
    for path, _ in content:
        name = f"{base.name}/{path.relative_to(base).as_posix()}".encode()
        found = path.read_bytes()
        digest.update(b"%d:%s%d:%s" % (len(name), name, len(found), found))
    return digest.digest()


def _content(base: Path) -> Iterator[tuple[Path, Stamp]]:
    """The files of a folder with what changes whenever one of them is written."""
    files, size = 0, 0
    for path in sorted(base.rglob("*")) if base.is_dir() else []:
        if "__pycache__" in path.parts or path.is_dir():
            continue
        if path.is_symlink() or not path.is_file():
            kind = "a symbolic link" if path.is_symlink() else "no plain file"
            raise RunbookBroken(f"{path.relative_to(base)} is {kind}; a runbook holds its own files")
        found = path.stat()
        files, size = files + 1, size + found.st_size
        if files > MAX_FOLDER_FILES or size > MAX_FOLDER_BYTES:
            raise RunbookBroken(f"the folder is larger than {MAX_FOLDER_FILES} files or {MAX_FOLDER_BYTES >> 20} MB")
        yield path, (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


@lru_cache(maxsize=1)
def _metadata_schema() -> Schema:
    return json.loads(METADATA_SCHEMA.read_text(encoding="utf-8"))


def _read_schema(folder: Path, name: str, *, closed: bool) -> dict[str, Any]:
    text = read_text(folder / name, max_bytes=MAX_SCHEMA_BYTES)
    try:
        schema = json.loads(text)
    except json.JSONDecodeError as error:
        raise RunbookBroken(f"{name} line {error.lineno} column {error.colno}: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise RunbookBroken(f"{name} cannot be read as JSON: {error}") from error
    require_acceptable(schema, name, closed=closed)
    return schema


def _require_good_defaults(schema: Schema) -> None:
    """Every default must be a value the schema itself accepts, else the untouched form would be refused."""
    for pointer, node in walk(schema):
        if "default" not in node:
            continue
        probe = {"type": "object", "properties": {"value": node}, "$defs": schema.get("$defs", {})}
        problems = check_inputs(probe, {"value": node["default"]}).problems
        if problems:
            raise RunbookBroken(f"schema.json at {pointer}/default: {problems[0].detail}")


def _require_good_templates(metadata: Mapping[str, Any], schema: Schema) -> None:
    """A place that names nothing would make every job of the runbook share one lock, or none."""
    slots = frozenset(slot["slot"] for slot in metadata["connections"])
    for pointer, template in _templates(metadata):
        fault = fault_in(template, schema, slots)
        if fault:
            raise RunbookBroken(f"runbook.yaml {pointer}: {fault}")
    for pointer, name in _named_inputs(metadata):
        if name not in schema.get("properties", {}):
            raise RunbookBroken(f"runbook.yaml {pointer}: there is no input {name}")


def _named_inputs(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Where an input is named, and which."""
    asked = metadata.get("earlier", {}).get("input", "")
    if asked:
        yield "/earlier/input", asked
    for number, rule in enumerate(metadata["graver"]):
        yield f"/graver/{number}/input", rule["input"]
    if "source" in metadata["gives"]:
        yield "/gives", "source"  # which names the source


def require_variable_names(schema: Schema) -> None:
    """Inputs that are to be variables have names that Ansible takes for one, and none that means something to it.

    Raises:
        RunbookBroken: one has another name.
    """
    for name in schema.get("properties", {}):
        if not _VARIABLE.fullmatch(name) or name in _WORDS_OF_PLAYS:
            raise RunbookBroken(f"schema.json at /properties/{name}: this cannot be the name of a variable")


def _templates(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from ((f"/locks/{index}", template) for index, template in enumerate(metadata["locks"]))
    yield from ((f"/{name}/key", metadata.get(name, {}).get("key", "")) for name in ("rate", "concurrency"))
    yield "/dedup", metadata.get("dedup", "")
    yield "/earlier/target", metadata.get("earlier", {}).get("target", "")


def _spec(folder: Path, metadata: Mapping[str, Any], **read: Any) -> RunbookSpec:
    plain = {"tags", "graver", "play_tags", "locks", "registers", "gives", "connections", *_SECTIONS}
    values = {key: value for key, value in metadata.items() if key not in plain}
    return RunbookSpec(
        folder=folder,
        tags=tuple(metadata["tags"]),
        graver=tuple(metadata["graver"]),
        play_tags=tuple(metadata["play_tags"]),
        locks=tuple(metadata["locks"]),
        registers=tuple(metadata["registers"]),
        gives=tuple(metadata["gives"]),
        connections=tuple(ConnectionSlot(**slot) for slot in metadata["connections"]),
        retries=_retries(metadata["retries"]),
        rate=Rate(**metadata["rate"]) if "rate" in metadata else None,
        concurrency=Concurrency(**metadata["concurrency"]) if "concurrency" in metadata else None,
        earlier=Earlier(**metadata["earlier"]) if "earlier" in metadata else None,
        metadata=dict(metadata),
        **{name: build(**metadata[name]) for name, build in _PARTS.items()},
        **{"dedup": "", **values},
        **read,
    )


def _retries(section: Mapping[str, Any]) -> Retries:
    return Retries(**{key: value for key, value in section.items() if key != "codes"}, codes=tuple(section["codes"]))


_PARTS: dict[str, Any] = {
    "supports": Supports,
    "roles": Roles,
    "approval": Approval,
    "retention": Retention,
    "limits": Limits,
}
_SECTIONS = frozenset({*_PARTS, "retries", "rate", "concurrency", "earlier"})
