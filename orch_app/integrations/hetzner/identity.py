"""Whether Hetzner knows a token, and how many servers its project has. A token does not tell its name or whether it may
write; only writing would."""

from typing import Any

from orch_app.integrations.identity import Identity, question
from orch_app.kit.upstream import Reach


def look(reach: Reach, token: str) -> Identity:
    """Ask Hetzner about a token.

    Raises:
        UpstreamError: Hetzner does not answer, or does not know the token.
        EgressRefused: it may not be connected to.
    """
    with question("Hetzner Cloud", reach, {"Authorization": f"Bearer {token}"}, explain) as api:
        count = api.get("/servers", {"per_page": 1})["meta"]["pagination"]["total_entries"]
    return Identity(f"project with {count} server{'' if count == 1 else 's'}", granted=("Permissions: Read",))


def explain(document: Any) -> str:
    """Hetzner's own words about a refusal."""
    fault = document.get("error") if isinstance(document, dict) else None
    return str(fault.get("message", "")) if isinstance(fault, dict) else ""
