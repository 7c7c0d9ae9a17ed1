"""What NetBox publishes of the operations that an import uses, as its version 4.2.2 does.

The form is that of the OpenAPI document which NetBox serves at `/api/schema/`, and in which the inventory plugin looks
up the filters that it may use. Requests are judged by all parameters of that document (`netbox-4.2.2.json`, without its
prose; Apache License 2.0, NetBox's authors); `exclude` is told by NetBox's manual instead. Of the answers only what an
import looks at is written down.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from tests.systems.contracts import Contract

VERSION = "4.2.2"
PARAMETERS = Path(__file__).with_name(f"netbox-{VERSION}.json")
Node = dict[str, Any]
TEXT: Node = {"type": "string"}
NUMBER: Node = {"type": "integer"}
LISTS = {
    "dcim/devices": "Device",
    "virtualization/virtual-machines": "VirtualMachine",
    "dcim/sites": "Site",
    "dcim/regions": "Tree",
    "dcim/site-groups": "Tree",
    "dcim/locations": "Location",
    "dcim/device-roles": "Slugged",
    "dcim/device-types": "DeviceType",
    "dcim/manufacturers": "Slugged",
    "dcim/platforms": "Slugged",
    "dcim/racks": "Rack",
    "tenancy/tenants": "Slugged",
    "virtualization/clusters": "Cluster",
}
WITH_CONTEXT = ("/api/dcim/devices/", "/api/virtualization/virtual-machines/")
ONLY_IN_THE_MANUAL: dict[str, Node] = {"exclude": {"type": "string", "enum": ["config_context"]}}


def document() -> Node:
    """The document that NetBox serves, as far as it matters here."""
    paths = {f"/api/{name}/": {"get": _list(f"/api/{name}/", kind)} for name, kind in LISTS.items()}
    plain = {"200": {"description": "", "content": {"application/json": {"schema": {"type": "object"}}}}}
    for path in ("/api/status/", "/api/schema/"):
        paths[path] = {"get": {"parameters": _parameters(path), "responses": plain}}
    about = {"title": "NetBox REST API", "version": f"{VERSION} (4.2)"}
    return {"openapi": "3.0.3", "info": about, "paths": paths, "components": {"schemas": _schemas()}}


def judge() -> Contract:
    """Judges requests and answers by that document."""
    return Contract(document(), {})


def _list(path: str, kind: str) -> Node:
    page = {
        "type": "object",
        "required": ["count", "results"],
        "properties": {
            "count": NUMBER,
            "next": {"type": "string", "format": "uri", "nullable": True},
            "previous": {"type": "string", "format": "uri", "nullable": True},
            "results": {"type": "array", "items": {"$ref": f"#/components/schemas/{kind}"}},
        },
    }
    answer = {"description": "", "content": {"application/json": {"schema": page}}}
    return {"parameters": _parameters(path), "responses": {"200": answer}}


def _parameters(path: str) -> list[Node]:
    """What may be asked here."""
    more = ONLY_IN_THE_MANUAL if path in WITH_CONTEXT else {}
    known = {**_published()[path], **more}
    return [{"in": "query", "name": name, "schema": schema} for name, schema in known.items()]


@cache
def _published() -> dict[str, dict[str, Node]]:
    return json.loads(PARAMETERS.read_text("utf-8"))


def _object(required: str, **properties: Node) -> Node:
    known = {"id": NUMBER, "url": {"type": "string", "format": "uri"}, "display": TEXT, **properties}
    return {"type": "object", "required": ["id", "url", "display", *required.split()], "properties": known}


def _maybe(kind: str) -> Node:
    return {"allOf": [{"$ref": f"#/components/schemas/{kind}"}], "nullable": True}


def _schemas() -> Node:
    slugged = {"name": TEXT, "slug": TEXT}
    status = {"type": "object", "properties": {"value": TEXT, "label": TEXT}}
    tags = {"type": "array", "items": {"$ref": "#/components/schemas/Slugged"}}
    free = {"type": "object", "additionalProperties": {}}
    of_both: Node = {
        "name": {"type": "string", "nullable": True},
        "status": status,
        "tags": tags,
        "custom_fields": free,
        "serial": TEXT,
        **{name: _maybe("Slugged") for name in ("tenant", "platform")},
        **{name: _maybe("IpAddress") for name in ("primary_ip", "primary_ip4", "primary_ip6")},
    }
    plain, typed = {"$ref": "#/components/schemas/Slugged"}, {"$ref": "#/components/schemas/DeviceType"}
    return {
        "Slugged": _object("name slug", **slugged),
        "IpAddress": _object("address", address=TEXT),
        "Tree": _object("name slug _depth", _depth=NUMBER, parent=_maybe("Slugged"), **slugged),
        "Site": _object(
            "name slug", region=_maybe("Slugged"), group=_maybe("Slugged"), facility=TEXT, **slugged,
            prefix_count=NUMBER,
            time_zone={"type": "string", "nullable": True},
        ),
        "Location": _object("name slug site _depth", site=plain, parent=_maybe("Slugged"), _depth=NUMBER, **slugged),
        "Rack": _object("name site", name=TEXT, site=plain, role=_maybe("Slugged")),
        "DeviceType": _object("manufacturer model slug", manufacturer=plain, model=TEXT, slug=TEXT),
        "Cluster": _object("name type", name=TEXT, type=plain, group=_maybe("Slugged")),
        "Device": _object("device_type role site", device_type=typed, role=plain, site=plain, **of_both),
        "VirtualMachine": _object("name", role=_maybe("Slugged"), site=_maybe("Slugged"), **of_both),
    }  # fmt: skip
