"""The servers of a project of Hetzner Cloud as an inventory, read by the plugin `hetzner.hcloud.hcloud`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Mapping

from ansible.module_utils.orch.inventory.asking import Question
from ansible.module_utils.orch.inventory.faults import Fault
from ansible.module_utils.orch.upstream import Reach, UpstreamError
from ansible.module_utils.orch.vps.hetzner_api import HetznerApi, code_of

PLUGIN = "hetzner.hcloud.hcloud"
NEXT = {
    "auth_failed": "Make a new token in the project under Security > API tokens, and put it into the connection",
    "insufficient_scopes": "The token needs at least the permission Read",
    "unreachable": "Check the API address of the connection, and whether this worker may connect there",
}
_KEYS = {"location": "hcloud_location", "type": "hcloud_type", "image": "hcloud_image_name", "status": "hcloud_status"}


def question(connection: Mapping[str, Any], inputs: Mapping[str, Any], reach: Reach, folder: Path) -> Question:
    """The inventory of a project; asks first whether Hetzner knows the token. Raises Fault."""
    _require_known(connection, reach)
    path = folder / "hcloud.yml"
    path.touch(mode=0o600)
    path.write_text(json.dumps(configuration(connection, inputs)), encoding="utf-8")
    return Question(path, (PLUGIN,), clean_names=True, secrets=(str(connection["token"]),))


def configuration(connection: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What the plugin is told."""
    wanted = {name: inputs[name] for name in ("label_selector", "connect_with", "network") if inputs.get(name)}
    by_label = [{"key": f'hcloud_labels["{key}"]', "prefix": f"label_{key}"} for key in inputs["group_by_labels"]]
    groups = [{"key": _KEYS[name], "prefix": name} for name in inputs["group_by"]] + by_label
    access = {"api_token": connection["token"], "api_endpoint": str(connection["url"]).rstrip("/")}
    return {"plugin": PLUGIN, **access, **wanted, "keyed_groups": groups, "strict": False, "cache": False}


def labels(variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """A server's labels, from its variables."""
    return variables.get("hcloud_labels") or {}


def _require_known(connection: Mapping[str, Any], reach: Reach) -> None:
    try:
        HetznerApi(connection, reach).get("/locations", per_page=1)
    except UpstreamError as error:
        code = code_of(error)
        raise Fault(code, f"{error}. {NEXT.get(code, 'Run it again later')}") from None
