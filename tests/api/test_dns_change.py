"""A change of DNS from the form to the way back, over REST alone: one orders, another agrees, the plays are real."""

from collections.abc import Iterator
from typing import Any

import pytest

from orch_app.domains.access.actor import Actor
from orch_app.domains.access.permissions import Role
from orch_app.domains.jobs.run import run_job
from orch_app.kit.queue import install_bell
from tests.api.conftest import MakeClient
from tests.domains.jobs.orders import sync_runbooks
from tests.systems.asgi import TestClient
from tests.systems.cloudflare import TOKEN, Cloudflare, Zone, cloudflare

pytestmark = pytest.mark.integration  # every play is a real one
DNS = "/v1/runbooks/cloudflare_dns_bulk"
WWW = {"type": "A", "name": "www.example.com", "content": "192.0.2.1"}


@pytest.fixture
def server(sqlite: None, admin: Actor) -> Iterator[Cloudflare]:
    """Cloudflare's double, and the product with its own runbooks; a worker is called where one is wanted."""
    install_bell(lambda _name, _payload: None, lambda: True)
    sync_runbooks(admin)
    with cloudflare() as running:
        yield running


@pytest.fixture
def asker(server: Cloudflare, make_client: MakeClient) -> TestClient:
    return make_client(Role.OPERATOR)


@pytest.fixture
def boss(server: Cloudflare, make_client: MakeClient) -> TestClient:
    return make_client(Role.ADMIN)


def order_for(boss: TestClient, server: Cloudflare, zone: Zone) -> dict[str, Any]:
    """One record changed and one made, in production."""
    payload = {"apiToken": TOKEN, "url": server.url}
    new = {"type": "cloudflare", "name": "dns", "environment": "prod", "payload": payload}
    connection = boss.post("/v1/connections", json=new).json()["id"]
    changed = {**WWW, "content": "192.0.2.2", "on_conflict": "replace"}
    made = {"type": "TXT", "name": "new", "content": "x"}
    inputs = {"zone_id": zone.id, "records": [changed, made]}
    return {"environment": "prod", "connections": {"cloudflare": connection}, "inputs": inputs}


def ran(client: TestClient, answer: Any) -> dict[str, Any]:
    """The job of a launch after a worker took it, if it could be taken."""
    assert answer.status_code == 202, answer.text
    run_job(answer.json()["jobId"])
    return client.get(answer.json()["statusUrl"]).json()


def agreed(asker: TestClient, boss: TestClient, answer: Any, plan: str) -> dict[str, Any]:
    """The same, once the other person has agreed to this plan; neither a worker nor the asker gets past that."""
    waiting = ran(asker, answer)
    told = [waiting["approval"][name] for name in ("wanted", "planSha256")]
    assert (waiting["phase"], told) == ("awaiting_approval", ["required_other_person", plan])
    path, body = f"/v1/jobs/{waiting['id']}/approve", {"reason": "as agreed", "planSha256": plan}
    assert asker.post(path, json=body).status_code == 403
    assert boss.post(path, json=body).status_code == 200
    job = ran(asker, answer)
    assert job["approval"]["decidedBy"] != job["createdBy"]
    return job


def test_a_change_is_seen_agreed_to_made_so_and_taken_back(
    server: Cloudflare, asker: TestClient, boss: TestClient
) -> None:
    zone = server.add_zone("example.com", WWW)
    order, before = order_for(boss, server, zone), zone.texts()

    assert asker.get(DNS).json()["form"][0]["choices"] == {"source": "cloudflare.zones"}
    (offered,) = asker.post(f"{DNS}/choices/zone_id", json={**order, "q": "exam"}).json()["items"]
    assert (offered["value"], offered["label"]) == (zone.id, "example.com")
    nowhere = asker.post(f"{DNS}/preview", json={**order, "inputs": {**order["inputs"], "zone_id": "0" * 32}})
    assert [(one["pointer"], one["code"]) for one in nowhere.json()["errors"]] == [("/zone_id", "choice")]
    assert asker.post(f"{DNS}/execute", json=order).json()["code"] == "plan_required"

    seen = ran(asker, asker.post(f"{DNS}/preview", json=order))
    assert (seen["status"], seen["mode"], server.writes, zone.texts()) == ("SUCCESS", "preview", 0, before), seen
    plan = asker.get(f"/v1/jobs/{seen['id']}/artifacts/plan.json").json()
    assert sorted((item["action"], item["kind"]) for item in plan["items"]) == [("create", "TXT"), ("update", "A")]

    apply = {**order, "expectPlan": seen["planSha256"]}
    done = agreed(asker, boss, asker.post(f"{DNS}/execute", json=apply), seen["planSha256"])
    assert (done["status"], done["planSha256"]) == ("SUCCESS", seen["planSha256"]), done
    assert zone.texts() == ["A www.example.com 192.0.2.2", 'TXT new.example.com "x"']
    assert (server.counted()["POST batch"], server.calls[-1][0]) == (1, "GET"), "and looked at again"

    path = f"/v1/jobs/{done['id']}/rollback"
    shown = ran(asker, asker.post(path, json={"preview": True}))
    assert (shown["status"], server.counted()["POST batch"]) == ("SUCCESS", 1), shown
    undone = agreed(asker, boss, asker.post(path, json={"expectPlan": shown["planSha256"]}), shown["planSha256"])
    assert (undone["status"], undone["rollbackOf"], zone.texts()) == ("SUCCESS", done["id"], before), undone

    (www,) = zone.records.values()
    www["content"] = "192.0.2.9"
    stale = agreed(asker, boss, asker.post(f"{DNS}/execute", json=apply), seen["planSha256"])
    assert (stale["status"], stale["reason"], server.counted()["POST batch"]) == ("ERROR", "stale_plan", 2), stale
