"""The catalogue over REST: what a person adds to it for himself or herself."""

from orch_app.domains.access.actor import COMMAND_LINE
from orch_app.domains.access.permissions import Role
from tests.api.conftest import MakeClient
from tests.domains.jobs.orders import sync_runbooks
from tests.systems.asgi import TestClient


def starred(script: TestClient) -> dict[str, bool]:
    return {one["name"]: one["favourite"] for one in script.get("/v1/runbooks").json()}


def test_a_favourite_is_put_and_taken_away_by_its_owner(database: str, make_client: MakeClient) -> None:
    sync_runbooks(COMMAND_LINE)
    viewer, operator = make_client(Role.VIEWER), make_client(Role.OPERATOR)
    for _ in range(2):
        assert viewer.put("/v1/runbooks/host_report/favourite").status_code == 204
    assert starred(viewer) == {"host_report": True, "connectivity_test": False}
    assert not any(starred(operator).values())
    assert viewer.get("/v1/runbooks/host_report").json()["favourite"] is True
    assert [one["name"] for one in viewer.get("/v1/runbooks?favourite=true").json()] == ["host_report"]
    assert [one["name"] for one in viewer.get("/v1/runbooks?favourite=false").json()] == ["connectivity_test"]
    for _ in range(2):
        assert viewer.delete("/v1/runbooks/host_report/favourite").status_code == 204
    assert not any(starred(viewer).values())
    assert viewer.put("/v1/runbooks/nothing/favourite").json()["code"] == "runbook_not_found"
