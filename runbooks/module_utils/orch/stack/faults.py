"""What stops work on a stack, each with the code that becomes the job's reason."""

from __future__ import annotations

from typing import Any, Sequence

# Parts of what engine, Swarm and registries say, in small letters, by the code that they mean. The first match counts.
_SAID = (
    ("port_in_use", ("host-mode port already in use", "is already in use by service", "port is already allocated")),
    ("port_in_use", ("address already in use",)),
    ("no_suitable_node", ("no suitable node",)),
    ("image_not_found", ("no such image", "manifest unknown", "manifest for", "pull access denied")),
    ("image_not_found", ("repository does not exist", "repository name not known", "invalid reference format")),
    ("secret_missing", ("secret not found", "secret reference", "unable to get secret")),
    ("network_missing", ("could not find network", "network not found", "no such network")),
    ("conflict", ("update out of sequence", "name conflicts with an existing object", "already exists")),
)


class Fault(Exception):
    """The stack cannot be deployed; `code` is one of the failure codes that the runbook's README names."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ComposeFault(Fault):
    """The compose file is not what a stack can be made of: `problems` are pairs of a JSON pointer and a sentence."""

    def __init__(self, problems: Sequence[Any]) -> None:
        self.problems = list(problems)
        listed = "; ".join(f"{pointer or '/'}: {said}" for pointer, said in self.problems[:10])
        more = f"; and {len(self.problems) - 10} more" if len(self.problems) > 10 else ""  # noqa: PLR2004
        super().__init__("validation", f"the compose file cannot be deployed: {listed}{more}")


def code_of(said: str, otherwise: str) -> str:
    """The failure code for what engine or Swarm say about a failure."""
    text = said.lower()
    return next((code for code, parts in _SAID if any(part in text for part in parts)), otherwise)
