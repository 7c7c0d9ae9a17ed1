"""Whose token it is. A classic token tells its scopes; a fine-grained one tells nothing."""

from typing import Any

from orch_app.integrations.identity import Identity, question
from orch_app.kit.upstream import Reach

VERSION = "2022-11-28"
_READS_CODE = frozenset({"repo", "public_repo"})


def look(reach: Reach, token: str) -> Identity:
    """Ask GitHub about a token.

    Raises:
        UpstreamError: GitHub does not answer, or does not know the token.
        EgressRefused: it may not be connected to.
    """
    headers = {"Authorization": f"Bearer {token}", "X-GitHub-Api-Version": VERSION}
    with question("GitHub", reach, headers, explain) as api:
        answer = api.call("GET", "/user")
        who = str(answer.document["login"])
    told = answer.headers.get("x-oauth-scopes")
    granted = tuple(scope.strip() for scope in (told or "").split(",") if scope.strip())
    missing = () if told is None or _READS_CODE & set(granted) else ("repo",)
    return Identity(who, granted, missing)


def explain(document: Any) -> str:
    """GitHub's own words about a refusal."""
    return str(document.get("message", "")) if isinstance(document, dict) else ""
