"""Why a run ends; found before anything is written, unless it says otherwise."""

from __future__ import annotations

from ansible.module_utils.orch.upstream import UpstreamError

SCOPES = "workflow:list, workflow:read, tag:list"
WRITING = (
    "workflow:create, workflow:update, workflow:activate, workflow:deactivate, workflow:delete, tag:create, "
    "workflowTags:update"
)
_SCOPE_CODES = ("auth_failed", "insufficient_scopes")


class Fault(Exception):
    """What is in the way, with a failure code of the job."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def told(error: UpstreamError, *, writes: bool = False) -> str:
    """What happened, with the rights that a key needs where they may be what is missing."""
    if error.code not in _SCOPE_CODES or not str(error).startswith("n8n "):
        return str(error)
    more = f"; a restore {WRITING} too" if writes else ""
    return f"{error}. The API key needs the scopes {SCOPES}{more}"
