"""Sources of runbooks over REST: added, fetched, looked at, trusted, and run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orch_app.domains.access.permissions import Role
from orch_app.domains.inventory import uses
from orch_app.domains.sources import syncing
from orch_app.domains.sources.connection_uses import find_uses
from orch_app.kit.settings import settings
from tests.api.conftest import MakeClient
from tests.domains.sources.files import runbook_files
from tests.systems.asgi import TestClient
from tests.systems.product import bound_to


@pytest.fixture
def folder(database: str, tmp_path: Path) -> Iterator[Path]:
    """A folder with one runbook, below which sources may lie."""
    place = tmp_path / "ops"
    for path, text in runbook_files().items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text)
    data = settings().data_dir
    variables = {"ORCH_SOURCE_FOLDERS": str(place), "ORCH_RUNBOOKS_DIR": str(tmp_path / "none")}
    (data / "inner").mkdir()
    if database == "sqlite":
        (data / "orch.db").rename(data / "inner" / "orch.db")
    with bound_to(data / "inner", settings().database_url, **variables):
        yield place


@pytest.fixture
def admin(folder: Path, make_client: MakeClient) -> TestClient:
    return make_client(Role.ADMIN)


def test_from_the_folder_to_a_job(admin: TestClient, folder: Path) -> None:
    made = admin.post("/v1/sources", json={"name": "ops", "kind": "folder", "path": str(folder)})
    assert (made.status_code, made.json()["state"], made.json()["newest"]) == (201, "new", None)
    path = made.headers["Location"]
    assert admin.post(f"{path}/sync").status_code == 202
    syncing.sync_all_due()
    waiting = admin.get(path).json()
    edition = waiting["newest"]
    assert (waiting["state"], edition["runbooks"]) == (
        "waiting",
        [{"name": "greet", "version": "1.2.3", "reason": ""}],
    )
    assert admin.post("/v1/runbooks/greet/execute", json={"inputs": {}}).status_code == 404
    diff = admin.get(f"{path}/editions/{edition['id']}/diff").json()
    assert (diff["trustedId"], diff["truncated"], {one["change"] for one in diff["files"]}) == (None, False, {"added"})
    trusted = admin.post(f"{path}/editions/{edition['id']}/trust")
    assert (trusted.status_code, trusted.json()["added"]) == (200, ["greet"])
    assert admin.get(path).json()["trusted"]["trustedBy"] == "admin@example.com"
    assert admin.get("/v1/runbooks/greet").json()["sourceId"] == made.json()["id"]
    assert admin.post("/v1/runbooks/greet/execute", json={"inputs": {}}).status_code == 202
    assert [one["id"] for one in admin.get(f"{path}/editions?withTotal=1").json()["items"]] == [edition["id"]]


def test_it_is_changed_by_its_version_listed_and_removed(admin: TestClient, folder: Path) -> None:
    body = {"name": "ops", "kind": "folder", "path": str(folder)}
    path = admin.post("/v1/sources", json=body).headers["Location"]
    stale = admin.get(path).headers["ETag"]
    changed = admin.patch(path, json={"everyMin": 15}, headers={"If-Match": stale})
    assert (changed.status_code, changed.json()["everyMin"], changed.json()["version"]) == (200, 15, 2)
    assert admin.patch(path, json={"name": "x"}, headers={"If-Match": stale}).status_code == 412
    assert admin.post("/v1/sources", json=body).json()["code"] == "name_taken"
    assert [one["name"] for one in admin.get("/v1/sources?q=OP&withTotal=1").json()["items"]] == ["ops"]
    assert admin.get("/v1/sources?q=nothing").json()["items"] == []
    assert admin.delete(path, headers={"If-Match": changed.headers["ETag"]}).status_code == 204
    assert admin.get(path).json()["code"] == "source_not_found"


def test_a_folder_that_is_not_allowed_is_422_at_its_field(admin: TestClient) -> None:
    refused = admin.post("/v1/sources", json={"name": "x", "kind": "folder", "path": "/etc"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/path")
    assert admin.post("/v1/sources", json={"name": "x", "kind": "git", "ref": "main"}).status_code == 422


def test_a_connection_that_a_source_uses_is_not_removed(admin: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uses, "_finders", [find_uses])
    payload = {"url": "https://git.example.org/team/ops.git"}
    body = {"type": "git", "name": "repo", "environment": "stage", "payload": payload}
    connection = admin.post("/v1/connections", json=body).json()
    new = {"name": "ops", "kind": "git", "connectionId": connection["id"], "ref": "main"}
    made = admin.post("/v1/sources", json=new)
    assert made.status_code == 201, made.text
    refused = admin.delete(f"/v1/connections/{connection['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "connection_in_use")
    assert "source ops" in refused.json()["errors"][0]["detail"]
