"""Webhooks over REST: kept by an admin, told by another system that never signed in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.access.permissions import Role
from orch_app.kit.settings import settings
from tests.api.conftest import MakeClient
from tests.domains.hooks.conftest import MAPPING, SCHEMA
from tests.domains.hooks.messages import Sent, github
from tests.domains.jobs.orders import sync_runbooks
from tests.domains.runbooks.folders import write_runbook
from tests.systems.asgi import TestClient
from tests.systems.product import bound_to

PUSH = {"ref": "refs/heads/main"}
NEW = {"name": "pushes", "provider": "github", "runbook": "deploy", "mapping": MAPPING}
JSON = {"content-type": "application/json"}


@pytest.fixture(autouse=True)
def _catalogue(database: str, tmp_path: Path) -> Iterator[None]:
    write_runbook(tmp_path / "runbooks", "deploy", schema=SCHEMA)
    with bound_to(settings().data_dir, settings().database_url, ORCH_RUNBOOKS_DIR=str(tmp_path / "runbooks")):
        sync_runbooks(COMMAND_LINE)
        yield


@pytest.fixture
def admin(make_client: MakeClient) -> TestClient:
    return make_client(Role.ADMIN)


def tell(client: TestClient, path: str, sent: Sent):
    return client.post(path, content=sent.body, headers=sent.headers | JSON)


def test_from_making_one_to_the_job_that_a_push_starts(admin: TestClient, client: TestClient) -> None:
    made = admin.post("/v1/webhooks", json=NEW)
    hook = made.json()
    assert (made.status_code, made.headers["Location"]) == (201, f"/v1/webhooks/{hook['id']}")
    secret = hook.pop("secret")
    assert admin.get(made.headers["Location"]).json() == hook
    told = tell(client, hook["path"], github(PUSH, secret=secret))
    assert (told.status_code, told.json()["outcome"], told.json()["isRepeat"]) == (202, "launched", False)
    job = admin.get(f"/v1/jobs/{told.json()['jobId']}").json()
    assert (job["trigger"], job["originId"], job["inputs"]["branch"]) == ("webhook", hook["id"], "main")
    again = tell(client, hook["path"], github(PUSH, secret=secret)).json()
    assert (again["isRepeat"], again["jobId"]) == (True, told.json()["jobId"])
    (delivery,) = admin.get(f"{made.headers['Location']}/deliveries").json()["items"]
    assert (delivery["deliveryKey"], delivery["repeats"], delivery["event"]) == ("guid-1", 1, "push")
    assert "replayKey" not in delivery
    renewed = admin.post(f"{made.headers['Location']}/secret").json()["secret"]
    assert tell(client, hook["path"], github(PUSH, secret=secret)).status_code == 401
    assert tell(client, hook["path"], github(PUSH, secret=renewed)).json()["isRepeat"] is True


def test_a_stranger_gets_one_answer_whatever_is_wrong(admin: TestClient, client: TestClient) -> None:
    path = admin.post("/v1/webhooks", json=NEW).json()["path"]
    answers = [
        tell(client, path, github(PUSH)),
        tell(client, "/v1/hooks/hok_01J9ZC5V0G3M5W6YQX4T2R8S7K", github(PUSH)),
        client.post(path),
    ]
    assert {(one.status_code, one.json()["code"], one.json()["detail"]) for one in answers} == {
        (401, "hook_refused", answers[0].json()["detail"])
    }


def test_what_is_too_large_or_no_json_is_refused_before_it_is_judged(admin: TestClient, client: TestClient) -> None:
    path = admin.post("/v1/webhooks", json=NEW).json()["path"]
    assert tell(client, path, Sent(b'"' + b"x" * (1 << 20) + b'"')).status_code == 413
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post(path, content=b"a=b", headers=form).status_code == 400


def test_one_is_changed_by_its_version_listed_and_removed(admin: TestClient) -> None:
    made = admin.post("/v1/webhooks", json=NEW)
    path = made.headers["Location"]
    changed = admin.patch(path, json={"events": ["push"]}, headers={"If-Match": made.headers["ETag"]})
    assert (changed.status_code, changed.json()["events"], changed.json()["version"]) == (200, ["push"], 2)
    assert admin.patch(path, json={"name": "x"}, headers={"If-Match": made.headers["ETag"]}).status_code == 412
    assert admin.post("/v1/webhooks", json=NEW).json()["code"] == "name_taken"
    assert [one["name"] for one in admin.get("/v1/webhooks?q=PUSH").json()["items"]] == ["pushes"]
    assert admin.delete(path).status_code == 204
    assert admin.get(path).json()["code"] == "hook_not_found"


def test_a_refused_secret_is_not_repeated(admin: TestClient) -> None:
    refused = admin.post("/v1/webhooks", json=NEW | {"secret": "tiny-secret"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"], "tiny" in refused.text) == (
        422,
        "/secret",
        False,
    )
