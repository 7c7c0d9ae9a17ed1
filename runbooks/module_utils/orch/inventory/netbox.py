"""Devices and virtual machines of NetBox as an inventory, read by the plugin `netbox.netbox.nb_inventory`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Mapping

from ansible.module_utils.orch.inventory.asking import Listing, Question, Unlisted
from ansible.module_utils.orch.inventory.faults import Fault
from ansible.module_utils.orch.inventory.remarks import Remarks
from ansible.module_utils.orch.upstream import Reach, Upstream, UpstreamError

PLUGIN = "netbox.netbox.nb_inventory"
NAMED, MARK = "orch_named", "orch_thing"
NEXT = {
    "auth_failed": "Make a new token for the user in NetBox under Admin > API tokens, and put it into the connection",
    "tls": "Give NetBox a certificate that this worker trusts, or switch off its check in the connection",
    "not_found": "Check the address of the connection: it is the one in the browser, without /api",
    "unreachable": "Check the address of the connection, and whether this worker may connect there",
}
_SECOND = "nbt_"
_DENIED = re.compile(r"Permission denied: \S+?/api/([a-z/-]+)")
_UNKNOWN = re.compile(r"Warning: (\S+) not in \[")
# The plugin asks a package for the time in a zone, which Python itself has had since 3.9.
_ZONES = "from zoneinfo import ZoneInfo as timezone\n"


class NetBoxApi(Upstream):
    """NetBox as an API. Its tokens of version 2 say so by how they begin."""

    def __init__(self, connection: Mapping[str, Any], reach: Reach) -> None:
        kind, value = scheme(str(connection["token"]))
        super().__init__("NetBox", str(connection["url"]), {"Authorization": f"{kind} {value}"}, reach)

    def explain(self, document: Any) -> str:
        """Its own words."""
        return str(document.get("detail", "")) if isinstance(document, dict) else ""


def scheme(token: str) -> tuple[str, str]:
    """The word before a token in the header, and the token."""
    return ("Bearer" if token.startswith(_SECOND) else "Token"), token


def question(connection: Mapping[str, Any], inputs: Mapping[str, Any], reach: Reach, folder: Path) -> Question:
    """The inventory of a NetBox; asks first whether it knows the token. Raises Fault."""
    _require_known(NetBoxApi(connection, reach))
    path, packages = folder / "netbox.yml", folder / "python"
    path.touch(mode=0o600)
    path.write_text(json.dumps(configuration(connection, inputs)), encoding="utf-8")
    packages.mkdir()
    (packages / "pytz.py").write_text(_ZONES, encoding="utf-8")
    return Question(path, (PLUGIN,), clean_names=True, packages=packages, secrets=(str(connection["token"]),))


def configuration(connection: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What the plugin is told. A device may lack a name, and two may share one: marks of ours tell them."""
    kind, value = scheme(str(connection["token"]))
    filters = [{one["name"]: one["value"]} for one in inputs["query_filters"]]
    chosen = {"site": inputs["sites"], "role": inputs["roles"], "tag": inputs["tags"]}
    filters += [{name: value} for name, values in chosen.items() for value in values]
    groups = inputs["group_by"]
    mark = {"key": "('vm' if is_virtual else 'device') ~ '_' ~ id", "prefix": MARK}
    return {
        "plugin": PLUGIN,
        "api_endpoint": str(connection["url"]).rstrip("/"),
        "token": {"type": kind, "value": value},
        "validate_certs": bool(connection.get("tlsVerify", True)),
        "follow_redirects": "none",
        "plurals": False,
        "services": False,
        "racks": "rack" in groups,
        "config_context": bool(inputs["config_context"]),
        "query_filters": filters,
        "group_by": groups,
        "compose": {NAMED: "(name or '') | length > 0"},
        "keyed_groups": [mark],
        "rename_variables": [{"pattern": "^(?!ansible_)(.*)$", "repl": r"netbox_\1"}],
        "strict": False,
        "cache": False,
    }


def understood(listing: Listing, remarks: Remarks) -> dict[str, Any]:
    """The document without our marks, and without what nobody could tell apart; raises Fault."""
    _require_complete(listing.said)
    document = listing.data
    marks = {name: document.pop(name) for name in list(document) if name.startswith(f"{MARK}_")}
    held = [host for body in marks.values() for host in body.get("hosts", ())]
    twins = {host for host in held if held.count(host) > 1} if len(held) > len(set(held)) else set()
    variables = document.get("_meta", {}).get("hostvars", {})
    unnamed = {host for host, own in variables.items() if not own.get(NAMED)}
    for host in sorted(twins):
        remarks.note("NetBox has this name more than once, and none of them is taken", f"host {host}")
    if unnamed:
        remarks.note("without a name they cannot be hosts, and are left out", f"{len(unnamed)} devices of NetBox")
    return _without(document, twins | unnamed, set(marks))


def _without(document: dict[str, Any], hosts: set[str], groups: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, body in document.items():
        if name == "_meta":
            variables = {host: _unmarked(own) for host, own in body["hostvars"].items() if host not in hosts}
            found[name] = {"hostvars": variables}
        else:
            members = [host for host in body.get("hosts", ()) if host not in hosts]
            children = [child for child in body.get("children", ()) if child not in groups]
            found[name] = {**body, "hosts": members, "children": children}
    return found


def _unmarked(variables: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in variables.items() if name != NAMED}


def explained(fault: Unlisted) -> Fault:
    """Why the plugin gave up, where it is known."""
    try:
        _require_complete(fault.said)
    except Fault as known:
        return known
    return fault


def _require_complete(said: str) -> None:
    """The plugin goes on without what it may not see, and without filters that it does not know; we do not."""
    denied = sorted({path.strip("/") for path in _DENIED.findall(said)})
    if denied:
        message = f"NetBox does not let the token's user see {', '.join(denied)}"
        raise Fault("insufficient_scopes", f"{message}. Give the user the permission to view them, then run it again")
    names = _UNKNOWN.findall(said)
    unknown = sorted({name for name in names if names.count(name) > 1})
    if unknown:
        raise Fault("validation", f"NetBox knows no filter {', '.join(unknown)}: change query_filters")


def _require_known(api: NetBoxApi) -> None:
    try:
        api.get("/api/status/")
    except UpstreamError as error:
        # Whoever is known may see the status: NetBox says 403 where others say 401.
        code = "auth_failed" if error.code == "insufficient_scopes" else error.code
        raise Fault(code, f"{error}. {NEXT.get(code, 'Run it again later')}") from None
