"""Whose token it is, and whether it sees zones and their DNS records. Nothing is changed, so a right to change is known
only where Cloudflare says so itself."""

from typing import Any

from orch_app.integrations.identity import Identity, question
from orch_app.kit.upstream import Reach, Upstream
from orch_app.kit.upstream_failures import UpstreamError

READ_ZONES, EDIT_RECORDS = "Zone / Zone: Read", "Zone / DNS: Edit"
_EDIT = "#dns_records:edit"
_NAMED = 3
_SHOWN_OF_ID = 8


def look(reach: Reach, token: str) -> Identity:
    """Ask Cloudflare about a token.

    Raises:
        UpstreamError: Cloudflare does not answer, or does not know the token.
        EgressRefused: it may not be connected to.
    """
    with question("Cloudflare", reach, {"Authorization": f"Bearer {token}"}, explain) as api:
        who, refusal = _who(api)
        try:
            zones = api.get("/zones", {"per_page": 50})
        except UpstreamError as error:
            if refusal:
                raise refusal from None
            if error.kind == "insufficient_scopes":
                return Identity(who, missing=(READ_ZONES, EDIT_RECORDS))
            raise
        return _judged(api, who, zones)


def explain(document: Any) -> str:
    """Cloudflare's own words about a refusal."""
    faults = document.get("errors") if isinstance(document, dict) else None
    return "; ".join(str(fault.get("message", "")) for fault in faults or [] if isinstance(fault, dict))


def _who(api: Upstream) -> tuple[str, UpstreamError | None]:
    """The token as Cloudflare calls it; a token of an account is unknown here and may be good all the same."""
    try:
        token = api.get("/user/tokens/verify")["result"]
    except UpstreamError as error:
        if error.kind not in {"auth_failed", "validation", "insufficient_scopes"}:
            raise
        return "token of an account", UpstreamError("auth_failed", error.detail, answered=error.answered)
    if token["status"] != "active":
        raise UpstreamError("auth_failed", f"Cloudflare says that the token is {token['status']}.")
    return f"token {token['id'][:_SHOWN_OF_ID]}", None


def _judged(api: Upstream, who: str, answer: dict[str, Any]) -> Identity:
    zones = answer["result"]
    if not zones:
        return Identity(f"{who}, no zone", missing=(READ_ZONES,))
    count = (answer.get("result_info") or {}).get("total_count", len(zones))
    names = ", ".join(zone["name"] for zone in zones[:_NAMED]) + (", ..." if count > _NAMED else "")
    who = f"{who}, {count} zone{'' if count == 1 else 's'}: {names}"
    told = zones[0].get("permissions")
    may_edit = _EDIT in told if told else _sees_records(api, zones[0]["id"])
    if not may_edit:
        return Identity(who, granted=(READ_ZONES,), missing=(EDIT_RECORDS,))
    return Identity(who, granted=(READ_ZONES, EDIT_RECORDS) if told else (READ_ZONES, "Zone / DNS: Read"))


def _sees_records(api: Upstream, zone: str) -> bool:
    try:
        api.get(f"/zones/{zone}/dns_records", {"per_page": 5})
    except UpstreamError as error:
        if error.kind == "insufficient_scopes":
            return False
        raise
    return True
