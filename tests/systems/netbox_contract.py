"""What NetBox publishes of the operations that an import uses, written down for its version 4.2: names and types only.

The form is that of the OpenAPI document which NetBox serves at `/api/schema/`, and in which the inventory plugin looks
up the filters that it may use. `exclude` is told by NetBox's manual instead.
"""

from collections.abc import Iterator
from typing import Any

from tests.systems.contracts import Contract

VERSION = "4.2.2"
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
BOTH = (
    *("cluster_group", "name", "platform", "q", "region", "role", "serial", "site", "site_group", "status", "tag"),
    *("tenant", "tenant_group", "region__n", "role__n", "site__n", "status__n", "tag__n", "tenant__n", "name__ic"),
)
FILTERS = {
    "dcim/devices": (*BOTH, "asset_tag", "device_type", "manufacturer", "model", "rack_id", "virtual_chassis_id"),
    "virtualization/virtual-machines": (*BOTH, "cluster", "cluster_type", "device", "disk", "memory"),
}


def document() -> Node:
    """The document that NetBox serves, as far as it matters here."""
    paths = {f"/api/{name}/": {"get": _list(name, kind)} for name, kind in LISTS.items()}
    asked = [_parameter("format", {"type": "string", "enum": ["json", "yaml"]})]
    plain = {"200": {"description": "", "content": {"application/json": {"schema": {"type": "object"}}}}}
    paths["/api/status/"] = {"get": {"parameters": [], "responses": plain}}
    paths["/api/schema/"] = {"get": {"parameters": asked, "responses": plain}}
    about = {"title": "NetBox REST API", "version": f"{VERSION} (4.2)"}
    return {"openapi": "3.0.3", "info": about, "paths": paths, "components": {"schemas": _schemas()}}


def judge() -> Contract:
    """Judges requests and answers by that document."""
    return Contract(document(), {})


def _list(name: str, kind: str) -> Node:
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
    return {"parameters": list(_parameters(name)), "responses": {"200": answer}}


def _parameters(name: str) -> Iterator[Node]:
    yield _parameter("limit", NUMBER)
    yield _parameter("offset", NUMBER)
    if name in FILTERS:
        yield _parameter("has_primary_ip", {"type": "boolean"})
        yield _parameter("exclude", {"type": "string", "enum": ["config_context"]})
    yield from (_parameter(one, {"type": "array", "items": TEXT}) for one in FILTERS.get(name, ()))


def _parameter(name: str, schema: Node) -> Node:
    return {"in": "query", "name": name, "schema": schema}


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
