"""Groups of hosts over REST, as a script uses them."""

from typing import Any

import pytest

from orch_app.domains.access.permissions import Role
from tests.api.conftest import MakeClient
from tests.systems.asgi import TestClient

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def admin(make_client: MakeClient) -> TestClient:
    return make_client(Role.ADMIN)


def created(client: TestClient, path: str, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json={"environment": "stage", **body})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"{path}/{answer.json()['id']}"
    return answer.json()


def test_a_group_is_made_read_changed_and_removed(admin: TestClient) -> None:
    host = created(
        admin, "/v1/hosts", name="web-1", address="10.0.0.5", variables={"port": 80}, python="/opt/py/bin/py"
    )
    assert (host["variables"], host["python"], host["groups"]) == ({"port": 80}, "/opt/py/bin/py", [])
    assert (host["origin"], host["isTrustedText"]) == ("", False)
    made = created(admin, "/v1/host-groups", name="web", hosts=[host["id"]], variables={"tls": {"on": True}})
    assert (made["hosts"], made["hostCount"], made["children"]) == ([host["id"]], 1, [])
    path = f"/v1/host-groups/{made['id']}"
    read = admin.get(path)
    assert read.json() == made
    changed = admin.patch(path, json={"variables": {}}, headers={"If-Match": read.headers["ETag"]})
    assert (changed.status_code, changed.json()["variables"], changed.json()["version"]) == (200, {}, 2)
    stale = admin.patch(path, json={"name": "www"}, headers={"If-Match": read.headers["ETag"]})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    assert admin.get(f"/v1/hosts/{host['id']}").json()["groups"] == ["web"]
    assert admin.delete(path, headers={"If-Match": changed.headers["ETag"]}).status_code == 204
    assert (admin.get(path).status_code, admin.get(path).json()["code"]) == (404, "host_group_not_found")


def test_hosts_are_found_by_their_group_and_groups_by_a_part_of_their_name(admin: TestClient) -> None:
    ids = [created(admin, "/v1/hosts", name=name, address="10.0.0.5")["id"] for name in ("web-1", "db-1")]
    created(admin, "/v1/host-groups", name="webservers", hosts=ids[:1])
    created(admin, "/v1/host-groups", name="site", children=["webservers"], hosts=ids[1:])
    names = {
        group: [item["name"] for item in admin.get(f"/v1/hosts?group={group}").json()["items"]]
        for group in ("webservers", "site", "all", "nothing")
    }
    everyone = ["db-1", "web-1"]
    assert names == {"webservers": ["web-1"], "site": everyone, "all": everyone, "nothing": []}
    page = admin.get("/v1/host-groups?q=WEB&withTotal=true").json()
    assert ([item["name"] for item in page["items"]], page["total"]) == (["webservers"], 1)
    first = admin.get("/v1/host-groups?limit=1")
    assert ([item["name"] for item in first.json()["items"]], "Link" in first.headers) == (["site"], True)
    assert admin.get("/v1/hosts?group=a-b").status_code == 400


def test_each_fault_is_told_where_it_stands(admin: TestClient) -> None:
    body = {"environment": "stage", "children": ["nothing"], "variables": {"ok": 1, "ansible_user": "root"}}
    answer = admin.post("/v1/host-groups", json={"name": "web", **body})
    assert answer.status_code == 422
    told = {fault["pointer"]: (fault["code"], "detailPt" in fault) for fault in answer.json()["errors"]}
    expected = {"/children/0": ("group_not_found", True), "/variables/ansible_user": ("reserved", True)}
    assert told == expected
    bare = {"name": "web-1", "address": "10.0.0.5", "environment": "stage", "variables": {"orch": 1}}
    refused = admin.post("/v1/hosts", json=bare)
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/variables/orch"]
