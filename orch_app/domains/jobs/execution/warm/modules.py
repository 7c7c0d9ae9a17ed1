"""Makes what Ansible does with every module cheaper, in the plays of a warm server; modules and answers stay the same.

For the first one Ansible parses forty files to find what they import. The server remembers that by content.
"""

import contextlib
import datetime as dt
import functools
import importlib
import importlib.util
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_USUAL = ("command", "stat", "copy", "file", "setup")  # others share nearly all of what these import


def quicken() -> None:
    """Change Ansible in this process and its forks."""
    common: Any = importlib.import_module("ansible.executor.module_common")
    common._compile_module_ast = functools.partial(_Source, common._compile_module_ast)
    common.ModuleDepFinder.__init__ = _remembering(common.ModuleDepFinder.__init__)


def lessons() -> Iterator[None]:
    """Look at the usual modules, one at each step, so that no play has to."""
    for name in _USUAL:
        with contextlib.suppress(Exception):  # a play that wants this module will find out why
            _look_at(name)
        yield


def _look_at(name: str) -> None:
    common: Any = importlib.import_module("ansible.executor.module_common")
    extensions: Any = importlib.import_module("ansible._internal._ansiballz._builder").ExtensionManager
    spec = importlib.util.find_spec("ansible.modules")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    source = Path(spec.submodule_search_locations[0], f"{name}.py").read_bytes()
    places = common.module_utils_loader._paths
    with zipfile.ZipFile(io.BytesIO(), "w", zipfile.ZIP_STORED) as nowhere:
        moment = dt.datetime.now(dt.UTC)
        common.recursive_finder(name, f"ansible.modules.{name}", source, nowhere, moment, extensions.create({}))
    common.module_utils_loader._paths = places  # each play looks for itself where modules have theirs


class _Source:
    """A file whose syntax tree is made when somebody asks for it."""

    def __init__(self, parse: Callable[[str, Any], Any], name: str, content: Any) -> None:
        self._parse = parse
        self._name = name
        self.content = content

    @functools.cached_property
    def tree(self) -> Any:
        """As Ansible makes it, with its error for a file that is none of Python."""
        return self._parse(self._name, self.content)

    @property
    def body(self) -> Any:
        """What those look at who take us for the tree."""
        return self.tree.body


def _remembering(look: Callable[..., None]) -> Callable[..., None]:
    """Ansible's finder of what a file imports, which need not look at the same content twice."""
    known: dict[tuple[str, bool, Any], tuple[frozenset[Any], frozenset[Any]]] = {}

    def begin(self: Any, name: str, source: _Source, is_package: bool = False) -> None:  # noqa: FBT001, FBT002 - as called
        content = bytes(source.content) if isinstance(source.content, bytes) else str(source.content)
        key = (name, is_package, content)
        if key not in known:
            look(self, name, source.tree, is_package)
            known[key] = (frozenset(self.submodules), frozenset(self.optional_imports))
        self.submodules, self.optional_imports = known[key]

    return begin
