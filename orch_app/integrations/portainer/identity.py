"""Whose access token it is, and which environments its user may see."""

from orch_app.integrations.identity import Identity, question
from orch_app.integrations.portainer.server import Portainer, explain
from orch_app.kit.upstream import Reach, Upstream
from orch_app.kit.upstream_failures import UpstreamError

ACCESS = "Environment access: Operator"
_ADMIN = 1
_NAMED = 3


def look(reach: Reach, key: str) -> Identity:
    """Ask Portainer about an access token.

    Raises:
        UpstreamError: Portainer does not answer, or does not know the token.
        EgressRefused: it may not be connected to.
    """
    with question("Portainer", reach, {"X-API-KEY": key}, explain) as api:
        server = Portainer(api)
        names = [endpoint.name for endpoint in server.endpoints()]
        who = f"{_user(api)}, Portainer {server.version()}"
    shown = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
    if not names:
        return Identity(who, missing=(ACCESS,))
    return Identity(f"{who}, {len(names)} environment{'' if len(names) == 1 else 's'}: {shown}")


def _user(api: Upstream) -> str:
    """The token's user; older servers do not tell."""
    try:
        user = api.get("/api/users/me")
    except UpstreamError as error:
        if error.kind == "not_found":
            return "a user"
        raise
    return f"{user['Username']}{' (administrator)' if user.get('Role') == _ADMIN else ''}"
