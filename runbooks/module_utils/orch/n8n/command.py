"""n8n's own command line inside its container: all of what it holds, credentials in their encrypted form too."""

from __future__ import annotations

import json
import secrets
from typing import Any, Callable, Mapping, Sequence

from ansible.module_utils.orch.engine.inside import Ended, Inside
from ansible.module_utils.orch.n8n import fingerprint, things
from ansible.module_utils.orch.n8n.faults import Fault
from ansible.module_utils.orch.n8n.things import CREDENTIAL, WORKFLOW, Thing
from ansible.module_utils.orch.upstream import UpstreamError

PLACE = "/tmp"  # noqa: S108 - in the container, below it a folder that nobody can guess
NOUNS = {WORKFLOW: "workflow", CREDENTIAL: "credentials"}
_READ: dict[str, Callable[[Mapping[str, Any]], Thing]] = {WORKFLOW: things.workflow, CREDENTIAL: things.credential}
_NOTHING = ("no workflows found", "no credentials found")
_SAID = 300
# What an engine's answer may hold, less the tar around it.
MAX_DATABASE = 60 << 20
_KEY, _HOME, _USER_HOME = "N8N_ENCRYPTION_KEY", "N8N_USER_FOLDER", "HOME"
_NODES_HOME = "/home/node"


class Command:
    """n8n in one container."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside

    def version(self) -> str:
        """n8n's version; raises UpstreamError and Fault."""
        lines = self._run(["n8n", "--version"]).text.split()
        return lines[-1] if lines else ""

    def key_fingerprint(self) -> str:
        """That of the key which the container uses; empty where it cannot be found out. Raises UpstreamError."""
        variables = dict(one.partition("=")[::2] for one in self._inside.about()["Config"].get("Env") or ())
        if variables.get(_KEY):
            return fingerprint.of(variables[_KEY])
        home = variables.get(_HOME) or variables.get(_USER_HOME) or _NODES_HOME
        files = [variables.get(f"{_KEY}_FILE"), f"{home}/.n8n/config"]
        return next((found for path in files if path and (found := self._key_in(path))), "")

    def _key_in(self, path: str) -> str:
        """The fingerprint of the key that a file holds by itself, or as n8n's settings do."""
        try:
            content = next(iter(self._inside.read(path).values()), b"").decode("utf-8", "replace")
        except UpstreamError as error:
            if error.code == "not_found":
                return ""
            raise
        try:
            found = json.loads(content)
        except ValueError:
            found = None
        return fingerprint.of(str(found.get("encryptionKey", "")) if isinstance(found, dict) else content.strip())

    def export(self, kind: str) -> list[Thing]:
        """All of a kind; raises UpstreamError and Fault."""
        folder = f"{PLACE}/jarvis-{secrets.token_hex(8)}"
        try:
            ended = self._run(["n8n", f"export:{NOUNS[kind]}", "--backup", f"--output={folder}/"], may_be_empty=True)
            if ended.code:
                return []
            files = self._left(folder, ended)
            return sorted((self._read(kind, *file) for file in files.items()), key=lambda one: one.order)
        finally:
            self._inside.remove(folder)

    def database(self, file: str, *, executions: bool) -> bytes:
        """All tables, encrypted, as one file that n8n calls `file`; raises UpstreamError and Fault."""
        folder = f"{PLACE}/jarvis-{secrets.token_hex(8)}"
        history = ["--includeExecutionHistoryDataTables=true"] if executions else []
        try:
            ended = self._run(["n8n", "export:entities", *history, f"--outputDir={folder}"])
            self._require_small(f"{folder}/{file}", ended)
            return self._inside.read(f"{folder}/{file}")[file]
        finally:
            self._inside.remove(folder)

    def _require_small(self, path: str, ended: Ended) -> None:
        """n8n may end well although it exported nothing, and what is too large cannot be read out."""
        counted = self._inside.run(["wc", "-c", path])
        if counted.code:
            raise Fault("cli_failed", f"n8n in {self._inside.name} exported no database: {_end_of(ended)}")
        size = int(counted.text.split()[0])
        if size > MAX_DATABASE:
            limit = f"{MAX_DATABASE >> 20} MB can be kept"
            raise Fault("validation", f"the database has {size >> 20} MB, {limit}; leave executions out, or prune them")

    def load(self, kind: str, wanted: Sequence[Thing]) -> None:
        """Bring these in under their ids, in one transaction; raises UpstreamError and Fault.

        n8n switches workflows off that come in.
        """
        name = f"jarvis-{secrets.token_hex(8)}"
        tags = {tag: secrets.token_hex(8) for one in wanted for tag in one.content.get("tags", ())}
        files = {f"{name}/{number}.json": json.dumps(row(one, tags)).encode() for number, one in enumerate(wanted)}
        try:
            self._inside.write(PLACE, files)
            self._run(["n8n", f"import:{NOUNS[kind]}", "--separate", f"--input={PLACE}/{name}/"])
        finally:
            self._inside.remove(f"{PLACE}/{name}")

    def _left(self, folder: str, ended: Ended) -> dict[str, bytes]:
        """What an export wrote; n8n may end well although it could not make the folder."""
        try:
            return self._inside.read(folder)
        except UpstreamError as error:
            if error.code != "not_found":
                raise
            raise Fault("cli_failed", f"n8n in {self._inside.name} left no file: {_end_of(ended)}") from None

    def _run(self, argv: list[str], *, may_be_empty: bool = False) -> Ended:
        ended = self._inside.run(argv)
        is_empty = any(words in ended.text.lower() for words in _NOTHING)
        if ended.code and not (may_be_empty and is_empty):
            said = _end_of(ended)
            raise Fault("cli_failed", f"{' '.join(argv[:2])} in {self._inside.name} ended with {ended.code}: {said}")
        return Ended(1, ended.text) if may_be_empty and is_empty else ended

    def _read(self, kind: str, name: str, content: bytes) -> Thing:
        try:
            return _READ[kind](json.loads(content))
        except (ValueError, KeyError, TypeError):
            raise Fault("validation", f"n8n exported {name}, which is no {kind}") from None


def row(one: Thing, tag_ids: Mapping[str, str]) -> dict[str, Any]:
    """A thing as n8n imports it. A tag that is not there yet needs an id, or it is made once for each workflow."""
    if one.kind == CREDENTIAL:
        return {"id": one.id, **one.content}
    content = {name: value for name, value in one.content.items() if name not in ("active", "archived", "tags")}
    tags = [{"id": tag_ids[name], "name": name} for name in one.content["tags"]]
    return {"id": one.id, **content, "active": False, "tags": tags}


def _end_of(ended: Ended) -> str:
    return " ".join(ended.text.split())[-_SAID:]
