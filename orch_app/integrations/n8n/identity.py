"""What an API key of n8n may read. A key has no name, and n8n tells nobody which rights it has: each is tried."""

from typing import Any

from orch_app.integrations.identity import Identity, question
from orch_app.kit.upstream import Reach, Upstream
from orch_app.kit.upstream_failures import UpstreamError

API = "/api/v1"
_LISTS = {"workflow:list": "/workflows", "tag:list": "/tags"}


def look(reach: Reach, api_key: str) -> Identity:
    """Ask n8n with a key.

    Raises:
        UpstreamError: n8n does not answer, or does not know the key.
        EgressRefused: it may not be connected to.
    """
    with question("n8n", reach, {"X-N8N-API-KEY": api_key}, explain) as api:
        seen = {right: _sees(api, f"{API}{path}") for right, path in _LISTS.items()}
    granted = tuple(right for right, is_seen in seen.items() if is_seen)
    missing = tuple(right for right, is_seen in seen.items() if not is_seen)
    return Identity("API key of n8n", granted, missing)


def explain(document: Any) -> str:
    """n8n's own words about a refusal."""
    return str(document.get("message", "")) if isinstance(document, dict) else ""


def _sees(api: Upstream, path: str) -> bool:
    try:
        api.get(path, {"limit": 1})
    except UpstreamError as error:
        if error.kind == "insufficient_scopes":
            return False
        raise
    return True
