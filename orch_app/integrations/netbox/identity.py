"""What a token of NetBox may see. NetBox tells it of nobody: each list that an import reads is tried."""

from typing import Any

from orch_app.integrations.identity import Identity, question
from orch_app.kit.upstream import Reach, Upstream
from orch_app.kit.upstream_failures import UpstreamError

VIEWED = {
    "dcim.view_device": "/api/dcim/devices/",
    "virtualization.view_virtualmachine": "/api/virtualization/virtual-machines/",
    "dcim.view_site": "/api/dcim/sites/",
    "dcim.view_region": "/api/dcim/regions/",
    "dcim.view_sitegroup": "/api/dcim/site-groups/",
    "dcim.view_location": "/api/dcim/locations/",
    "dcim.view_devicerole": "/api/dcim/device-roles/",
    "dcim.view_devicetype": "/api/dcim/device-types/",
    "dcim.view_manufacturer": "/api/dcim/manufacturers/",
    "dcim.view_platform": "/api/dcim/platforms/",
    "tenancy.view_tenant": "/api/tenancy/tenants/",
    "virtualization.view_cluster": "/api/virtualization/clusters/",
}
"""Rights in NetBox's words, and where each is needed."""

_SECOND_VERSION = "nbt_"


def look(reach: Reach, token: str) -> Identity:
    """Ask NetBox with a token.

    Raises:
        UpstreamError: NetBox does not answer, or does not know the token.
        EgressRefused: it may not be connected to.
    """
    with question("NetBox", reach, {"Authorization": header(token)}, explain) as api:
        version = _version(api)
        seen = {right: _sees(api, path) for right, path in VIEWED.items()}
    granted = tuple(right for right, is_seen in seen.items() if is_seen)
    missing = tuple(right for right, is_seen in seen.items() if not is_seen)
    return Identity(f"token of NetBox {version}".strip(), granted, missing)


def header(token: str) -> str:
    """How a token is shown: those of version 2 begin with a mark of their own."""
    return f"{'Bearer' if token.startswith(_SECOND_VERSION) else 'Token'} {token}"


def explain(document: Any) -> str:
    """NetBox's own words about a refusal."""
    return str(document.get("detail", "")) if isinstance(document, dict) else ""


def _version(api: Upstream) -> str:
    """NetBox's own. Whoever is known may see it, so that 403 means here what 401 means elsewhere."""
    try:
        status = api.get("/api/status/")
    except UpstreamError as error:
        if error.kind == "insufficient_scopes":
            raise UpstreamError("auth_failed", error.detail, answered=error.answered) from error
        raise
    if not isinstance(status, dict) or "netbox-version" not in status:
        raise UpstreamError("validation", "What answers at this address is not NetBox.")
    return str(status["netbox-version"])


def _sees(api: Upstream, path: str) -> bool:
    try:
        api.get(path, {"limit": 1})
    except UpstreamError as error:
        if error.kind == "insufficient_scopes":
            return False
        raise
    return True
