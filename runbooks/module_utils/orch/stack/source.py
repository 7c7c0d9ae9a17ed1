"""Where a compose file comes from: a text, or a file of a Git repository with the files beside it."""

from __future__ import annotations

import posixpath
from contextlib import contextmanager
from typing import Any, Callable, Iterator

from ansible.module_utils.orch import connections
from ansible.module_utils.orch.repository import Repository
from ansible.module_utils.orch.stack.faults import Fault


class Source:
    """The file's text. `beside` reads a file that the text names, where there is any; `facts` belong to the plan."""

    def __init__(self, text: str, beside: Callable[[str], bytes] | None = None, facts: Any = None) -> None:
        self.text = text
        self.beside = beside
        self.facts: dict[str, Any] = facts or {}


@contextmanager
def opened(given: dict[str, Any]) -> Iterator[Source]:
    """The source that a module's parameters name, while the block lasts; raises Fault, NoConnection, UpstreamError."""
    if not given["path"]:
        yield Source(given["compose"])
        return
    if not given["git"]:
        raise Fault("validation", "choose a connection of type git for the repository that the file is in")
    connection = connections.read(given["git"], "git")
    repository = Repository(connection, given["ref"], given["egress_allow"], given["egress_deny"])
    try:
        yield _from_repository(repository, _inside(given["path"], ""))
    finally:
        repository.close()


def _from_repository(repository: Repository, path: str) -> Source:
    facts = {"source": {"repository": repository.url, "commit": repository.commit, "path": path}}
    folder = posixpath.dirname(path)
    try:
        text = repository.file(path).decode()
    except UnicodeDecodeError:
        raise Fault("validation", f"{path} is no text in UTF-8") from None
    return Source(text, lambda name: repository.file(_inside(name, folder)), facts)


def _inside(path: str, folder: str) -> str:
    """A path from the top of the repository; raises Fault for one that leads out of it."""
    whole = posixpath.normpath(posixpath.join(folder, path))
    if whole.startswith(("/", "..")) or path.startswith("/"):
        raise Fault("validation", f"{path} leads out of the repository")
    return whole
