"""YAML of a runbook read without surprises: no aliases, no doubled keys, no deep nesting, no objects, a size cap."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from orch_app.domains.runbooks.errors import RunbookBroken

MAX_BYTES = 256 * 1024
MAX_DEPTH = 40


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses what makes a document mean something else than it shows."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(
                problem="aliases (*name) are not allowed", problem_mark=self.peek_event().start_mark
            )
        if self.depth >= MAX_DEPTH:
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem=f"nested deeper than {MAX_DEPTH} levels", problem_mark=mark)
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[str] = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"the key '{key.value}' stands twice", problem_mark=key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def _as_text(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
    return loader.construct_scalar(node)


# Ansible's own tags: their value is text for us.
_StrictLoader.add_constructor("!unsafe", _as_text)
_StrictLoader.add_constructor("!vault", _as_text)


def read_text(path: Path, *, max_bytes: int = MAX_BYTES) -> str:
    """The file's UTF-8 text; raises RunbookBroken when it is missing, too large, a link or not text."""
    if path.is_symlink():
        raise RunbookBroken(f"{path.name} is a symbolic link; a runbook holds its own files")
    if not path.is_file():
        raise RunbookBroken(f"{path.name} is missing")
    if path.stat().st_size > max_bytes:
        raise RunbookBroken(f"{path.name} is larger than {max_bytes // 1024} KB")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RunbookBroken(f"{path.name} is not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise RunbookBroken(f"{path.name} cannot be read: {error.strerror}") from error


def read_yaml(path: Path) -> Any:
    """The one document in the file; raises RunbookBroken with the line and column of the fault."""
    return parse_yaml(read_text(path), path.name)


def parse_yaml(text: str, name: str) -> Any:
    """The one document in a text; raises RunbookBroken with `name`, line and column of the fault."""
    return _read(yaml.load, text, name)


def compose_yaml(text: str, name: str) -> yaml.Node | None:
    """The nodes of a text with the places where they stand; raises RunbookBroken as `parse_yaml`."""
    return _read(yaml.compose, text, name)


def _read(load: Callable[..., Any], text: str, name: str) -> Any:
    try:
        return load(text, Loader=_StrictLoader)  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        raise RunbookBroken(f"{name}{_where(error)}: {error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise RunbookBroken(f"{name}: {str(error).splitlines()[0]}") from error
    except (LookupError, TypeError, AttributeError) as error:  # PyYAML's own, of `!!bool perhaps` and its like
        raise RunbookBroken(f"{name}: a value is not of the type that its tag names") from error


def _where(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    return f" line {mark.line + 1} column {mark.column + 1}" if mark else ""
